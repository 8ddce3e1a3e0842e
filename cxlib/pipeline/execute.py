"""Execute one notebook under Papermill and say, by our own ledger, whether it succeeded.

Papermill's record is wrong when a kernel dies, times out or exits; a step counts as done only if
every code cell completed and the notebook's findings are there.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from cxlib.pipeline.parameters import Parameter

CELL_TIMEOUT = 600  # seconds
START_TIMEOUT = 120
SOCKETS = "JUPYTER_RUNTIME_DIR"
Status = Literal["done", "copied", "failed", "died", "timed_out"]


@dataclass(frozen=True)
class Step:
    """Ledger row of one notebook: how it ended, where, how long. Never a value of the data."""

    notebook: str
    status: Status
    seconds: float = 0.0
    cell: str = ""
    error: str = ""

    @property
    def good(self) -> bool:
        """Whether its findings may be used."""
        return self.status in {"done", "copied"}

    def row(self) -> dict[str, Any]:
        """Row as the manifest holds it."""
        return asdict(self)


@contextmanager
def quiet_home(private: Path) -> Iterator[None]:
    """Keep Jupyter, IPython and matplotlib out of HOME; one short folder for the sockets."""
    sockets = Path(tempfile.mkdtemp(prefix="cx-"))
    cache = private / "cache"
    wanted = {
        "IPYTHONDIR": cache / "ipython",
        "JUPYTER_CONFIG_DIR": cache / "jupyter",
        "JUPYTER_DATA_DIR": cache / "jupyter",
        SOCKETS: sockets,
        "MPLCONFIGDIR": cache / "matplotlib",
        "XDG_CACHE_HOME": cache,
        "PYTHONUTF8": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    for place in wanted.values():
        if isinstance(place, Path):
            place.mkdir(parents=True, exist_ok=True)
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update({name: str(value) for name, value in wanted.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        shutil.rmtree(sockets, ignore_errors=True)
        shutil.rmtree(cache, ignore_errors=True)


def run_notebook(
    source: Path,
    into: Path,
    parameters: Mapping[str, Parameter],
    *,
    recorded: Path,
    timeout: int = CELL_TIMEOUT,
) -> Step:
    """Execute `source` into `into`; `recorded` is the findings file that it must leave."""
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    name = source.stem
    started = time.monotonic()
    recorded.unlink(missing_ok=True)
    status: Status = "done"
    cell = error = ""
    begun = [""]  # id of the last cell that began: no file tells it when a kernel dies
    try:
        with _stderr_into(into.with_suffix(".log")):
            papermill.execute_notebook(
                _brace(source),
                _brace(into),
                parameters=dict(parameters),
                kernel_name="python3",
                progress_bar=False,
                request_save_on_cell_execute=False,
                start_timeout=START_TIMEOUT,
                execution_timeout=timeout,
                config=_local_sockets(),
                on_cell_execute=lambda cell, cell_index: begun.append(
                    cell.get("id", str(cell_index))
                ),
            )
        cell = _unfinished(into)
        if cell or not recorded.is_file():
            status, error = "failed", "SystemExit" if cell else "NothingRecorded"
    except PapermillExecutionError as broken:
        status, error, cell = "failed", broken.ename, begun[-1]
    except DeadKernelError:
        status, error, cell = "died", "DeadKernelError", begun[-1]
    except CellTimeoutError:
        status, error, cell = "timed_out", "CellTimeoutError", begun[-1]
    except (OSError, RuntimeError) as broken:
        status, error = "failed", type(broken).__name__
    return Step(name, status, round(time.monotonic() - started, 1), cell, error)


@contextmanager
def _stderr_into(log: Path) -> Iterator[None]:
    """Send what the kernel writes to stderr, in good runs too, to a file of the run."""
    sys.stderr.flush()
    before = os.dup(2)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(before, 2)
            os.close(before)


def _brace(path: Path) -> str:
    """Papermill runs `str.format` over paths."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _local_sockets() -> Any:
    """Unix sockets where there are any: no port race, nothing on the loopback.

    Each kernel gets a path of its own: Jupyter's default is one name in the working folder.
    """
    from traitlets.config import Config

    if os.name != "posix":
        return Config()
    ipc = {"transport": "ipc", "ip": tempfile.mktemp(prefix="k", dir=os.environ[SOCKETS])}
    return Config({"AsyncKernelManager": ipc, "KernelManager": ipc})


def _cells(notebook: Path) -> list[dict[str, Any]]:
    """Code cells of an output notebook; none where the file is missing or cut short."""
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return []
    return [c for c in cells if c["cell_type"] == "code"]


def _unfinished(notebook: Path) -> str:
    """Id of the first code cell that did not complete, empty if all did."""
    for cell in _cells(notebook):
        written = cell["metadata"].get("papermill", {})
        if written.get("status") != "completed":
            return str(cell.get("id", "?"))
    return ""
