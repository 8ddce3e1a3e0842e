# -*- coding: utf-8 -*-
"""Make .venv, the workbook's own Python, from the lock files; do nothing when it is up to date.

Only the standard library, and syntax that Python 2.7 and 3.8 can parse, so that a wrong
interpreter is told what to do instead of being shown a traceback.
"""

import sys

if not (3, 11) <= sys.version_info[:2] < (3, 14):
    sys.stderr.write(
        "cxlib necesita Python 3.11, 3.12 o 3.13 (este es %d.%d): make PYTHON=python3.12 / "
        "cxlib needs Python 3.11, 3.12 or 3.13 (this is %d.%d): make PYTHON=python3.12\n"
        % (sys.version_info[:2] * 2)
    )
    sys.exit(1)

import contextlib
import hashlib
import os
import stat
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(HERE, ".venv")
STAMP = os.path.join(VENV, ".cx-ready")
BIN = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")
PYTHON = os.path.join(BIN, "python.exe" if os.name == "nt" else "python")
BOOT = os.path.join(HERE, "requirements-boot.lock")
LOCK = os.path.join(HERE, "requirements.lock")


def stamp_key():
    """Return what a ready environment depends on: the locks, this Python, this folder."""
    key = hashlib.sha256()
    for path in (BOOT, LOCK):
        with open(path, "rb") as file:
            key.update(hashlib.sha256(file.read().replace(b"\r\n", b"\n")).digest())
    key.update(sys.version.encode("utf-8"))
    key.update(os.fsencode(HERE))
    return key.hexdigest()


def is_ready():
    """Tell whether the stamp of a finished installation is the one wanted now."""
    try:
        with open(STAMP) as file:
            return file.read() == stamp_key() and os.path.exists(PYTHON)
    except (IOError, OSError):
        return False


def say(spanish, english):
    """Write one bilingual line."""
    sys.stderr.write(spanish + " / " + english + "\n")
    sys.stderr.flush()


def environment():
    """Return the variables for the installers: nothing of another Python leaks in."""
    variables = dict(os.environ)
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX", "__PYVENV_LAUNCHER__"):
        variables.pop(name, None)
    variables.update(
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PIP_NO_INPUT="1",
        PIP_USER="0",
        PYTHONUTF8="1",  # the folder's accents, in the C locale too
        UV_PYTHON_DOWNLOADS="never",
        UV_SYSTEM_CERTS="1",  # a company's network may sign with its own certificate
    )
    if os.name != "nt" and not os.access(variables.get("HOME") or os.devnull, os.W_OK | os.X_OK):
        variables["UV_NO_CACHE"] = "1"
    return variables


def call(*command):
    """Run this with the environment's own Python; return whether it succeeded."""
    return subprocess.call((PYTHON, "-m") + command, cwd=HERE, env=environment()) == 0


def install():
    """Install the locked set with uv, or with pip, slower, where uv cannot."""
    hashed = ("--require-hashes", "--only-binary", ":all:", "--requirement")
    quiet = () if sys.stderr.isatty() else ("--quiet",)
    pip = ("pip", "install", "--quiet", "--no-compile", "--retries", "2") + hashed
    if call(*(pip + (BOOT,))) and call(
        *(("uv", "pip", "install") + quiet + ("--python", PYTHON) + hashed + (LOCK,))
    ):
        return True
    say(
        "uv no pudo; sigue pip, más lento (hasta cinco minutos)",
        "uv could not; pip goes on, slower (up to five minutes)",
    )
    return call(*(pip + (LOCK,)))


def add_package():
    """Put the checkout on the path and write the command `cx`; no build, nothing to fetch.

    Both are relative: a folder with spaces or accents needs no encoding.
    """
    query = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = os.fsdecode(subprocess.check_output((PYTHON, "-c", query), env=environment())).strip()
    with open(os.path.join(site, "cxlib.pth"), "w") as file:
        file.write(os.path.relpath(HERE, site) + "\n")
    if os.name == "nt":
        with open(os.path.join(BIN, "cx.cmd"), "w") as file:
            file.write('@"%~dp0python.exe" -m cxlib %*\n')
        return
    command = os.path.join(BIN, "cx")
    with open(command, "w") as file:
        file.write('#!/bin/sh\nexec "$(dirname "$0")/python" -m cxlib "$@"\n')
    os.chmod(command, os.stat(command).st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


@contextlib.contextmanager
def alone():
    """Let a second set-up in the same folder wait for the first, where the system can lock."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with open(os.path.join(HERE, "setup_env.py"), "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build():
    """Make the environment from nothing; the stamp comes last, so a half-made one is redone."""
    try:
        import ensurepip  # noqa: F401  # Debian leaves it out of python3
    except ImportError:
        say(
            "Falta el módulo venv de este Python: instale python3-venv",
            "This Python lacks its venv module: install python3-venv",
        )
        return 1
    say(
        "Preparando .venv, una sola vez (1,2 GB; de uno a cinco minutos)",
        "Preparing .venv, once (1.2 GB; one to five minutes)",
    )
    python = getattr(sys, "_base_executable", sys.executable)  # .venv cannot replace itself
    made = subprocess.call((python, "-m", "venv", "--clear", VENV), env=environment())
    if made != 0 or not install():
        say(
            "No se pudo instalar: la primera vez hace falta red (o su espejo de paquetes en la "
            "configuración de pip) y 1,2 GB libres; repita la orden",
            "Could not install: the first time needs a network (or your package mirror in pip's "
            "configuration) and 1.2 GB free; repeat the command",
        )
        return 1
    add_package()
    with open(STAMP, "w") as file:
        file.write(stamp_key())
    return 0


def main():
    """Return 0 when .venv is ready, 1 after one line with the remedy."""
    if is_ready():
        return 0
    with alone():
        return 0 if is_ready() else build()


if __name__ == "__main__":
    sys.exit(main())
