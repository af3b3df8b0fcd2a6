#!/usr/bin/env python3
"""Make `requirements.lock` and `requirements-dev.lock` anew from the `.in` files, in a fresh temporary environment.

    python3 scripts/lock.py              keep the versions that are locked, add and drop what the .in files ask for
    python3 scripts/lock.py --upgrade    take the newest versions that the .in files allow

The locks hold plain `name==version`: no hashes, no addresses, no local versions (a `+cpu` is not on PyPI); the dev lock
only what it adds. Run it with the oldest Python that is supported, so that every version exists for that one.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import prepare

ROOT = Path(__file__).resolve().parent.parent
TOOLS = {"pip", "wheel"}


def installed(site: Path) -> dict[str, str]:
    """What is in an environment, less pip: names to versions without their local part."""
    found = prepare.inventory(site)
    return {name: prepare.public(copies[-1].version) for name, copies in found.items() if name not in TOOLS}


def render(source: str, pins: dict[str, str], note: str) -> str:
    """The text of a lock file, sorted by name."""
    head = f"# Made by scripts/lock.py from {source}; do not edit.{note}\n"
    return head + "".join(f"{name}=={pins[name]}\n" for name in sorted(pins))


def resolve(folder: Path, upgrade: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Install the .in files one after the other into a new environment and see what came."""
    wanted = prepare.Wanted(folder, {}, {}, {}, dev=True)
    prepare.make_venv(wanted)
    alive = prepare.interpreter(wanted.venv)
    if isinstance(alive, str):
        raise prepare.SetupError(alive)
    pip = prepare.Pip(wanted.python, ROOT, folder / "pip.log")
    kept: dict[str, str] = {}
    for name in ("requirements.lock", "requirements-dev.lock"):
        if not upgrade and (ROOT / name).exists():
            kept |= prepare.read_lock(ROOT / name)
    constraints = folder / "constraints.txt"

    def install(source: str, constrain: dict[str, str]) -> dict[str, str]:
        lines = [f"{name}=={version}\n" for name, version in constrain.items()]
        constraints.write_text("".join(lines), encoding="utf-8")
        arguments = ["install", "--upgrade", "--no-compile", "--constraint", str(constraints), *index]
        pip.must(source, [*arguments, "--requirement", source])
        return installed(alive.site)

    asked = (ROOT / "requirements.in").read_text(encoding="utf-8")
    torch = re.search(r"^torch==(\S+)", asked, re.MULTILINE)
    index = prepare.cpu_index(pip, {"torch": torch.group(1)} if torch else {})
    base = install("requirements.in", kept)
    both = install("requirements-dev.in", {**kept, **base})
    pip.must("check", ["check"])
    if changed := [name for name, version in base.items() if both.get(name) != version]:
        raise prepare.SetupError(f"requirements-dev.in changes what requirements.in asked for: {changed}")
    cuda = [name for name in both if prepare.is_cuda(name)]
    if cuda and not os.environ.get("ALLOW_CUDA"):
        raise prepare.SetupError(f"CUDA libraries came along: {prepare.shorten(cuda)}")
    return base, {name: version for name, version in both.items() if name not in base}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Make the lock files anew from the .in files.")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions allowed")
    options = parser.parse_args(arguments)
    try:
        prepare.check_python()
        if sys.version_info[:2] != prepare.OLDEST:
            prepare.note("WARNING: not the oldest supported Python; versions locked now may not exist for that one")
        with tempfile.TemporaryDirectory(prefix="qiban-lock-") as folder:
            base, extra = resolve(Path(folder), options.upgrade)
    except prepare.SetupError as trouble:
        print(f"[lock] {trouble}", file=sys.stderr)
        return 1
    (ROOT / "requirements.lock").write_text(render("requirements.in", base, ""), encoding="utf-8")
    more = " Comes on top of requirements.lock."
    (ROOT / "requirements-dev.lock").write_text(render("requirements-dev.in", extra, more), encoding="utf-8")
    prepare.note(f"locked {len(base)} packages and {len(extra)} more for tests and checks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
