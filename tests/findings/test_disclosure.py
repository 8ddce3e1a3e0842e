"""What may be printed: small bases, private cells, and the cell that would give one away."""

import pandas as pd
import pytest

from cxlib.core import Estimate, Result
from cxlib.disclosure import disclose, floor_of, hold_back, people
from cxlib.findings import Finding, Findings


def source(table: str) -> dict[str, object]:
    return {"method": "m.f", "options": {}, "inputs": [{"table": table, "hash": "0"}]}


def finding(table: pd.DataFrame | None, origin: str, n: int = 500) -> Finding:
    values = {"x": Estimate(0.5, 0.4, 0.6, "share", n)}
    return Finding("f", "seen", "C", "1", "nb", (), values, table, (), source(origin))


def shown(table: pd.DataFrame, origin: str = "responses", floor: int = 10) -> pd.DataFrame:
    merged = Findings({"privacy": {"floor": floor}}, {}, {}, {"f": finding(table, origin)})
    disclosed = disclose(merged).findings["f"].table
    assert disclosed is not None
    return disclosed


@pytest.mark.parametrize(
    ("table", "counted"),
    [("responses", "customers"), ("employees", "employees"), ("beliefs", "managers"),
     ("operations", "none"), ("actions", "none")],
)  # fmt: skip
def test_whom_a_base_counts_comes_from_the_tables_read(table: str, counted: str) -> None:
    assert people(source(table)) == counted


def test_a_nested_source_counts_too() -> None:
    assert people({"method": "m", "inputs": [source("employees")]}) == "employees"


def test_an_estimate_under_thirty_effective_answers_is_held_back_when_recorded() -> None:
    values = {"x": Estimate(0.5, 0.4, 0.6, "share", n=80, n_effective=22.0)}
    held = hold_back("f", Result("seen", values, source=source("responses")))
    assert (held.outcome, held["have"], held["need"]) == ("refused", 22, 30)
    assert not hold_back("f", Result("seen", values, source=source("operations"))).refused


def test_rows_under_thirty_lose_their_number_and_keep_their_base() -> None:
    table = shown(pd.DataFrame({"topic": ["a", "b"], "score": [7.5, 6.1], "n": [400, 12]}))
    assert table["score"].tolist() == [7.5, None]
    assert table["n"].tolist() == [400, 12]


def test_one_private_row_takes_the_next_smallest_with_it() -> None:
    rows = pd.DataFrame({"unit": list("abcd"), "score": [1.0, 2, 3, 4], "n": [4, 40, 35, 90]})
    table = shown(rows, "employees")
    assert table["score"].tolist() == [None, 2, None, 4]
    assert table["n"].tolist() == [None, 40, None, 90]


def test_an_empty_row_is_no_person_and_gives_nobody_away() -> None:
    rows = pd.DataFrame({"unit": list("abc"), "score": [0.0, 2, 3], "n": [0, 40, 35]})
    assert shown(rows, "employees")["n"].tolist() == [0, 40, 35]


def test_bases_that_count_no_people_are_left_alone() -> None:
    rows = pd.DataFrame({"metric": ["a", "b"], "effect": [1.0, 2.0], "n": [4, 5]})
    assert shown(rows, "operations")["effect"].tolist() == [1.0, 2.0]


def test_a_finding_on_fewer_people_than_the_floor_becomes_a_refusal() -> None:
    merged = Findings({}, {}, {}, {"f": finding(None, "employees", n=7)})
    hidden = disclose(merged).findings["f"]
    assert hidden.refused
    assert hidden.values["need"] == 10
    assert "x" not in hidden.values


def test_the_floor_may_be_lowered_but_never_under_five() -> None:
    assert floor_of({}) == 10
    assert floor_of({"privacy": {"floor": 7}}) == 7
    assert floor_of({"privacy": {"floor": 1}}) == 5
