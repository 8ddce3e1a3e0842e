"""`@method`: outcomes are closed, refusals are values, sources nest."""

from typing import Literal

import pandas as pd
import pytest

from cxlib.core import Estimate, NotFiniteError, Refuse, Result, Table, caveat, method, rng

FRAME = pd.DataFrame({"customer_id": ["a", "b", "c"], "nps": [9, 7, 3], "wave": ["1", "1", "2"]})


@method(outcomes=("seen", "none"), values=("mean",))
def average(
    responses: Table, *, column: str = "nps", how: Literal["mean", "sum"] = "mean"
) -> Result:
    """Average of a column."""
    answers = responses.need(column)[column]
    return Result("seen", {"mean": Estimate(float(answers.agg(how)), n=len(answers))})


@method(outcomes=("seen",), values=("twice",))
def twice(first: Result, events: Table | None = None) -> Result:
    """Twice an earlier mean."""
    notes = (caveat("no_events"),) if events is None else ()
    return Result("seen", {"twice": 2 * first.estimate("mean").value}, caveats=notes)


@method(outcomes=("seen",))
def wrong(responses: Table) -> Result:
    """Say what was never declared."""
    return Result("unheard", {"n": len(responses.frame)})


@method(outcomes=("seen",), values=("x",))
def broken(responses: Table) -> Result:
    """Divide by nothing."""
    return Result("seen", {"x": Estimate(float("nan"), n=len(responses.frame))})


def test_a_result_knows_its_method_options_columns_and_filter() -> None:
    result = average(Table.of(FRAME).where(wave="1"), column="nps")
    assert result.estimate("mean").value == 8
    source = result.source
    assert source["method"] == "test_method.average"
    assert source["options"] == {"column": "nps", "how": "mean"}
    [read] = source["inputs"]
    assert (read["argument"], read["columns"], read["where"]) == (
        "responses",
        ["nps"],
        {"wave": "1"},
    )


def test_the_hash_of_a_table_is_of_the_whole_not_of_the_filtered_rows() -> None:
    whole = Table.of(FRAME)
    assert whole.where(wave="1").hash == whole.hash
    assert Table.of(FRAME.assign(nps=[9, 7, 4])).hash != whole.hash


def test_a_missing_table_and_a_missing_column_are_refusals_that_name_it() -> None:
    assert average(Table.absent("responses")).values["missing"] == "responses"
    assert average(Table.of(FRAME), column="csat").values["missing"] == "responses.csat"


def test_an_optional_table_that_is_missing_leaves_a_caveat() -> None:
    result = twice(average(Table.of(FRAME)), Table.absent("events"))
    assert [note["key"] for note in result.caveats] == ["no_events", "table_missing"]


def test_a_refused_input_travels_on_and_a_source_nests() -> None:
    refused = twice(average(Table.absent("responses")))
    assert refused.refused
    assert refused.values["missing"] == "responses"
    nested = twice(average(Table.of(FRAME))).source["inputs"][0]
    assert nested["method"] == "test_method.average"
    assert nested["argument"] == "first"


def test_an_undeclared_outcome_or_option_is_a_bug_not_a_refusal() -> None:
    with pytest.raises(ValueError, match="undeclared outcome 'unheard'"):
        wrong(Table.of(FRAME))
    with pytest.raises(ValueError, match="how='mode'"):
        average(Table.of(FRAME), how="mode")  # type: ignore[arg-type]


def test_nan_is_an_error_in_tests_and_a_refusal_at_a_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(NotFiniteError):
        broken(Table.of(FRAME))
    monkeypatch.delenv("CX_STRICT")
    assert broken(Table.of(FRAME)).values["reason"] == "numerical"


def test_refuse_carries_how_much_there_is_and_how_much_would_do() -> None:
    no = Refuse("few_offices", missing="operations.unit", have=4, need=6)
    assert no.values == {
        "reason": "few_offices",
        "missing": "operations.unit",
        "have": 4,
        "need": 6,
    }


def test_equal_names_give_equal_draws_and_other_names_others() -> None:
    assert rng(1, "a", "b").random() == rng(1, "a", "b").random()
    assert rng(1, "a", "b").random() != rng(1, "b", "a").random()
    assert rng(1, "a").random() != rng(2, "a").random()


def test_sql_sees_the_table_as_this() -> None:
    counted = Table.of(FRAME).sql(
        "select wave, count(*) as n from this group by wave order by wave"
    )
    assert counted["n"].tolist() == [2, 1]


def test_an_unknown_unit_is_refused_when_it_is_made() -> None:
    with pytest.raises(ValueError, match="unknown unit 'euro'"):
        Estimate(1.0, unit="euro")  # type: ignore[arg-type]
