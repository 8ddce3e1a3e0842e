"""Equal inputs give equal bytes, on one core and on two, in a process of its own each time."""

import hashlib
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
import json
from cxlib import findings, report
from cxlib.disclosure import disclose
from tests.truth import execute
engagement, folder = Path(sys.argv[1]), Path(sys.argv[2])
execute(engagement, folder, fast=True)
about = json.loads((folder / "private" / "run.json").read_text("utf-8"))
merged = disclose(findings.merge(folder / "private" / "findings", notebooks={}, **about))
findings.write(merged, folder / "findings.json")
report.build(merged, folder, ("es", "en"))
"""
FILES = (
    "findings.json", "report.es.html", "report.en.html", "appendix.es.xlsx", "appendix.en.xlsx",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.xdist_group("small")
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs a choice of cores")
def test_equal_inputs_give_equal_bytes_on_one_core_and_on_two(small: Path, tmp_path: Path) -> None:
    hashes = []
    for cores in (1, min(2, os.cpu_count() or 1)):
        folder = tmp_path / str(cores)
        threads = {"OMP_NUM_THREADS": str(cores), "OPENBLAS_NUM_THREADS": str(cores)}
        subprocess.run(
            [sys.executable, "-c", CODE, str(small), str(folder), str(cores)],
            check=True,
            env={**os.environ, **threads},
        )
        files = {name: (folder / name).read_bytes() for name in FILES}
        hashes.append({name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()})
    assert hashes[0] == hashes[1]
