# Qiban. Needs Python 3.11 or newer and make; everything else comes with `make run`.
#
#   make run [PORT=8000]     PYTHON=/path/to/python3.11 names another Python
#   pip's own settings (PIP_INDEX_URL for a mirror, HTTPS_PROXY, pip.conf) hold here too. torch comes as the CPU build;
#   ALLOW_CUDA=1 takes whatever build the index has.

PORT ?= 8000
PYTHON ?=
BUDGET ?= 0

# Whatever the caller's Python looks like, .venv has its own.
unexport PYTHONPATH
unexport PYTHONHOME

# Runs the Python that is named, or else the first one of 3.11 or newer; asks each, because some are there in name only.
pythons = $(if $(PYTHON),"$(PYTHON)",python3 python3.11 python3.12 python3.13 python3.14 python)
find_python = for python in $(pythons); do \
	  answer=$$("$$python" -c 'import sys; print(sys.version_info >= (3, 11))' 2>/dev/null </dev/null) || answer=; \
	  if [ "$$answer" = True ]; then break; fi; python=; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Qiban needs Python 3.11 or newer, and none was found. Install one, or name it: make run PYTHON=/path/to/python3.11" >&2; \
	  echo "需要 Python 3.11 或更高版本，但未找到。请先安装，或指定路径：make run PYTHON=/path/to/python3.11" >&2; \
	  exit 1; \
	fi; "$$python"

.PHONY: help run setup venv venv-dev test test-long check lint lock clean distclean
.NOTPARALLEL:

help:
	@echo "make run [PORT=8000]  set everything up and start the service on http://127.0.0.1:PORT  安装并启动服务"
	@echo "make setup            only set up: packages, embedding model, database, built-in data   只安装不启动"
	@echo "make test             set up, checks and the whole test suite                           安装并运行全部测试"
	@echo "make test-long        the long tier of tests [BUDGET=seconds ends it in good order]     长时测试"
	@echo "make check            checks and the quick tests, no browser                            快速检查"
	@echo "make lint             style, types, architecture                                        代码检查"
	@echo "make lock             make the lock files anew from requirements*.in                    更新依赖锁定"
	@echo "make clean            remove caches                                                     清除缓存"
	@echo "make distclean        remove caches, .venv and the prepared model (never var/)          清除环境，保留 var/"
	@echo "Settings: see .env.example; PIP_INDEX_URL=... names a mirror of PyPI.  设置见 .env.example，可用 PIP_INDEX_URL 指定镜像。"

run:
	@$(find_python) scripts/prepare.py --port "$(PORT)"
	@.venv/bin/qiban setup
	@exec .venv/bin/qiban serve --host 127.0.0.1 --port "$(PORT)"

setup: venv
	@.venv/bin/qiban setup

venv:
	@$(find_python) scripts/prepare.py

venv-dev:
	@$(find_python) scripts/prepare.py --dev

test: venv-dev
	@.venv/bin/python scripts/suite.py test

test-long: venv-dev
	@.venv/bin/python scripts/suite.py long --budget "$(BUDGET)"

check: venv-dev
	@.venv/bin/python scripts/suite.py check

lint: venv-dev
	@.venv/bin/python scripts/suite.py lint

lock:
	@$(find_python) scripts/lock.py

clean:
	@find . \( -name .venv -o -name var -o -name .git -o -name node_modules \) -prune \
	  -o -type d -name __pycache__ -prune -exec rm -rf {} +
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .cache/tests build

distclean: clean
	@rm -rf .venv .cache *.egg-info
	@if [ -d var ]; then echo "var/ holds your data and is kept; remove it by hand if it may go. var/ 中是您的数据，已保留。"; fi
