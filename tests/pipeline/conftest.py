"""One small company, run once for all the tests of this folder."""

from dataclasses import replace
from pathlib import Path

import pytest

from cxlib.pipeline.run import Job, Outcome, run


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from cxlib import simulate

    folder = tmp_path_factory.mktemp("Reseñas 2026") / "tiny-co"
    return simulate.make("tiny", folder)


@pytest.fixture(scope="session")
def job(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Job:
    return Job(company, "tiny", {"fast": True}, reports=tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="session")
def done(job: Job) -> Outcome:
    outcome = run(replace(job))
    assert outcome.exit_code == 0, outcome
    return outcome
