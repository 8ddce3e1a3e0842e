import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.core import Table
from cxlib.methods import employees, weights

share = st.integers(0, 100).map(lambda percent: percent / 100)
parts = st.tuples(share, share, share)


@settings(max_examples=50)
@given(parts, parts)
def test_the_share_of_weights_is_that_of_many_draws(one: tuple, two: tuple) -> None:
    random = np.random.default_rng(1)
    drawn = np.sort(random.dirichlet([1, 1, 1], 4000), axis=1)[:, ::-1]  # uniform, then ordered
    apart = drawn @ (np.array(one) - np.array(two))
    expected = float((apart > 0).mean())
    assert weights.share_ahead(weights.ahead(one, two)) == pytest.approx(expected, abs=0.04)


@given(parts)
def test_every_admissible_composite_lies_in_the_bounds(given_parts: tuple) -> None:
    low, high = weights.bounds(given_parts)
    assert low - 1e-12 <= weights.CENTROID @ given_parts <= high + 1e-12


def test_a_missing_part_stands_at_both_ends() -> None:
    assert weights.bounds([0.6, np.nan, 0.3]) == (pytest.approx(0.3), pytest.approx(0.8))


def plans(done: dict[str, int]) -> Table:
    rows = [
        (team, "done" if k < n else "in_progress", "2025-03-01", "2025-02-20" if k < n else None)
        for team, n in done.items()
        for k in range(4)
    ]
    frame = pd.DataFrame(rows, columns=["team", "status", "due", "done_on"])
    frame["verified"] = frame["status"] == "done"
    for column in ("due", "done_on"):
        frame[column] = pd.to_datetime(frame[column])
    return Table.of(frame, "actions")


def pulse(scores: dict[str, int], people: int = 20) -> Table:
    rows = [(f"{team}{k}", team, s) for team, s in scores.items() for k in range(people)]
    frame = pd.DataFrame(rows, columns=["respondent", "department", "score"])
    return Table.of(frame.assign(question="trust"), "employees", scales={"score": (0, 10)})


def texts(bad: dict[str, tuple[float, float]]) -> Table:
    rows = [
        (team, wave, "hindered" if k < 10 * part else "helped")
        for team, both in bad.items()
        for wave, part in zip(("1", "2"), both, strict=True)
        for k in range(10)
    ]
    return Table.of(pd.DataFrame(rows, columns=["department", "wave", "question"]), "verbatims")


def test_a_team_first_on_every_part_is_ahead() -> None:
    falling = texts({"a": (0.8, 0.2), "b": (0.5, 0.5)})
    found = employees.composite(plans({"a": 4, "b": 1}), falling, pulse({"a": 8, "b": 6}))
    assert (found.outcome, found["team"]) == ("ahead", "a")
    assert found.estimate("share").value == 1
    assert found.table is not None
    row = found.table.iloc[0]
    assert list(row[["plan", "themes", "survey"]]) == pytest.approx([1.0, 0.8, 0.8])


def test_without_themes_the_order_is_not_shown() -> None:
    found = employees.composite(
        plans({"a": 4, "b": 3}), Table.absent("verbatims"), pulse({"a": 8, "b": 6})
    )
    assert (found.outcome, found["team"]) == ("undecided", "a")
    assert {"key": "themes_missing"} in found.caveats


def test_a_better_plan_against_a_better_survey_depends_on_the_weights() -> None:
    even = texts({"a": (0.5, 0.5), "b": (0.5, 0.5)})
    found = employees.composite(plans({"a": 2, "b": 1}), even, pulse({"a": 1, "b": 9}))
    assert found.outcome == "depends"
    assert 0 < found.estimate("share").value < 1


def test_small_teams_are_not_ranked() -> None:
    few = pulse({"a": 8, "b": 6}).frame
    few = few[(few["department"] != "b") | (few["respondent"].isin(["b0", "b1"]))]
    staff = Table.of(few, "employees", scales={"score": (0, 10)})
    found = employees.composite(plans({"a": 4, "b": 1}), None, staff)
    assert (found["reason"], found["have"], found["need"]) == ("few_teams", 1, 2)


def test_another_order_of_weights_is_refused() -> None:
    found = employees.composite(
        plans({"a": 1}), None, pulse({"a": 5}), order=("survey_score", "action_plan")
    )
    assert found["reason"] == "order_of_weights"


def test_actions_not_yet_due_are_not_held_against_a_team() -> None:
    done = plans({"a": 2}).frame
    later = done.assign(due=pd.Timestamp("2030-01-01"), status="planned", done_on=pd.NaT)
    late = Table.of(pd.concat([done, later.assign(verified=False)]), "actions")
    assert employees._plans(late) == employees._plans(Table.of(done, "actions"))


# Internal and external trust ------------------------------------------------------------------


def months(effect: float, lag: int, seed: int = 0, offices: int = 10) -> tuple[Table, Table]:
    """Internal score 24 months long; the index follows it by `lag` months (before it if < 0)."""
    random = np.random.default_rng(seed)
    inside, index = [], []
    for office in range(offices):
        felt = random.normal(0, 1, 36)
        for month in range(24):
            when = pd.Timestamp("2024-01-01") + pd.DateOffset(months=month)
            score = 7 + felt[month + 6]
            inside += [(f"o{office}", when, "trust", score + d) for d in (-0.1, 0.1)]
            follows = effect * felt[month + 6 - lag] + random.normal(0, 0.6)
            index.append((f"o{office}", when, "trust_index", 60 + office + follows))
    pulse_rows = pd.DataFrame(inside, columns=["unit", "date", "question", "score"])
    metric = pd.DataFrame(index, columns=["unit", "period", "metric", "value"])
    return Table.of(pulse_rows, "employees"), Table.of(metric, "operations")


@pytest.mark.parametrize(
    ("effect", "lag", "outcome"), [(1.0, 2, "leads"), (1.0, -2, "reverse"), (0.0, 2, "none")]
)
def test_which_trust_comes_first(effect: float, lag: int, outcome: str) -> None:
    found = employees.lead_lag(*months(effect, lag), draws=199)
    assert found.outcome == outcome
    if outcome == "leads":
        assert found["lead"] == 2
        assert (found.estimate("effect").low or 0) < 1 < (found.estimate("effect").high or 0)
    if outcome == "reverse":
        assert found["reverse"] == 2
    assert found.table is not None
    assert list(found.table["lag"]) == list(range(-6, 7))


@pytest.mark.parametrize(
    ("t", "p", "lead_p", "said"),
    [
        (4, 0.01, 0.5, "leads"), (4, 0.01, 0.08, "both_ways"), (-4, 0.01, 0.5, "opposite"),
        (1, 0.3, 0.01, "reverse"), (1, 0.3, 0.08, "none"), (1, 0.3, 0.5, "none"),
    ],
)  # fmt: skip
def test_the_deciding_rule(t: float, p: float, lead_p: float, said: str) -> None:
    assert employees.lead_outcome(t, p, lead_p) == said


def test_five_offices_are_refused() -> None:
    found = employees.lead_lag(*months(1, 2, offices=5))
    assert (found["reason"], found["have"], found["need"]) == ("few_offices", 5, 6)


def test_an_unknown_question_or_metric_is_refused() -> None:
    staff, operations = months(0, 1)
    assert employees.lead_lag(staff, operations, question="pride")["reason"] == "question_missing"
    missing = employees.lead_lag(staff, operations, metric="x")
    assert (missing["reason"], missing["missing"]) == ("indicator_missing", "x")
