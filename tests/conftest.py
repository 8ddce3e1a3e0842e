"""What every room's tests share: strict numbers, and the shared folder where it is there."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.load_profile("same")  # the same cases each time: a red run can be repeated

os.environ["CX_STRICT"] = "1"  # NaN from a method is an error here, a refusal at a client's

SHARED = Path(os.environ.get("CX_SHARED", Path(__file__).parents[1].parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"no shared reference folder at {SHARED}; set CX_SHARED")
    return SHARED
