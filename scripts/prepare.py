#!/usr/bin/env python3
"""Make `.venv` ready: the virtual environment with the locked packages and the `qiban` command.

Run by the system's Python (`make` does it), standard library only. It may be run at any time and from any state: what
is right stays, what is missing, damaged or of another version is repaired, and what cannot be repaired is built anew.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import errno
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

OLDEST = (3, 11)
# PyPI's torch for Linux is the CUDA build, several GB with its libraries. PyTorch's own index has the CPU build.
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PROBE_SECONDS = 3.0
NEEDED_BYTES = 3 * 1024**3
# These would send the packages somewhere else than into .venv.
DIVERTING = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_DRY_RUN", "PYTHONHOME", "PYTHONPATH")
PIN = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)==([0-9][A-Za-z0-9.!]*)")
NETWORK = re.compile(
    r"NewConnectionError|ConnectTimeoutError|ReadTimeoutError|NameResolutionError|name resolution"
    r"|Name or service not known|Max retries exceeded|ProxyError|SSLError|IncompleteRead|ProtocolError"
    r"|Connection (?:reset|aborted|broken|refused)|Network is unreachable|timed out|from versions: none"
)
BROKEN_OFF = re.compile(r"IncompleteRead|ProtocolError|ReadTimeoutError|Connection (?:reset|aborted|broken)")


class SetupError(Exception):
    """What the user has to know and do; ends the script with exit code 1."""


class UnclearError(SetupError):
    """pip failed for a reason of its own: a fresh environment may help."""


def say(text: str = "") -> None:
    print(text, flush=True)


def note(text: str) -> None:
    say(f"[prepare] {text}")


# --- What should be there -------------------------------------------------------------------------------------------


def canonical(name: str) -> str:
    """The name of a distribution as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def public(version: str) -> str:
    """A version without its local part: 2.13.0+cpu is 2.13.0."""
    return version.partition("+")[0]


def read_lock(path: Path) -> dict[str, str]:
    """The pins of a lock file, name to version. Raises SetupError for a line that is no plain `name==version`."""
    pins: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SetupError(f"{path.name} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        match = PIN.fullmatch(text)
        if match is None:
            raise SetupError(f"{path.name} line {number}: {text!r} is not name==version")
        pins[canonical(match.group(1))] = match.group(2)
    return pins


def digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def project_part(pyproject: Path) -> dict[str, object]:
    """What of pyproject.toml the editable installation depends on."""
    import tomllib

    try:
        data = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SetupError(f"pyproject.toml cannot be read: {error}") from error
    project = data.get("project", {})
    return {
        "build": data.get("build-system"),
        "project": {key: project.get(key) for key in ("name", "version", "scripts", "entry-points", "dependencies")},
        "setuptools": data.get("tool", {}).get("setuptools"),
    }


@dataclass(frozen=True)
class Wanted:
    """The target state: what is pinned, and what the stamp has to say."""

    root: Path
    base: dict[str, str]
    extra: dict[str, str]
    project: dict[str, object]
    dev: bool

    @classmethod
    def read(cls, root: Path, dev: bool) -> Wanted:
        base, extra = read_lock(root / "requirements.lock"), read_lock(root / "requirements-dev.lock")
        return cls(root, base, extra, project_part(root / "pyproject.toml"), dev)

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def stamp(self) -> Path:
        return self.venv / ".qiban-ready"

    @property
    def name(self) -> str:
        project = self.project["project"]
        return canonical(str(project["name"])) if isinstance(project, dict) else "qiban"

    @property
    def pins(self) -> dict[str, str]:
        return {**self.base, **self.extra} if self.dev else self.base

    @property
    def locks(self) -> list[str]:
        return ["requirements.lock", "requirements-dev.lock"] if self.dev else ["requirements.lock"]

    def marks(self, python: str) -> dict[str, str]:
        """The part of the stamp that is compared. The place counts: scripts in `bin` hold the absolute path."""
        marks = {"place": str(self.venv), "python": python, "project": digest(self.project), "base": digest(self.base)}
        return {**marks, "dev": digest(self.extra)} if self.dev else marks


# --- What is there --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Interpreter:
    python: str
    site: Path


def interpreter(venv: Path) -> Interpreter | str:
    """Run the environment's Python and ask where it lives; a text says what is wrong with it."""
    code = (
        "import json, sys, sysconfig; print(json.dumps([sys.prefix, sys.base_prefix, sysconfig.get_path('purelib'),"
        " sys.implementation.cache_tag + ' ' + sysconfig.get_platform(), list(sys.version_info[:2])]))"
    )
    command = [str(venv / "bin" / "python"), "-I", "-c", code]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"its Python does not run ({error.__class__.__name__})"
    try:
        prefix, base, site, python, version = json.loads(done.stdout)
    except ValueError:
        return "its Python does not run"
    if prefix == base or not os.path.isdir(prefix) or not os.path.samefile(prefix, venv):
        return "its Python is not its own (pyvenv.cfg is damaged)"
    if tuple(version) < OLDEST:
        return f"its Python is {version[0]}.{version[1]}"
    if not os.path.isdir(site):
        return f"{os.path.relpath(site, venv)} is not there (was Python upgraded?)"
    return Interpreter(python, Path(site))


@dataclass(frozen=True)
class Installed:
    version: str
    folder: Path


def inventory(site: Path) -> dict[str, list[Installed]]:
    """The distributions under a site-packages folder, by the names of their `.dist-info` folders."""
    found: dict[str, list[Installed]] = {}
    for entry in sorted(os.listdir(site)):
        stem, suffix = os.path.splitext(entry)
        name, dash, version = stem.rpartition("-")
        if suffix == ".dist-info" and dash and not entry.startswith("~"):
            found.setdefault(canonical(name), []).append(Installed(version, site / entry))
    return found


def damage(installed: Installed) -> str | None:
    """The first file of a distribution that is not there or not of the recorded size."""
    site = installed.folder.parent
    rows = 0
    try:
        with open(installed.folder / "RECORD", encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                path, _, size = row
                rows += 1
                if path.endswith(".pyc"):  # made when needed
                    continue
                real = os.stat(f"{site}/{path}").st_size
                if size and real != int(size):
                    return path
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.filename and not str(error.filename).endswith("RECORD"):
            return os.path.relpath(error.filename, site)
        return f"{installed.folder.name}/RECORD"
    return None if rows else f"{installed.folder.name}/RECORD"


@dataclass
class Findings:
    """What is wrong with an environment. `rebuild` is a reason to build it from scratch."""

    rebuild: str = ""
    missing: list[str] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)
    stale: str = ""

    def __bool__(self) -> bool:
        return bool(self.rebuild or self.missing or self.wrong or self.damaged or self.stale)

    def lines(self) -> list[str]:
        if self.rebuild:
            return [self.rebuild]
        lines = []
        if self.missing:
            lines.append(f"missing: {shorten(self.missing)}")
        if self.wrong:
            lines.append(f"another version: {shorten([f'{name} ({text})' for name, text in self.wrong.items()])}")
        if self.damaged:
            lines.append(f"damaged: {shorten([f'{name} ({text})' for name, text in self.damaged.items()])}")
        if self.stale:
            lines.append(self.stale)
        return lines


def shorten(names: Sequence[str], most: int = 6) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def read_stamp(path: Path) -> dict[str, object]:
    try:
        stamp = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def examine(wanted: Wanted) -> Findings:
    """Compare the environment with the target state, without importing anything of it."""
    if not wanted.venv.is_dir():
        return Findings(rebuild=".venv is not a folder" if os.path.lexists(wanted.venv) else "there is no .venv yet")
    alive = interpreter(wanted.venv)
    if isinstance(alive, str):
        return Findings(rebuild=f".venv: {alive}")
    there = inventory(alive.site)
    if "pip" not in there or any(damage(one) for one in there["pip"]):
        return Findings(rebuild=".venv: its pip is missing or damaged")
    stamp = read_stamp(wanted.stamp)
    if stamp.get("place", str(wanted.venv)) != str(wanted.venv):
        return Findings(rebuild=f".venv was made for another place ({stamp['place']})")
    findings = Findings()
    for name, version in {**wanted.pins, wanted.name: ""}.items():
        copies = there.get(name, [])
        if not copies:
            findings.missing.append(name)
        elif len(copies) > 1:
            findings.damaged[name] = "installed twice"
        elif version and public(copies[0].version) != version:
            findings.wrong[name] = f"{copies[0].version} instead of {version}"
        elif spoilt := damage(copies[0]):
            findings.damaged[name] = spoilt
    marks = wanted.marks(alive.python)
    if not stamp:
        findings.stale = "the set-up was not finished"
    elif changed := [key for key, value in marks.items() if stamp.get(key) != value]:
        what = {"base": "requirements.lock", "dev": "requirements-dev.lock", "project": "pyproject.toml"}
        names = [what.get(key, key) for key in changed]
        findings.stale = f"new since the last set-up: {', '.join(names)}"
    return findings


# --- Running pip ----------------------------------------------------------------------------------------------------


class Progress:
    """One line that tells how far a long step is: rewritten in a terminal, every ten seconds elsewhere."""

    def __init__(self, label: str) -> None:
        self.label, self.started = label, time.monotonic()
        self.live = sys.stdout.isatty()
        self.next = self.started + (0.0 if self.live else 10.0)

    def show(self, text: str) -> None:
        now = time.monotonic()
        if now < self.next:
            return
        self.next = now + (0.25 if self.live else 10.0)
        line = f"[prepare] {self.label}: {text} ({now - self.started:.0f} s)"
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            print("\r\033[K" + line[:width], end="", flush=True)
        else:
            say(line)

    def end(self, text: str) -> None:
        if self.live:
            print("\r\033[K", end="")
        note(f"{self.label}: {text} ({time.monotonic() - self.started:.0f} s)")


class PipLog:
    """Reads pip's output and knows in a few words what pip is doing."""

    def __init__(self, count: int, site: Path | None) -> None:
        self.count, self.site, self.lines = count, site, [""]
        self.seen: set[str] = set()
        self.doing = "starting"

    def read(self, line: str) -> None:
        text = line.strip()
        if match := re.match(r"Progress (\d+) of (\d+)", text):
            done, total = int(match.group(1)), max(1, int(match.group(2)))
            self.doing = re.sub(r"( \d+%)?$", f" {100 * done // total}%", self.doing)
            return
        self.lines.append(line.rstrip())
        if match := re.match(r"(?:Collecting|Requirement already satisfied:) ([A-Za-z0-9._-]+)", text):
            self.seen.add(canonical(match.group(1)))
            self.doing = match.group(1)
        elif match := re.match(r"(?:Downloading|Using cached|Processing) (\S+)(?: \(([0-9.]+ [kMG]?B)\))?", text):
            file, size = match.group(1).rpartition("/")[2].replace("%2B", "+"), match.group(2)
            self.doing = "-".join(file.split("-")[:2]) + (f" ({size})" if size else "")
        elif text.startswith("Installing collected packages"):
            self.doing = "unpacking"

    def words(self) -> str:
        if self.doing == "unpacking" and self.site is not None and self.count:
            with contextlib.suppress(OSError):
                done = len(inventory(self.site))
                return f"unpacking, {min(done, self.count)} of {self.count}"
        return f"{min(len(self.seen), self.count)} of {self.count}, {self.doing}" if self.count else self.doing


def pip_environment() -> dict[str, str]:
    """The user's own environment and pip settings, less what would put the packages elsewhere."""
    environment = {key: value for key, value in os.environ.items() if key not in DIVERTING}
    return {
        **environment,
        "PIP_USER": "0",
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PYTHONUTF8": "1",
    }


@dataclass
class Pip:
    """pip of an environment. Its whole output goes to a log file; the user sees one line of progress."""

    python: Path
    root: Path
    log: Path
    held: tuple[int, ...] = ()

    def run(self, label: str, arguments: Sequence[str], count: int = 0, site: Path | None = None) -> tuple[int, str]:
        return self.follow([str(self.python), "-I", "-m", "pip", *arguments], Progress(label), PipLog(count, site))

    def follow(
        self, command: Sequence[str], progress: Progress, reader: PipLog, may_fail: bool = False
    ) -> tuple[int, str]:
        # The lock goes along: should this script be killed, the next one waits until pip has ended too.
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            cwd=self.root,
            env=pip_environment(),
            pass_fds=self.held,
        ) as process:
            output = process.stdout
            assert output is not None

            def read() -> None:
                for line in output:
                    reader.read(line)

            thread = threading.Thread(target=read, daemon=True)
            thread.start()
            while thread.is_alive():
                thread.join(0.2)
                progress.show(reader.words())
            code = process.wait()
        text = "\n".join(reader.lines)
        with self.log.open("a", encoding="utf-8") as file:
            file.write(f"$ {' '.join(command)}{text}\nexit code {code}\n\n")
        progress.end("done" if code == 0 or may_fail else f"failed, exit code {code}")
        return code, text

    def must(self, label: str, arguments: Sequence[str], count: int = 0, site: Path | None = None) -> None:
        """Run pip; a download that broke off is tried again, any other failure is explained."""
        for again in (True, True, False):
            code, text = self.run(label, arguments, count, site)
            if code == 0:
                return
            if not (again and BROKEN_OFF.search(text)):
                raise explain(text, self.log)
            note("the connection broke off; trying again in 5 s (what was downloaded is kept)")
            time.sleep(5)

    def compile(self, site: Path) -> None:
        """Compile what was installed, on all cores and without the packages' own tests: pip takes twice as long."""
        tests = r"[/\\]tests?[/\\]"
        command = [str(self.python), "-I", "-m", "compileall", "-q", "-j", "0", "-x", tests, str(site)]
        reader = PipLog(0, None)
        reader.doing = "at work"
        # Some packages hold templates that are no valid Python: whatever was not compiled is compiled when imported.
        self.follow(command, Progress("compiling"), reader, may_fail=True)

    def version(self) -> tuple[int, ...]:
        command = [str(self.python), "-I", "-c", "import pip; print(pip.__version__)"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return tuple(int(part) for part in re.findall(r"\d+", done.stdout)[:2])


def explain(output: str, log: Path) -> SetupError:
    """What a failed pip means for the user, in English and Chinese."""
    kind = SetupError
    errors = [line for line in output.splitlines() if re.match(r"\s*(ERROR|error|OSError)", line)]
    told = "\n".join(f"    {line.strip()[:300]}" for line in (errors or output.splitlines())[-4:])
    if "No space left on device" in output or "Disk quota exceeded" in output:
        what = (
            "The disk is full. Qiban needs about 3 GB here, and the temporary folder (TMPDIR) some 300 MB.\n"
            "磁盘空间不足：此处约需 3 GB，临时目录（TMPDIR）约需 300 MB。"
        )
    elif NETWORK.search(output):
        what = (
            "The packages could not be downloaded. Check the network or the proxy (HTTPS_PROXY), or name a mirror:\n"
            "软件包下载失败。请检查网络或代理（HTTPS_PROXY），或指定镜像：\n"
            "    PIP_INDEX_URL=<address of a PyPI mirror 镜像地址> make run\n"
            "Then run it again; it goes on where it stopped. 重新运行即可，会接着上次的进度继续。"
        )
    elif "No matching distribution found" in output:
        what = (
            "The package index has no version that fits: a mirror that lags behind, or a Python without packages yet\n"
            f"(this is {platform.python_version()}). Name another index (PIP_INDEX_URL) or Python (PYTHON).\n"
            "软件源中没有合适的版本：请用 PIP_INDEX_URL 换一个镜像，或用 PYTHON=python3.11 换一个 Python。"
        )
    elif "Permission denied" in output or "Errno 13" in output:
        what = (
            "Files here belong to someone else (was make run with sudo?). Make them yours, then run it again.\n"
            "文件属于其他用户（是否用过 sudo？）。请改回文件属主后重试。"
        )
    else:
        kind, what = UnclearError, "Installing the packages failed. 安装软件包失败。"
    return kind(f"{what}\n{told}\n    (all of it: {log})")


# --- The CPU build of torch -----------------------------------------------------------------------------------------


def reached(address: str, seconds: float = PROBE_SECONDS) -> bool:
    """Whether a web address answers in time; name resolution counts, which urllib's own timeout does not cover."""
    answers: list[bool] = []

    def ask() -> None:
        request = urllib.request.Request(address, method="HEAD")  # noqa: S310
        with contextlib.suppress(OSError, ValueError), urllib.request.urlopen(request, timeout=seconds) as reply:  # noqa: S310
            answers.append(reply.status < 400)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return bool(answers and answers[0])


def is_cuda(name: str) -> bool:
    return canonical(name) == "triton" or canonical(name).startswith(("nvidia-", "cuda-"))


def needs_cuda(report: str) -> bool:
    """Whether the torch in pip's report (`--report`) brings CUDA libraries along on this machine."""
    try:
        requirements = json.loads(report)["install"][0]["metadata"].get("requires_dist", [])
    except (ValueError, LookupError):
        return False
    for requirement in requirements:
        name, _, marker = requirement.partition(";")
        elsewhere = "platform_machine" in marker and platform.machine() not in marker
        if is_cuda(re.split(r"[^A-Za-z0-9._-]", name.strip())[0]) and "extra ==" not in marker and not elsewhere:
            return True
    return False


def cpu_index(pip: Pip, pins: dict[str, str]) -> list[str]:
    """pip's arguments that make torch the CPU build. Raises SetupError where only the CUDA build can be had."""
    if "torch" not in pins or not sys.platform.startswith("linux") or os.environ.get("ALLOW_CUDA"):
        return []
    if reached(f"{CPU_INDEX}/torch/"):
        note("torch comes from PyTorch's index of CPU builds")
        return ["--extra-index-url", CPU_INDEX]
    # Not reached: fine where another source (a folder of wheels, a mirror) has the CPU build. pip tells beforehand.
    report = pip.log.with_name("torch-report.json")
    ask = ["install", "--dry-run", "--no-deps", "--ignore-installed", "--report", str(report)]
    pip.must("looking for torch's CPU build", [*ask, f"torch=={pins['torch']}"])
    if needs_cuda(report.read_text(encoding="utf-8")):
        raise SetupError(
            f"PyTorch's index of CPU builds ({CPU_INDEX}) cannot be reached, and the other sources only have\n"
            "torch with CUDA, several GB. Either name a mirror of that index, or accept the large download:\n"
            "无法访问 PyTorch 的 CPU 软件源，其他源只有带 CUDA 的版本（数 GB）。请指定该源的镜像，或接受大文件下载：\n"
            "    PIP_EXTRA_INDEX_URL=<address of a mirror 镜像地址> make run\n"
            "    ALLOW_CUDA=1 make run"
        )
    return []


# --- Making and repairing -------------------------------------------------------------------------------------------


def remove(path: Path) -> None:
    """Remove a file, a link or a folder; of a link to a folder only what is in it (it may lead to a larger disk)."""
    try:
        if path.is_symlink() and path.is_dir():
            for child in path.iterdir():
                remove(child)
        elif path.is_symlink() or path.is_file():
            path.unlink()
        elif path.is_dir():
            shutil.rmtree(path)
        elif os.path.lexists(path):
            path.unlink()
    except OSError as error:
        raise SetupError(
            f"{error.filename or path} cannot be removed: {error.strerror}. Remove .venv by hand, then run it again.\n"
            "无法删除，请手动删除 .venv 后重试。"
        ) from error


def base_python() -> str:
    """The Python that environments are made from: never one inside an environment that may have to go."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def make_venv(wanted: Wanted) -> None:
    """Build the environment from scratch, with pip in it."""
    python = base_python()
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise SetupError(
            f"This Python ({python}) has no venv or ensurepip module: the system keeps it in a package of its own.\n"
            "此 Python 缺少 venv/ensurepip 模块，请先安装：\n"
            f"    Debian, Ubuntu:  sudo apt-get install python{version}-venv   (or 或 python3-venv)\n"
            "    others 其他:     a Python from python.org, or PYTHON=/path/to/python make run"
        )
    remove(wanted.venv)
    progress = Progress("virtual environment .venv")
    done = subprocess.run(
        [python, "-m", "venv", "--prompt", "qiban", str(wanted.venv)],
        capture_output=True,
        text=True,
        env=pip_environment(),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode != 0:
        raise SetupError(
            "The virtual environment could not be made. 无法创建虚拟环境。\n"
            + (done.stdout + done.stderr).strip()[-2000:]
        )
    progress.end("made")


def relink(wanted: Wanted) -> bool:
    """Give an environment whose Python is gone (the system's was updated, say) a new one of the same minor version."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    if not (wanted.venv / "lib" / version / "site-packages").is_dir() or isinstance(
        interpreter(wanted.venv), Interpreter
    ):
        return False
    for link in (wanted.venv / "bin").glob("python*"):
        remove(link)
    command = [base_python(), "-m", "venv", "--without-pip", "--prompt", "qiban", str(wanted.venv)]
    done = subprocess.run(command, capture_output=True, env=pip_environment(), stdin=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def tidy(wanted: Wanted, site: Path, findings: Findings) -> None:
    """Take away what would keep pip from installing properly: half-removed folders, damaged or doubled records."""
    for entry in os.listdir(site):
        if entry.startswith("~"):  # an interrupted pip leaves these
            remove(site / entry)
    there = inventory(site)
    for name in findings.damaged:
        for copy in there.get(name, []):
            remove(copy.folder)


def install(wanted: Wanted, pip: Pip, site: Path, kept: Sequence[str] = ()) -> None:
    """Bring the locked packages and the project itself into the environment; `kept`: the names of an earlier lock."""
    pins = wanted.pins
    there = inventory(site)
    if gone := sorted(set(kept) & set(there) - {*wanted.base, *wanted.extra, "pip", wanted.name}):
        pip.must(f"removing {shorten(gone)}", ["uninstall", "--yes", *gone])
    versions = {name: [public(copy.version) for copy in copies] for name, copies in there.items()}
    absent = [name for name, version in pins.items() if versions.get(name) != [version]]
    many = len(absent) > len(pins) // 4
    if absent:
        index = cpu_index(pip, pins) if "torch" in absent else []
        arguments = ["install", "--progress-bar", "raw" if pip.version() >= (24, 1) else "off", *index]
        if many:
            arguments.append("--no-compile")
        for lock in wanted.locks:
            arguments += ["--requirement", lock]
        some = f"{len(absent)} of {len(pins)} packages" if len(absent) < len(pins) else f"{len(pins)} packages"
        note(f"installing {some}" + (" (about 450 MB to fetch, 2 GB on disk)" if many else ""))
        pip.must("packages", arguments, len(pins), site)
        if index and (cuda := [name for name in inventory(site) if is_cuda(name)]):
            note(f"WARNING: CUDA libraries came along though the CPU build was asked for: {shorten(sorted(cuda))}")
    if many or (pins and not wanted.stamp.exists()):  # without a stamp, the last run may have ended before this
        pip.compile(site)
    pip.must("qiban itself", ["install", "--no-deps", "--no-build-isolation", "--editable", "."])


def write_stamp(wanted: Wanted, python: str) -> None:
    old = read_stamp(wanted.stamp)
    stamp: dict[str, object] = {**wanted.marks(python), "names": sorted({*wanted.base, *wanted.extra})}
    if not wanted.dev and "dev" in old:
        stamp["dev"] = old["dev"]
    fresh = wanted.stamp.with_name(wanted.stamp.name + ".new")
    fresh.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    os.replace(fresh, wanted.stamp)


def repair(wanted: Wanted, findings: Findings, held: tuple[int, ...]) -> None:
    """One attempt to reach the target state."""
    log = wanted.root / ".cache" / "setup.log"
    remove(log)
    if findings.rebuild:
        free = shutil.disk_usage(wanted.root).free
        if free < NEEDED_BYTES and wanted.base:
            note(f"WARNING: only {free / 1024**3:.1f} GB free on this disk; about 3 GB are needed 磁盘空间可能不足")
        make_venv(wanted)
    alive = interpreter(wanted.venv)
    if isinstance(alive, str):
        raise SetupError(f"The new virtual environment does not work: {alive}")
    stamp = read_stamp(wanted.stamp)
    names = stamp.get("names")
    tidy(wanted, alive.site, findings)
    install(
        wanted,
        Pip(wanted.python, wanted.root, log, held),
        alive.site,
        [str(name) for name in names] if isinstance(names, list) else [],
    )
    write_stamp(wanted, alive.python)


def prepare(wanted: Wanted, held: tuple[int, ...] = ()) -> None:
    """Reach the target state: repair first, build anew where that is not enough."""
    started = time.monotonic()
    findings = examine(wanted)
    if not findings:
        note(f".venv is ready ({time.monotonic() - started:.1f} s)")
        return
    for line in findings.lines():
        note(line)
    if findings.rebuild and relink(wanted):
        note("its Python was linked anew")
        findings = examine(wanted)
        for line in findings.lines():
            note(line)
    first = bool(findings.rebuild)
    try:
        if findings:
            repair(wanted, findings, held)
        left = examine(wanted)
    except UnclearError as trouble:
        if first:
            raise
        left = Findings(rebuild=str(trouble))
    if left and not first:
        note("repairing was not enough; building .venv anew")
        for line in left.lines():
            note(line)
        repair(wanted, Findings(rebuild="again"), held)
        left = examine(wanted)
    if left:
        raise SetupError("The environment is still not as it should be:\n" + "\n".join(left.lines()))
    note(f".venv is ready ({time.monotonic() - started:.0f} s)")


# --- The command ----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def alone(path: Path) -> Iterator[tuple[int, ...]]:
    """Only one at a time: a second `make` waits for the first."""
    import fcntl

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a", encoding="ascii")
    except OSError as error:
        raise SetupError(f"{path} cannot be written: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note("another make is at work here; waiting for it 另一个 make 正在运行，请稍候")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield (file.fileno(),)


def check_port(text: str) -> None:
    """Raise SetupError where nothing can listen on this port of 127.0.0.1."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise SetupError(f"PORT={text} is not a port number (1 to 65535). 端口号无效。")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", int(text)))
            listener.listen()
        except OSError as error:
            if error.errno == errno.EACCES:
                raise SetupError(
                    f"Port {text} needs more rights: take one above 1023. 端口 {text} 无权使用。"
                ) from error
            other = int(text) + 1 if int(text) < 65535 else 8000
            raise SetupError(
                f"Port {text} is already in use{' by a Qiban that is running' if qiban_answers(text) else ''}. "
                f"Stop what runs there, or take another: make run PORT={other}\n"
                f"端口 {text} 已被占用。请先停止占用它的程序，或换一个端口：make run PORT={other}"
            ) from error


def qiban_answers(port: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with (
        contextlib.suppress(OSError, ValueError),
        opener.open(f"http://127.0.0.1:{port}/api/v1/openapi.json", timeout=1) as reply,
    ):
        return b"iban" in reply.read(4096)
    return False


def check_python() -> None:
    if sys.version_info < OLDEST:
        raise SetupError(
            f"Qiban needs Python 3.11 or newer; {sys.executable} is {platform.python_version()}.\n"
            f"需要 Python 3.11 或更高版本，当前为 {platform.python_version()}。\n"
            "    make run PYTHON=/path/to/python3.11"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Make .venv ready (built, repaired or left alone, as it needs).")
    parser.add_argument("--dev", action="store_true", help="with the packages for tests and checks")
    parser.add_argument("--port", help="first make sure that this port is free")
    options = parser.parse_args(arguments)
    root = Path(__file__).resolve().parent.parent
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        check_python()
        if options.port is not None:
            check_port(options.port)
        if Path(sys.prefix).resolve() == (root / ".venv").resolve() and sys.executable != base_python():
            # Started from an activated .venv, which may have to be rebuilt: go on outside it.
            os.execv(base_python(), [base_python(), str(Path(__file__).resolve()), *(arguments or sys.argv[1:])])  # noqa: S606
        with alone(root / ".cache" / "setup.lock") as held:
            prepare(Wanted.read(root, options.dev), held)
    except SetupError as trouble:
        say()
        print(f"[prepare] {trouble}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        say("\n[prepare] interrupted; run it again and it goes on where it stopped 已中断，重新运行即可继续")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
