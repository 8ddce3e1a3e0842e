"""`setup_env.py`: old interpreters are told what to do, and a half-made environment is redone."""

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "setup_env.py"
OLD = f"import sys; sys.version_info = (3, 8, 18); sys.argv = [{str(SCRIPT)!r}]; "


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the script as a module, in a copy of the checkout with a space and an accent."""
    here = tmp_path / "Reseñas 2026"
    here.mkdir()
    for name in ("setup_env.py", "requirements.lock", "requirements-boot.lock"):
        shutil.copy(ROOT / name, here / name)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location("setup_env_copy", here / "setup_env.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def finish(setup: ModuleType) -> None:
    """Leave what a finished installation leaves."""
    Path(setup.PYTHON).parent.mkdir(parents=True, exist_ok=True)
    Path(setup.PYTHON).touch()
    Path(setup.STAMP).write_text(setup.stamp_key())


def newer_than_python_2(tree: ast.Module) -> list[str]:
    """Name the nodes that Python 2.7 cannot parse."""
    found = []
    nodes = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Nonlocal, ast.YieldFrom, ast.Await)
    for node in ast.walk(tree):
        if isinstance(node, nodes):
            found.append(type(node).__name__)
        if isinstance(node, ast.Raise) and node.cause is not None:
            found.append("raise from")
        if isinstance(node, ast.arguments) and (node.kwonlyargs or node.posonlyargs):
            found.append("keyword-only or positional-only")
        if isinstance(node, ast.arg) and node.annotation is not None:
            found.append("annotation")
        if isinstance(node, ast.FunctionDef) and node.returns is not None:
            found.append("annotation")
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            found += ["starred" for item in node.elts if isinstance(item, ast.Starred)]
        if isinstance(node, ast.Call):
            starred = [isinstance(argument, ast.Starred) for argument in node.args]
            found += ["starred"] if any(starred[:-1]) else []
    return found


def test_parses_on_interpreters_too_old_to_run_it() -> None:
    text = SCRIPT.read_text("utf-8")
    assert text.startswith("# -*- coding: utf-8 -*-\n")
    assert newer_than_python_2(ast.parse(text, feature_version=(3, 7))) == []


def test_an_old_interpreter_gets_one_bilingual_line() -> None:
    code = OLD + f"exec(compile(open({str(SCRIPT)!r}, encoding='utf-8').read(), 'x', 'exec'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "necesita Python 3.11, 3.12 o 3.13 (este es 3.8)" in done.stderr
    assert "needs Python 3.11, 3.12 or 3.13 (this is 3.8)" in done.stderr


def test_a_stamp_is_believed_only_for_its_locks_and_its_python(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not setup.is_ready()
    finish(setup)
    assert setup.is_ready()
    monkeypatch.setattr(sys, "version", "3.12.99")
    assert not setup.is_ready()
    monkeypatch.undo()
    Path(setup.LOCK).write_bytes(Path(setup.LOCK).read_bytes() + b"one==1\n")
    assert not setup.is_ready()


def test_line_endings_of_a_checkout_do_not_reinstall(setup: ModuleType) -> None:
    finish(setup)
    lock = Path(setup.LOCK)
    lock.write_bytes(lock.read_bytes().replace(b"\n", b"\r\n"))
    assert setup.is_ready()


def test_a_moved_folder_is_installed_again(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(setup)
    monkeypatch.setattr(setup, "HERE", setup.HERE + " moved")
    assert not setup.is_ready()


def test_a_ready_environment_calls_nothing(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(setup)
    monkeypatch.setattr(setup.subprocess, "call", lambda *_, **__: pytest.fail("called"))
    assert setup.main() == 0


@pytest.mark.parametrize("failing", ["venv", "pip"])
def test_a_failed_install_leaves_no_stamp_and_says_the_remedy(
    setup: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failing: str,
) -> None:
    calls = []

    def call(command: tuple[str, ...], **_: object) -> int:
        calls.append(command)
        return int(failing in command)

    monkeypatch.setattr(setup.subprocess, "call", call)
    assert setup.main() == 1
    assert not setup.is_ready()
    assert calls
    last = capsys.readouterr().err.splitlines()[-1]
    assert "hace falta red" in last
    assert "needs a network" in last


def test_without_uv_pip_installs_the_same_hashed_lock(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def call(command: tuple[str, ...], **_: object) -> int:
        calls.append(command)
        return int("uv" in command)

    monkeypatch.setattr(setup.subprocess, "call", call)
    assert setup.install()
    assert calls[-1][2] == "pip"
    assert calls[-1][-2:] == ("--requirement", setup.LOCK)
    assert all("--require-hashes" in command for command in calls)


def test_nothing_of_another_python_reaches_the_installers(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "poisoned")
    monkeypatch.setenv("VIRTUAL_ENV", "another")
    monkeypatch.setenv("HOME", "")
    variables = setup.environment()
    assert not {"PYTHONPATH", "VIRTUAL_ENV"} & set(variables)
    assert variables["UV_PYTHON_DOWNLOADS"] == "never"
    assert os.name == "nt" or variables["UV_NO_CACHE"] == "1"


def test_the_package_is_found_under_an_accent_and_in_the_c_locale(setup: ModuleType) -> None:
    here = Path(setup.HERE)
    (here / "cxlib").mkdir()
    (here / "cxlib" / "__init__.py").write_text("")
    (here / "cxlib" / "__main__.py").write_text("print('found')")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", setup.VENV], check=True)
    setup.add_package()
    bare = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    bare.pop("PYTHONPATH", None)
    command = "cx.cmd" if os.name == "nt" else "cx"
    for call in ([setup.PYTHON, "-m", "cxlib"], [str(Path(setup.BIN) / command)]):
        done = subprocess.run(call, cwd=here.parent, env=bare, capture_output=True, text=True)
        assert done.stdout.strip() == "found", done.stderr


def test_outside_its_environment_the_package_says_the_remedy(tmp_path: Path) -> None:
    # -S leaves out site-packages: a Python without click or pandas
    done = subprocess.run(
        [sys.executable, "-S", "-m", "cxlib", "demo"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "python3 setup_env.py" in done.stderr
