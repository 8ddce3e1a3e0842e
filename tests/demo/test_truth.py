"""The demo states what was planted in it; the null world is silent and recommends no spending.

One seed here; `python -m tests.demo.seeds 20` counts over many.
"""

from pathlib import Path

import pytest

from cxlib import simulate
from cxlib.findings import Finding, read_part
from cxlib.pipeline import keys
from tests.truth import execute, planted, told

pytestmark = pytest.mark.filterwarnings("ignore")
LEAST = 0.9


def recorded(folder: Path) -> dict[str, Finding]:
    parts = folder / "private" / "findings"
    return {k: f for nb in keys.notebooks() for k, f in read_part(parts, nb.stem).items()}


def world(scenario: str, seed: int, place: Path) -> tuple[Path, dict[str, Finding]]:
    """A simulated company and what the notebooks record of it."""
    engagement = simulate.make(scenario, place / "company", seed=seed)
    execute(engagement, place / "run", fast=True)
    return engagement, recorded(place / "run")


@pytest.mark.slow
def test_the_demo_states_the_planted_truths(tmp_path: Path) -> None:
    engagement, found = world("demo", 0, tmp_path)
    truths = planted(engagement)
    missed = sorted(key for key, truth in truths.items() if not told(truth, found))
    assert len(missed) <= (1 - LEAST) * len(truths), missed


@pytest.mark.slow
def test_the_null_world_claims_nothing_that_costs_money(tmp_path: Path) -> None:
    _, found = world("null", 0, tmp_path)
    assert not [key for key, f in found.items() if f.grade in "AB" and not f.silent]
    assert found["first_action"].silent
    assert found["business_cases"].silent
    for key in ("natural_groups", "key_interactions", "metric_links", "nps_change"):
        assert found[key].silent, (key, found[key].outcome)
