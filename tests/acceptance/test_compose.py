"""The image and docker-compose.yml without Docker: their files are sound, and every service runs as it stands there.

Each service's command is started as a process with the environment that the file gives it. Only what names places is
changed: the database's address, the folders, the port.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
import yaml

from core.settings import CHECKOUT
from tests.acceptance.process import COMMAND, environment
from tests.conftest import MODEL_DIR, TODAY
from tests.telegram_server import TelegramServer

ROLES = ("api", "bot", "worker")
CHAT = 5005
START_SECONDS = 120
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?::(?P<kind>[-?])(?P<words>[^}]*))?\}")


class Missing(Exception):
    """A variable that the file requires is not set."""


def substituted(text: str, variables: Mapping[str, str]) -> str:
    """The text as compose fills it in: ${NAME}, ${NAME:-default}, ${NAME:?message}; an empty value is an unset one."""

    def value(found: re.Match[str]) -> str:
        given = variables.get(found["name"], "")
        if not given and found["kind"] == "?":
            raise Missing(found["name"])
        return given or (found["words"] or "" if found["kind"] == "-" else "")

    return _VARIABLE.sub(value, text)


def compose(**variables: str) -> Any:
    """docker-compose.yml as compose reads it: variables are filled into values, after the YAML has been read."""

    def filled(node: Any) -> Any:
        match node:
            case dict():
                return {key: filled(value) for key, value in node.items()}
            case list():
                return [filled(value) for value in node]
            case str():
                return substituted(node, variables)
        return node

    return filled(yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8")))


REQUIRED = {"POSTGRES_PASSWORD": "p@ss/w:rd#1", "QIBAN_SECRET_KEY": "a-secret-key-of-the-test"}


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions: keyword and the rest, continued lines joined."""
    lines = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    joined = "\n".join(line for line in lines if not line.startswith("#")).replace("\\\n", " ")
    return [
        (word.upper(), rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line)
    ]


def all_of(word: str) -> list[str]:
    return [rest for keyword, rest in instructions() if keyword == word]


def final_stage() -> list[tuple[str, str]]:
    found = instructions()
    return found[max(number for number, (word, _) in enumerate(found) if word == "FROM") :]


def let_through(path: str) -> bool:
    """Whether .dockerignore lets this file of the checkout into the build: the last rule that matches decides."""
    lines = (CHECKOUT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    through = True
    parts = path.split("/")
    for rule in (line for line in lines if line and not line.startswith("#")):
        pattern = rule.removeprefix("!")
        if pattern.startswith("**/"):
            matches = any(fnmatch(part, pattern[3:]) for part in parts)
        else:
            matches = fnmatch(parts[0], pattern)
        if matches:
            through = rule.startswith("!")
    return through


# The image


def test_the_image_runs_qiban_as_a_user_without_rights_and_holds_its_data_in_a_volume() -> None:
    final = dict(final_stage())
    assert json.loads(final["ENTRYPOINT"]) == ["qiban"]
    assert json.loads(final["CMD"])[:1] == ["serve"]
    assert final["USER"] == "10001:10001"
    assert final["EXPOSE"] == "8000"
    assert final["VOLUME"] == "/data"
    assert "QIBAN_DATA_DIR=/data" in final["ENV"]
    assert "QIBAN_MODEL_DIR=/app/model" in final["ENV"]
    words = [word for word, _ in final_stage()]
    assert words.index("USER") > max(number for number, word in enumerate(words) if word in ("RUN", "COPY"))


def test_what_the_image_copies_is_there_and_comes_through() -> None:
    stages = {rest.split(" AS ")[1] for rest in all_of("FROM") if " AS " in rest}
    for rest in all_of("COPY"):
        *sources, _ = [word for word in rest.split() if not word.startswith("--")]
        if origin := re.match(r"--from=(\S+)", rest):
            assert origin[1] in stages
            continue
        for source in sources:
            assert (CHECKOUT / source).exists(), source
            assert source == "." or let_through(source), source


def test_every_package_with_its_data_goes_into_the_image_and_nothing_of_the_machines_own() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    tops = {name.partition(".")[0] for name in project["tool"]["setuptools"]["packages"]}
    for top in tops:
        left_out = [
            path.relative_to(CHECKOUT).as_posix()
            for path in (CHECKOUT / top).rglob("*")
            if path.is_file()
            and "__pycache__" not in path.parts
            and not let_through(path.relative_to(CHECKOUT).as_posix())
        ]
        assert left_out == []
    for own in (
        ".env",
        ".git/config",
        ".venv/bin/python",
        ".cache/model/config.json",
        "var/qiban.db",
        "var/secret_key",
        "企业名单.xlsx",
        "tests/conftest.py",
        "docs/DEPLOY.md",
        "core/.env",
        "core/__pycache__/log.cpython-311.pyc",
        "docker-compose.override.yml",
    ):
        assert not let_through(own), own


def test_torch_is_the_cpu_build_of_the_lock_and_no_other_source_of_packages_is_named() -> None:
    text = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8")
    addresses = set(re.findall(r"https?://[^\s\"']+", text + (CHECKOUT / "docker-compose.yml").read_text("utf-8")))
    assert {address for address in addresses if "127.0.0.1" not in address} == {"https://download.pytorch.org/whl/cpu"}
    runs = all_of("RUN")
    torch = next(number for number, run in enumerate(runs) if "^torch==" in run)
    rest = next(number for number, run in enumerate(runs) if "--requirement requirements.lock" in run)
    assert torch < rest
    assert re.search(r"^torch==", (CHECKOUT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)


def test_no_secret_is_in_the_image_or_in_the_file() -> None:
    for keyword, rest in instructions():
        if keyword in ("ENV", "ARG"):
            assert not re.search(r"(PASSWORD|SECRET|TOKEN|_KEY)\w*=", rest), rest
    text = (CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8")
    for line in text.splitlines():
        if re.match(r"\s*\w*(PASSWORD|SECRET|TOKEN|KEY|PROXY|SMTP_URL)\w*:", line):
            assert re.search(r": \$\{[A-Z_]+:[-?][^}]*\}$", line), line


# The file


def test_passwords_and_the_key_must_be_given() -> None:
    for name in REQUIRED:
        with pytest.raises(Missing, match=name):
            compose(**{other: value for other, value in REQUIRED.items() if other != name})


def test_every_role_waits_for_the_database_and_its_migration_and_comes_back_after_a_fall() -> None:
    services = compose(**REQUIRED)["services"]
    assert set(services) == {"postgres", "migrate", *ROLES}
    for role in ROLES:
        assert services[role]["depends_on"] == {
            "postgres": {"condition": "service_healthy"},
            "migrate": {"condition": "service_completed_successfully"},
        }
        assert services[role]["restart"] == "unless-stopped"
        assert services[role]["healthcheck"]["test"][0] == "CMD"
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services["migrate"]["restart"] == "no"
    assert "healthcheck" in services["postgres"]


def test_the_services_share_data_database_and_key_and_only_one_has_a_port() -> None:
    whole = compose(**REQUIRED)
    services = whole["services"]
    ours = [services[name] for name in ("migrate", *ROLES)]
    assert all(service["environment"] == ours[0]["environment"] for service in ours)
    assert all(service["volumes"] == ["data:/data"] for service in ours)
    assert set(whole["volumes"]) == {"data", "postgres"}
    assert [name for name, service in services.items() if "ports" in service] == ["api"]
    assert services["api"]["ports"] == ["127.0.0.1:8000:8000"]
    given, server = ours[0]["environment"], services["postgres"]["environment"]
    address = urlsplit(given["QIBAN_DATABASE_URL"])
    assert (address.hostname, address.username, address.path) == ("postgres", server["POSTGRES_USER"], "/qiban")
    assert (address.password, given["PGPASSWORD"]) == (None, server["POSTGRES_PASSWORD"])
    assert server["POSTGRES_DB"] == "qiban"
    assert given["PGPASSWORD"] == REQUIRED["POSTGRES_PASSWORD"]


def test_the_services_have_no_rights_they_do_not_need() -> None:
    services = compose(**REQUIRED)["services"]
    for name in ("migrate", *ROLES):
        service = services[name]
        assert service["read_only"] is True
        assert service["tmpfs"] == ["/tmp"]
        assert service["cap_drop"] == ["ALL"]
        assert "privileged" not in service
    assert all("no-new-privileges:true" in service["security_opt"] for service in services.values())


def test_every_setting_of_env_example_can_be_set_and_comes_through() -> None:
    names = set(re.findall(r"^#?(QIBAN_[A-Z_]+)=", (CHECKOUT / ".env.example").read_text("utf-8"), re.MULTILINE))
    fixed = {"QIBAN_DATA_DIR", "QIBAN_MODEL_DIR", "QIBAN_DATABASE_URL"}
    values = {name: f"value of {name.lower()}" for name in names}
    given = compose(**values, POSTGRES_PASSWORD="x")["services"]["api"]["environment"]
    assert names - set(given) == set()
    assert {name: given[name] for name in names - fixed} == {name: values[name] for name in names - fixed}


def test_the_compose_variables_are_explained_in_env_example() -> None:
    text = (CHECKOUT / ".env.example").read_text(encoding="utf-8")
    used = {found["name"] for found in _VARIABLE.finditer((CHECKOUT / "docker-compose.yml").read_text("utf-8"))}
    assert {name for name in used if not re.search(rf"^#{name}=", text, re.MULTILINE)} == set()


# The services, run


@dataclass
class Running:
    """One service of the file as a process."""

    name: str
    log: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes] = field(repr=False)

    def text(self) -> str:
        return self.log.read_text("utf-8", "replace")


class Stack:
    """The services as docker-compose.yml has them, with places of the test's own instead of the container's."""

    def __init__(self, folder: Path, database_url: str, variables: Mapping[str, str]) -> None:
        self._folder = folder
        self._services = compose(**variables)["services"]
        self.port = _free_port()
        self._places = {
            "QIBAN_DATA_DIR": str(folder / "data"),
            "QIBAN_MODEL_DIR": str(MODEL_DIR),
            "QIBAN_DATABASE_URL": database_url,
        }

    def start(self, name: str) -> Running:
        """Start a service: the image's entry point and the service's command."""
        service = self._services[name]
        entry = json.loads(dict(final_stage())["ENTRYPOINT"])
        assert entry == ["qiban"]
        log = self._folder / f"{name}.log"
        given = environment({**service["environment"], **self._places})
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*COMMAND, *(self._here(word) for word in service["command"])],
                env=given,
                cwd=self._folder,
                stdout=output,
                stderr=output,
            )
        return Running(name, log, given, process)

    def is_healthy(self, running: Running) -> bool:
        """The service's health check, as it stands in the file."""
        kind, program, *words = self._services[running.name]["healthcheck"]["test"]
        assert (kind, program) == ("CMD", "python")
        command = [sys.executable, *(self._here(word) for word in words)]
        return (
            subprocess.run(command, env=running.environment, capture_output=True, timeout=30, check=False).returncode
            == 0
        )

    def _here(self, word: str) -> str:
        return re.sub(r"\b8000\b", str(self.port), word).replace("0.0.0.0", "127.0.0.1")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def empty_database(postgres_server: str) -> Iterator[str]:
    """The address of an empty PostgreSQL database: nothing has been migrated."""
    name = f"qiban_test_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield postgres_server.rpartition("/")[0] + f"/{name}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def until(true: Any, what: str, seconds: float = START_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def test_every_service_runs_as_it_stands_in_the_file(
    empty_database: str, prepared: Path, telegram: TelegramServer, tmp_path: Path
) -> None:
    """`migrate` ends well; a question over HTTP is answered; a message that `bot` takes in is answered by `worker`;
    each health check says so; each ends by itself when it is told to."""
    shutil.copytree(prepared / "index", tmp_path / "data" / "index")  # as after an earlier `up`: encoding takes long
    variables = {
        **REQUIRED,
        "QIBAN_TELEGRAM_TOKEN": telegram.token,
        "QIBAN_TELEGRAM_BASE_URL": telegram.base_url,
        "QIBAN_TODAY": TODAY.isoformat(),
    }
    stack = Stack(tmp_path, empty_database, variables)
    with ExitStack() as ending:
        migrate = stack.start("migrate")
        ending.callback(migrate.process.kill)
        assert migrate.process.wait(timeout=START_SECONDS) == 0, migrate.text()

        roles = {name: stack.start(name) for name in ROLES}
        for running in roles.values():
            ending.callback(running.process.kill)
        telegram.send_text(CHAT, "软件公司收入要求是多少")
        with httpx.Client(base_url=f"http://127.0.0.1:{stack.port}", trust_env=False, timeout=60) as client:
            until(lambda: _answers(client, "/healthz") or roles["api"].process.poll() is not None, "api does not start")
            assert roles["api"].process.poll() is None, roles["api"].text()
            until(lambda: client.get("/readyz").json()["status"] == "ready", "api is not ready")
            answer = client.post("/api/v1/questions", json={"text": "软件公司收入要求是多少"}).json()
            assert answer["status"] == "answered"
            assert "1000万元" in json.dumps(answer, ensure_ascii=False)
        [reply] = telegram.wait_for(CHAT, 1, timeout=START_SECONDS)
        assert "1000万元" in reply["text"]
        for running in roles.values():
            until(partial(stack.is_healthy, running), f"{running.name} is not healthy", 60)

        for running in roles.values():
            assert running.process.poll() is None, running.text()
            running.process.send_signal(signal.SIGTERM)
        codes = {name: running.process.wait(timeout=60) for name, running in roles.items()}
        assert codes == dict.fromkeys(ROLES, 0)
        assert not stack.is_healthy(roles["api"])
        assert len(telegram.sent(CHAT)) == 1
        logs = "".join(running.text() for running in (migrate, *roles.values()))
        for secret in (*REQUIRED.values(), telegram.token, "软件公司", str(CHAT)):
            assert secret not in logs


def _answers(client: httpx.Client, path: str) -> bool:
    try:
        return client.get(path).status_code == 200
    except httpx.TransportError:
        return False
