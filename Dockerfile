# Qiban. One image for all roles: `serve`, `setup` and every other subcommand of `qiban`. See docs/DEPLOY.md.
#
#   docker build --tag qiban .
#   docker build --tag qiban --build-arg PIP_INDEX_URL=<your mirror of PyPI> .
#
# torch comes from PyTorch's own index of CPU builds (PyPI's is the CUDA build, several GB); TORCH_INDEX_URL names a
# mirror of it. No model is downloaded: it is unpacked from one of the packages while the image is built.

FROM python:3.11-slim-bookworm AS packages
ARG PIP_INDEX_URL
ARG TORCH_INDEX_URL=https://download.pytorch.org/whl/cpu
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements.lock ./
RUN pip install --no-deps --index-url "$TORCH_INDEX_URL" "$(grep '^torch==' requirements.lock)"
RUN pip install --requirement requirements.lock && pip check

FROM packages AS model
COPY core core
COPY search search
RUN python -c "from pathlib import Path; from search import prepare; prepare(Path('/app/model'))"

FROM python:3.11-slim-bookworm
# LibreOffice reads .doc, .wps, .rtf and .xls (about 450 MB); without it (OFFICE=0) such files are refused with a word on
# what to do.
ARG OFFICE=1
RUN if [ "$OFFICE" = 1 ]; then apt-get update \
 && apt-get install --yes --no-install-recommends libreoffice-writer-nogui libreoffice-calc-nogui \
 && rm -rf /var/lib/apt/lists/*; fi
RUN groupadd --gid 10001 qiban \
 && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin qiban \
 && install --directory --owner=qiban --group=qiban --mode=0750 /data
COPY --from=packages /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONUTF8=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HOME=/data/huggingface \
    QIBAN_DATA_DIR=/data \
    QIBAN_MODEL_DIR=/app/model
WORKDIR /app
# What .dockerignore lets through: the packages with their data files, nothing of the machine's own.
COPY . ./
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --editable . \
 && python -m compileall -q . \
 && chmod -R a+rX,go-w .
COPY --from=model /app/model /app/model

VOLUME /data
USER 10001:10001
EXPOSE 8000
# Without the proxies of the environment: they are for the way out.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["qiban"]
CMD ["serve", "--host", "0.0.0.0"]
