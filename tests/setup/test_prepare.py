"""`scripts/prepare.py`: it sees what is wrong with an environment, and makes it right."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

PYPROJECT = """
[build-system]
requires = ["setuptools"]
[project]
name = "qiban"
version = "0.1.0"
[project.scripts]
qiban = "qiban.cli:main"
[tool.setuptools]
packages = ["qiban"]
[tool.ruff]
line-length = {length}
"""
SYSTEM_PYTHON = str(getattr(sys, "_base_executable", sys.executable))


def add_distribution(site: Path, name: str, version: str, record: str | None = None) -> Path:
    """A distribution as pip leaves it: one module of ten bytes and its records."""
    module = f"{name}.py"
    (site / module).write_text("x = 12345\n", encoding="utf-8")
    folder = site / f"{name}-{version}.dist-info"
    folder.mkdir()
    text = f"{module},sha256=x,10\n__pycache__/{module}c,,\n{folder.name}/RECORD,,\n"
    (folder / "RECORD").write_text(text if record is None else record, encoding="utf-8")
    return folder


class Checkout:
    """A small checkout with a fake environment in which everything is right."""

    def __init__(self, root: Path, script: ModuleType) -> None:
        self.root, self.script = root, script
        self.lock("alpha==1.0\nbeta==2.5\n", "gamma==3.0\n")
        self.pyproject()
        self.venv = root / ".venv"
        version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        self.site = self.venv / "lib" / version / "site-packages"
        self.site.mkdir(parents=True)
        (self.venv / "bin").mkdir()
        self.python = self.venv / "bin" / "python"
        self.python.symlink_to(SYSTEM_PYTHON)
        home = Path(SYSTEM_PYTHON).resolve().parent
        (self.venv / "pyvenv.cfg").write_text(f"home = {home}\ninclude-system-site-packages = false\n")
        for name, number in (
            ("alpha", "1.0"),
            ("beta", "2.5+cpu"),
            ("gamma", "3.0"),
            ("pip", "25.0"),
            ("qiban", "0.1.0"),
        ):
            add_distribution(self.site, name, number)
        self.stamp(dev=True)

    def lock(self, base: str, dev: str) -> None:
        (self.root / "requirements.lock").write_text("# made\n" + base, encoding="utf-8")
        (self.root / "requirements-dev.lock").write_text(dev, encoding="utf-8")

    def pyproject(self, length: int = 100, text: str = PYPROJECT) -> None:
        (self.root / "pyproject.toml").write_text(text.replace("{length}", str(length)), encoding="utf-8")

    def stamp(self, dev: bool) -> None:
        alive = self.script.interpreter(self.venv)
        assert not isinstance(alive, str), alive
        self.script.write_stamp(self.wanted(dev), alive.python)

    def wanted(self, dev: bool = False) -> object:
        return self.script.Wanted.read(self.root, dev)

    def findings(self, dev: bool = False):  # type: ignore[no-untyped-def]
        return self.script.examine(self.wanted(dev))


@pytest.fixture
def checkout(tmp_path: Path, script: ModuleType) -> Checkout:
    root = tmp_path / "a check out"
    root.mkdir()
    return Checkout(root, script)


# --- What is seen ---------------------------------------------------------------------------------------------------


def test_a_right_environment_is_left_alone(checkout: Checkout) -> None:
    assert not checkout.findings()
    assert not checkout.findings(dev=True)


def test_no_environment(checkout: Checkout) -> None:
    shutil.rmtree(checkout.venv)
    assert "no .venv" in checkout.findings().rebuild


def test_a_file_in_its_place(checkout: Checkout) -> None:
    shutil.rmtree(checkout.venv)
    checkout.venv.touch()
    assert checkout.findings().rebuild


@pytest.mark.parametrize("content", [b"", b"\x7fELF\x02\x01\x01", b"#!/no/such/python\n"])
def test_an_interpreter_that_does_not_run(checkout: Checkout, content: bytes) -> None:
    checkout.python.unlink()
    checkout.python.write_bytes(content)
    checkout.python.chmod(0o755)
    assert "does not run" in checkout.findings().rebuild


def test_an_interpreter_whose_python_is_gone(checkout: Checkout) -> None:
    checkout.python.unlink()
    checkout.python.symlink_to("/no/such/python3")
    assert "does not run" in checkout.findings().rebuild


def test_an_environment_without_its_configuration(checkout: Checkout) -> None:
    (checkout.venv / "pyvenv.cfg").unlink()
    assert "not its own" in checkout.findings().rebuild


def test_python_was_upgraded_under_it(checkout: Checkout) -> None:
    (checkout.venv / "lib").rename(checkout.venv / "old")
    assert "upgraded" in checkout.findings().rebuild


def test_a_broken_pip(checkout: Checkout) -> None:
    (checkout.site / "pip.py").write_text("x", encoding="utf-8")
    assert "pip" in checkout.findings().rebuild
    shutil.rmtree(checkout.site / "pip-25.0.dist-info")
    assert "pip" in checkout.findings().rebuild


def test_a_moved_checkout(checkout: Checkout, script: ModuleType) -> None:
    moved = checkout.root.rename(checkout.root.with_name("moved"))
    assert "another place" in script.examine(script.Wanted.read(moved, False)).rebuild


def test_missing_packages(checkout: Checkout) -> None:
    shutil.rmtree(checkout.site / "beta-2.5+cpu.dist-info")
    shutil.rmtree(checkout.site / "gamma-3.0.dist-info")
    assert checkout.findings().missing == ["beta"]
    assert checkout.findings(dev=True).missing == ["beta", "gamma"]


def test_the_project_itself_is_missing(checkout: Checkout) -> None:
    shutil.rmtree(checkout.site / "qiban-0.1.0.dist-info")
    assert checkout.findings().missing == ["qiban"]


def test_another_version(checkout: Checkout) -> None:
    checkout.lock("alpha==1.1\nbeta==2.5\n", "gamma==3.0\n")
    assert checkout.findings().wrong == {"alpha": "1.0 instead of 1.1"}


def test_a_local_version_is_the_same_version(checkout: Checkout) -> None:
    assert "beta" not in checkout.findings().wrong


def test_a_file_is_gone(checkout: Checkout) -> None:
    (checkout.site / "alpha.py").unlink()
    assert checkout.findings().damaged == {"alpha": "alpha.py"}


def test_a_file_is_cut_short(checkout: Checkout) -> None:
    (checkout.site / "alpha.py").write_text("x =", encoding="utf-8")
    assert checkout.findings().damaged == {"alpha": "alpha.py"}


def test_compiled_files_do_not_count(checkout: Checkout) -> None:
    assert not (checkout.site / "__pycache__").exists()
    assert not checkout.findings()


@pytest.mark.parametrize("record", ["", "alpha.py,sha256=x,", "alpha.py\n", "alpha.py,sha256=x,ten\n", "\0\n"])
def test_a_record_that_says_nothing(checkout: Checkout, record: str) -> None:
    (checkout.site / "alpha-1.0.dist-info" / "RECORD").write_text(record, encoding="utf-8")
    findings = checkout.findings()
    # A row cut off within the size is still a row; everything else is damage.
    assert bool(findings.damaged) == (record != "alpha.py,sha256=x,")


def test_a_record_that_is_gone(checkout: Checkout) -> None:
    (checkout.site / "alpha-1.0.dist-info" / "RECORD").unlink()
    assert checkout.findings().damaged == {"alpha": "alpha-1.0.dist-info/RECORD"}


def test_installed_twice(checkout: Checkout) -> None:
    add_distribution(checkout.site, "alpha", "0.9")
    assert checkout.findings().damaged == {"alpha": "installed twice"}


def test_no_stamp(checkout: Checkout) -> None:
    (checkout.venv / ".qiban-ready").unlink()
    assert "not finished" in checkout.findings().stale


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "\x00"])
def test_a_damaged_stamp(checkout: Checkout, text: str) -> None:
    (checkout.venv / ".qiban-ready").write_text(text, encoding="utf-8")
    assert checkout.findings().stale


@pytest.mark.parametrize("mark", ["python", "project", "base"])
def test_a_wrong_stamp(checkout: Checkout, mark: str) -> None:
    path = checkout.venv / ".qiban-ready"
    path.write_text(json.dumps({**json.loads(path.read_text()), mark: "other"}), encoding="utf-8")
    assert checkout.findings().stale


def test_the_dev_packages_are_asked_for_only_with_dev(checkout: Checkout) -> None:
    (checkout.venv / ".qiban-ready").unlink()
    checkout.stamp(dev=False)
    assert not checkout.findings()
    assert "requirements-dev.lock" in checkout.findings(dev=True).stale


def test_a_later_run_without_dev_forgets_nothing(checkout: Checkout) -> None:
    checkout.stamp(dev=False)
    assert not checkout.findings(dev=True)


def test_what_of_pyproject_counts(checkout: Checkout) -> None:
    checkout.pyproject(length=120)
    assert not checkout.findings()
    checkout.pyproject(text=PYPROJECT.replace('["qiban"]', '["qiban", "core"]'))
    assert "pyproject.toml" in checkout.findings().stale


def test_a_comment_in_a_lock_does_not_count(checkout: Checkout) -> None:
    checkout.lock("# another\nbeta==2.5  # cpu\nAlpha==1.0\n", "gamma==3.0\n")
    assert not checkout.findings(dev=True)


@pytest.mark.parametrize("line", ["alpha", "alpha>=1", "alpha==1.0+cpu", "-r other.txt", "alpha==1.0 --hash=sha256:0"])
def test_a_lock_line_that_is_no_pin(script: ModuleType, tmp_path: Path, line: str) -> None:
    (tmp_path / "x.lock").write_text(f"beta==1\n{line}\n", encoding="utf-8")
    with pytest.raises(script.SetupError, match="line 2"):
        script.read_lock(tmp_path / "x.lock")


# --- What is done about it ------------------------------------------------------------------------------------------


def bare_checkout(root: Path) -> Path:
    """A checkout that needs nothing from a package index: empty locks, and a project that builds itself."""
    root.mkdir()
    (root / "scripts").mkdir()
    source = Path(__file__).resolve().parents[2] / "scripts" / "prepare.py"
    shutil.copy(source, root / "scripts")
    for name in ("requirements.lock", "requirements-dev.lock"):
        (root / name).touch()
    backend = "\n".join(
        [
            "import zipfile",
            "def build_editable(wheel_directory, config_settings=None, metadata_directory=None):",
            "    name = 'tiny-1.0-py3-none-any.whl'",
            "    with zipfile.ZipFile(f'{wheel_directory}/{name}', 'w') as wheel:",
            "        wheel.writestr('tiny-1.0.dist-info/METADATA',",
            "            'Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n')",
            "        wheel.writestr('tiny-1.0.dist-info/WHEEL',",
            "            'Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')",
            "        wheel.writestr('tiny.py', 'x = 1\\n')",
            "        wheel.writestr('tiny-1.0.dist-info/RECORD', '')",
            "    return name",
        ]
    )
    (root / "backend.py").write_text(backend, encoding="utf-8")
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "tiny"\nversion = "1.0"\n',
        encoding="utf-8",
    )
    return root


def run_script(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SYSTEM_PYTHON, str(root / "scripts" / "prepare.py"), *arguments],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **environment},
        check=False,
    )


def imports(root: Path, *modules: str) -> bool:
    command = [str(root / ".venv" / "bin" / "python"), "-c", f"import {', '.join(modules)}"]
    return subprocess.run(command, cwd=root.parent, check=False).returncode == 0


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = bare_checkout(tmp_path_factory.mktemp("built") / "with a blank 企伴")
    done = run_script(root)
    assert done.returncode == 0, done.stdout + done.stderr
    return root


def test_built_from_nothing_then_left_alone(built: Path) -> None:
    assert imports(built, "tiny")
    before = (built / ".venv" / ".qiban-ready").stat().st_mtime_ns
    began = time.monotonic()
    done = run_script(built)
    assert done.returncode == 0
    assert "is ready" in done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert (built / ".venv" / ".qiban-ready").stat().st_mtime_ns == before
    assert time.monotonic() - began < 5  # some 0.2 s on an idle machine


def spoil_interpreter(venv: Path) -> None:
    for name in os.listdir(venv / "bin"):
        if name.startswith("python"):
            (venv / "bin" / name).unlink()
    (venv / "bin" / "python").touch(mode=0o755)


def spoil_pip(venv: Path) -> None:
    shutil.rmtree(next(venv.glob("lib/*/site-packages/pip/_vendor")))


def spoil_half(venv: Path) -> None:
    shutil.rmtree(venv / "lib")


def spoil_module(venv: Path) -> None:
    next(venv.glob("lib/*/site-packages/tiny.py")).unlink()


def spoil_stamp(venv: Path) -> None:
    (venv / ".qiban-ready").write_text("{}", encoding="utf-8")


def spoil_cut_off(venv: Path) -> None:
    (venv / ".qiban-ready").unlink()
    shutil.rmtree(next(venv.glob("lib/*/site-packages/tiny-1.0.dist-info")))
    (next(venv.glob("lib/*/site-packages")) / "~iny").mkdir()


def spoil_place(venv: Path) -> None:
    shutil.rmtree(venv)
    venv.write_text("not a folder", encoding="utf-8")


def spoil_link(venv: Path) -> None:
    shutil.rmtree(venv)
    venv.symlink_to("no-such-folder")


def _long(spoil):  # type: ignore[no-untyped-def]
    """Building an environment anew takes seconds: one such case is enough for the quick run."""
    return pytest.param(spoil, marks=pytest.mark.long)


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_interpreter,
        spoil_half,
        spoil_module,
        spoil_stamp,
        spoil_cut_off,
        _long(spoil_pip),
        _long(spoil_place),
        _long(spoil_link),
    ],
)
def test_a_spoilt_environment_is_made_right(built: Path, spoil) -> None:  # type: ignore[no-untyped-def]
    spoil(built / ".venv")
    done = run_script(built)
    assert done.returncode == 0, done.stdout + done.stderr
    assert imports(built, "tiny", "pip")
    assert not list((built / ".venv").glob("lib/*/site-packages/~*"))
    again = run_script(built)
    assert again.returncode == 0
    assert len(again.stdout.splitlines()) == 1


def test_settings_that_divert_pip_do_not_matter(built: Path, tmp_path: Path) -> None:
    spoil_module(built / ".venv")
    done = run_script(built, PIP_TARGET=str(tmp_path), PIP_USER="1", PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert imports(built, "tiny")
    assert not list(tmp_path.iterdir())


@pytest.mark.long
def test_started_from_the_environment_that_is_to_be_rebuilt(built: Path) -> None:
    spoil_pip(built / ".venv")
    done = subprocess.run(
        [str(built / ".venv" / "bin" / "python"), str(built / "scripts" / "prepare.py")],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert imports(built, "tiny", "pip")


def test_two_at_a_time(built: Path) -> None:
    (built / ".venv" / ".qiban-ready").unlink()
    command = [SYSTEM_PYTHON, str(built / "scripts" / "prepare.py")]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") for _ in range(2)]
    outputs = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("qiban itself" in text for text in outputs) == 1
    assert sum("another make is at work" in text for text in outputs) == 1


def test_a_download_that_fails_is_explained(built: Path) -> None:
    lock = built / "requirements.lock"
    lock.write_text("no-such-distribution-qiban==1.0\n", encoding="utf-8")
    local = {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "PIP_RETRIES": "0", "PIP_EXTRA_INDEX_URL": ""}
    try:
        done = run_script(built, **local, PIP_INDEX_URL="http://127.0.0.1:9/simple")
    finally:
        lock.write_text("", encoding="utf-8")
    assert done.returncode == 1
    assert "PIP_INDEX_URL" in done.stderr
    assert "下载失败" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert run_script(built).returncode == 0


def test_a_package_that_an_earlier_lock_had_goes(built: Path) -> None:
    site = next((built / ".venv").glob("lib/*/site-packages"))
    for name in ("bygone", "mine"):
        folder = add_distribution(site, name, "1.0")
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    stamp = built / ".venv" / ".qiban-ready"
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "base": "old", "names": ["bygone"]}))
    assert run_script(built).returncode == 0
    assert not (site / "bygone.py").exists()
    assert (site / "mine.py").exists()


# --- Explanations and probes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "words", "unclear"),
    [
        (
            "WARNING: Retrying ... NewConnectionError('...')\nERROR: No matching distribution found for x",
            "HTTPS_PROXY",
            False,
        ),
        ("ERROR: No matching distribution found for torch==2.13.0", "no version that fits", False),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "disk is full",
            False,
        ),
        ("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: 'x'", "sudo", False),
        ("error: metadata-generation-failed", "metadata-generation-failed", True),
    ],
)
def test_explanations(script: ModuleType, output: str, words: str, unclear: bool) -> None:
    error = script.explain(output, Path("setup.log"))
    assert words in str(error)
    assert "setup.log" in str(error)
    assert isinstance(error, script.UnclearError) == unclear


@pytest.mark.parametrize(
    ("requirements", "cuda"),
    [
        (["filelock", "sympy>=1.13.3"], False),
        (["nvidia-cublas-cu12==12.8.4.1; platform_system == 'Linux'"], True),
        (["triton==3.5.0 ; platform_system == 'Linux'"], True),
        (["cuda-bindings==12.9.4; platform_system == 'Linux'"], True),
        (["nvidia-nccl-cu12==2.27.5; platform_machine == 'no-such-machine'"], False),
        (["triton>=3; extra == 'compile'"], False),
    ],
)
def test_the_cuda_build_is_known_before_it_is_fetched(script: ModuleType, requirements: list[str], cuda: bool) -> None:
    report = {"install": [{"metadata": {"name": "torch", "requires_dist": requirements}}]}
    assert script.needs_cuda(json.dumps(report)) == cuda


def test_an_unreadable_report_is_no_reason_to_stop(script: ModuleType) -> None:
    assert not script.needs_cuda("")
    assert not script.needs_cuda('{"install": []}')


class FakePip:
    """Stands in for pip: writes the report that the real one would."""

    def __init__(self, folder: Path, requirements: list[str]) -> None:
        self.log = folder / "setup.log"
        self.requirements = requirements

    def must(self, label: str, arguments: list[str]) -> None:
        report = {"install": [{"metadata": {"requires_dist": self.requirements}}]}
        Path(arguments[arguments.index("--report") + 1]).write_text(json.dumps(report), encoding="utf-8")


@pytest.fixture
def linux(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setattr(script.sys, "platform", "linux")
    monkeypatch.delenv("ALLOW_CUDA", raising=False)
    return monkeypatch


def test_the_index_of_cpu_builds_is_used_when_it_answers(
    script: ModuleType, linux: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    linux.setattr(script, "reached", lambda address: True)
    arguments = script.cpu_index(FakePip(tmp_path, []), {"torch": "2.13.0"})
    assert arguments == ["--extra-index-url", "https://download.pytorch.org/whl/cpu"]


def test_a_cpu_build_from_elsewhere_will_do(script: ModuleType, linux: pytest.MonkeyPatch, tmp_path: Path) -> None:
    linux.setattr(script, "reached", lambda address: False)
    assert script.cpu_index(FakePip(tmp_path, ["filelock"]), {"torch": "2.13.0"}) == []


def test_cuda_is_never_fetched_unasked(script: ModuleType, linux: pytest.MonkeyPatch, tmp_path: Path) -> None:
    linux.setattr(script, "reached", lambda address: False)
    pip = FakePip(tmp_path, ["nvidia-cudnn-cu12; platform_system == 'Linux'"])
    with pytest.raises(script.SetupError, match="ALLOW_CUDA"):
        script.cpu_index(pip, {"torch": "2.13.0"})
    linux.setenv("ALLOW_CUDA", "1")
    assert script.cpu_index(pip, {"torch": "2.13.0"}) == []


def test_a_probe_does_not_wait_for_a_silent_server(script: ModuleType) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        began = time.monotonic()
        assert not script.reached(f"http://127.0.0.1:{silent.getsockname()[1]}/", seconds=0.3)
        assert time.monotonic() - began < 3


def test_a_taken_port_is_told(script: ModuleType) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(script.SetupError, match=f"{port} is already in use.*PORT={port + 1}"):
            script.check_port(str(port))
    script.check_port(str(port))


@pytest.mark.parametrize("text", ["", "0", "65536", "80a", "-1", "８０００", "8000.0"])
def test_what_is_no_port(script: ModuleType, text: str) -> None:
    with pytest.raises(script.SetupError, match="not a port number"):
        script.check_port(text)


def test_an_old_python_is_told_in_both_languages(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script.sys, "version_info", (3, 9, 2))
    with pytest.raises(script.SetupError, match=r"needs Python 3\.11(.|\n)*需要 Python 3\.11"):
        script.check_python()


def test_a_python_without_venv_is_told(script: ModuleType, checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else object())
    with pytest.raises(script.SetupError, match=r"apt-get install python3\.\d+-venv"):
        script.make_venv(checkout.wanted())
    assert checkout.venv.exists(), "what is there is not thrown away before something new can be made"


def test_progress_of_pip_in_words(script: ModuleType) -> None:
    log = script.PipLog(4, None)
    for line in (
        "Requirement already satisfied: pip in x",
        "Collecting torch==2.13.0 (from -r requirements.lock (line 70))",
        "  Downloading torch-2.13.0%2Bcpu-cp311-cp311-linux.whl (190.1 MB)",
        "Progress 95000000 of 190000000",
    ):
        log.read(line + "\n")
    assert log.words() == "2 of 4, torch-2.13.0+cpu (190.1 MB) 50%"
    log.read("Installing collected packages: a, b\n")
    assert "unpacking" in log.words()


# --- The whole thing ------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_from_a_fresh_checkout(root: Path, tmp_path: Path) -> None:
    """The real locks, from nothing, in a folder with a blank in its name; then once more."""
    copy = tmp_path / "fresh check out"
    skip = shutil.ignore_patterns(
        ".venv", ".git", "var", ".cache", "*.egg-info", "__pycache__", ".*_cache", "node_modules"
    )
    try:
        shutil.copytree(root, copy, ignore=skip)
        first = run_script(copy)
        assert first.returncode == 0, first.stdout + first.stderr
        assert imports(copy, "torch", "faiss", "sentence_transformers", "fastapi", "telegram", "core.settings")
        done = subprocess.run(
            [str(copy / ".venv/bin/qiban"), "--help"], capture_output=True, cwd=tmp_path, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        check = [str(copy / ".venv/bin/python"), "-m", "pip", "check"]
        assert subprocess.run(check, check=False).returncode == 0
        names = os.listdir(next(copy.glob(".venv/lib/*/site-packages")))
        assert not [name for name in names if name.startswith(("nvidia", "triton"))]
        began = time.monotonic()
        again = run_script(copy)
        assert again.returncode == 0
        assert len(again.stdout.splitlines()) == 1
        assert time.monotonic() - began < 5
        assert not list(copy.glob("*.lock.new"))
        digest = hashlib.sha256((copy / "requirements.lock").read_bytes()).hexdigest()
        assert digest == hashlib.sha256((root / "requirements.lock").read_bytes()).hexdigest()
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def test_these_tests_run_on_a_supported_python() -> None:
    assert sysconfig.get_python_version() >= "3.11"
