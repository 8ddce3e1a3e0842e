"""Write both lock files from pyproject.toml, and see that every platform can install them."""

import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = (
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "aarch64-apple-darwin",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-msvc",
)
EXTRAS = ("--extra", "dev", "--extra", "sql", "--extra", "batch")
WHEELS = ("--only-binary", ":all:")
MARK = "# dependencies of pyproject.toml, sha256: "


def fingerprint(pyproject: Path, constraints: Path) -> str:
    """Return the hash of what the lock is made from; comments and order of keys do not count."""
    project = tomllib.loads(pyproject.read_text("utf-8"))["project"]
    wanted = {
        "requires-python": project["requires-python"],
        "dependencies": sorted(project["dependencies"]),
        "extras": {name: sorted(e) for name, e in project["optional-dependencies"].items()},
        "constraints": [
            line
            for line in constraints.read_text("utf-8").splitlines()
            if line[:1] not in ("", "#")
        ],
    }
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()


def compile_lock(*arguments: str, given: str | None = None) -> str:
    """Return what `uv pip compile` resolves; its own words on failure."""
    command = (sys.executable, "-m", "uv", "pip", "compile", "--quiet", *WHEELS, *arguments)
    done = subprocess.run(
        command, cwd=ROOT, input=given, capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return done.stdout


def write_locks() -> None:
    """Lock everything for three Pythons at once, with one version of each package."""
    common = ("--universal", "--python-version", PYTHONS[0], "--generate-hashes")
    common += ("--custom-compile-command", "make lock", "--upgrade")
    constraints = ("--constraint", "constraints.txt")
    full = compile_lock(
        *common, "--fork-strategy", "fewest", *constraints, *EXTRAS, "pyproject.toml"
    )
    boot = compile_lock(*common, "-", given="uv>=0.10\n")
    mark = MARK + fingerprint(ROOT / "pyproject.toml", ROOT / "constraints.txt")
    for name, text in (("requirements.lock", f"{mark}\n{full}"), ("requirements-boot.lock", boot)):
        (ROOT / name).write_text(text, encoding="utf-8", newline="\n")


def check_platforms() -> None:
    """Resolve the locked versions on each platform and Python, wheels only."""
    for platform in PLATFORMS:
        for python in PYTHONS:
            where = ("--python-platform", platform, "--python-version", python)
            found = compile_lock(
                *where,
                *EXTRAS,
                "--constraint",
                "requirements.lock",
                "--no-header",
                "--no-annotate",
                "pyproject.toml",
            )
            print(f"{platform:28}{python:6}{len(found.splitlines()):4} packages")


if __name__ == "__main__":
    if "--check" not in sys.argv:
        write_locks()
    check_platforms()
