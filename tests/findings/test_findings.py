"""findings.json: canonical, the same back, stale where something underneath has changed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib import findings
from cxlib.core import Estimate, Result
from cxlib.findings import Finding


def source(method: str, *inputs: object) -> dict[str, object]:
    return {"method": method, "options": {"draws": 10}, "inputs": list(inputs)}


def table(name: str, digest: str) -> dict[str, object]:
    return {"argument": name, "table": name, "hash": digest, "columns": ["x"]}


def found(key: str, origin: dict[str, object], frame: pd.DataFrame | None = None) -> Finding:
    values = {"x": Estimate(1 / 3, 0.1, 0.5, "share", 9), "top": "bill", "k": 3, "z": 0.1 + 0.2}
    return Finding(key, "seen", "C", "1", "nb", ("S1",), values, frame, ({"key": "k"},), origin)


FRAME = pd.DataFrame(
    {
        "topic": ["a", None],
        "n": np.array([3, 4]),
        "score": [1.5, float("nan")],
        "month": pd.to_datetime(["2026-01-01", None]),
        "clear": [True, False],
    }
)


def test_a_finding_comes_back_as_it_was_recorded(tmp_path: Path) -> None:
    one = found("f", source("m.f", table("events", "0")), FRAME)
    findings.write_part(tmp_path, "nb", {"f": one})
    back = findings.read_part(tmp_path, "nb")["f"]
    assert back.values == {
        **one.values,
        "z": 0.3,
        "x": Estimate(0.333333333333, 0.1, 0.5, "share", 9),
    }
    assert back.table is not None
    assert back.table["topic"].tolist()[0] == "a"
    assert back.table["month"].tolist()[0] == "2026-01-01"
    assert back.source == one.source


def test_writing_what_was_read_gives_equal_bytes(tmp_path: Path) -> None:
    merged = findings.Findings({"name": "é"}, {}, {}, {"f": found("f", source("m.f"), FRAME)})
    findings.write(merged, tmp_path / "one.json")
    findings.write(findings.read(tmp_path / "one.json"), tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_a_table_that_is_no_aggregate_is_refused() -> None:
    frame = pd.DataFrame({"x": range(findings.MAX_ROWS + 1)})
    with pytest.raises(ValueError, match="501 rows"):
        findings.to_json(found("f", source("m.f"), frame))


def test_a_changed_table_makes_what_rests_on_it_stale() -> None:
    first = source("m.first", table("events", "new"))
    on_old = source("m.second", source("m.first", table("events", "old")))
    merged = {
        "first": found("first", first),
        "second": found("second", on_old),
        "other": found("other", source("m.other", table("finance", "same"))),
    }
    inputs = {"tables": {"events": {"hash": "new"}, "finance": {"hash": "same"}}}
    assert findings.stale(merged, inputs) == ("second",)


def test_a_changed_earlier_result_makes_what_nests_it_stale() -> None:
    def nested(columns: list[str]) -> dict[str, object]:
        return source("m.first", {**table("events", "0"), "columns": columns})

    merged = {
        "first": found("first", nested(["x", "y"])),
        "second": found("second", source("m.second", nested(["x"]))),
    }
    assert findings.stale(merged, {"tables": {}}) == ("second",)


def test_an_unchanged_input_is_not_stale_under_the_argument_that_took_it() -> None:
    first = source("m.first", table("events", "0"))
    second = source("m.second", {"argument": "links", **first}, {**first, "key": "first"})
    merged = {"first": found("first", first), "second": found("second", second)}
    assert findings.stale(merged, {"tables": {"events": {"hash": "0"}}}) == ()


def test_the_lowest_grade_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    from cxlib.text.catalogue import Block, Said

    words = {"es": "x", "en": "x"}
    outcomes = {"seen": Said(words), "weak": Said(words, grade="D")}
    block = Block("f", "1", 1, (), "nb", "m.f", "B", "", words, outcomes)
    monkeypatch.setattr(findings, "BLOCKS", {"f": block})
    assert findings.finding("f", Result("seen"), "nb").grade == "B"
    assert findings.finding("f", Result("weak"), "nb").grade == "D"
    assert findings.finding("f", Result("seen", {"grade": "C"}), "nb").grade == "C"
    assert findings.finding("f", Result("refused", {"reason": "r"}), "nb").grade == "–"
    with pytest.raises(ValueError, match="belongs to nb"):
        findings.finding("f", Result("seen"), "elsewhere")
    with pytest.raises(ValueError, match=r"records m\.f, not m\.g"):
        findings.finding("f", Result("seen", source=source("m.g")), "nb")
