"""The demo company, small, executed once in this process for all the tests of this folder."""

from pathlib import Path

import pytest

from cxlib import simulate
from tests.truth import execute


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate.make("demo", tmp_path_factory.mktemp("small") / "company", size="S")


@pytest.fixture(scope="session")
def executed(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("executed")
    execute(small, folder, fast=True)
    return folder
