"""Equal inputs give equal bytes: two whole runs, one on one core and thread, one on two."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import os, sys, warnings
warnings.simplefilter("ignore")
os.sched_setaffinity(0, set(range(int(sys.argv[3]))))
from pathlib import Path
from cxlib.pipeline.run import Job, run
done = run(Job(Path(sys.argv[1]), "same", {"fast": True}, reports=Path(sys.argv[2])))
raise SystemExit(done.exit_code)
"""
FILES = (
    "findings.json", "deliverables/report.es.html", "deliverables/report.en.html",
    "deliverables/appendix.es.xlsx", "deliverables/appendix.en.xlsx",
    "workbook/03_gaps.es.html", "workbook/04_metric_finance.en.html",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs a choice of cores")
def test_equal_inputs_give_equal_bytes_on_one_core_and_on_two(small: Path, tmp_path: Path) -> None:
    hashes = []
    for cores in (1, min(2, os.cpu_count() or 1)):
        reports = tmp_path / str(cores)
        threads = {"OMP_NUM_THREADS": str(cores), "OPENBLAS_NUM_THREADS": str(cores)}
        subprocess.run(
            [sys.executable, "-c", CODE, str(small), str(reports), str(cores)],
            check=True,
            env={**os.environ, **threads},
        )
        latest = json.loads((reports / "same" / "latest.json").read_text("utf-8"))["run"]
        folder = reports / "same" / "runs" / latest
        files = {name: (folder / name).read_bytes() for name in FILES}
        hashes.append({name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()})
    assert hashes[0] == hashes[1]
