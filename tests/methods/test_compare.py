from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.core import Refuse, Table
from cxlib.methods import compare, mix, monitor, planner


def two_waves(before: list[int], after: list[int], **columns: tuple[list[str], list[str]]) -> Table:
    rows = pd.DataFrame({"nps": before + after, "wave": ["9"] * len(before) + ["10"] * len(after)})
    rows["response_id"] = [f"r{i}" for i in range(len(rows))]
    for name, (one, two) in columns.items():
        rows[name] = one + two
    return Table.of(rows, scales={"nps": (0, 10)})


HIGH, LOW = [10] * 70 + [8] * 20 + [0] * 10, [10] * 30 + [8] * 30 + [0] * 40


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [(LOW, HIGH, "up"), (HIGH, LOW, "down"), (HIGH, HIGH, "no_change")],
)
def test_change_by_its_interval(before: list[int], after: list[int], outcome: str) -> None:
    found = compare.nps_waves(two_waves(before, after))
    assert found.outcome == outcome
    assert (found["before"], found["after"]) == ("9", "10")
    assert found.estimate("detectable").value > 0


def test_first_wave_has_nothing_before_it() -> None:
    asked = two_waves(HIGH, LOW)
    assert compare.nps_waves(asked, wave="9")["reason"] == "one_wave"


def test_the_same_customers_are_told_apart_from_strangers() -> None:
    people = [str(i) for i in range(100)]
    panel = compare.nps_waves(two_waves(HIGH, LOW, customer_id=(people, people)))
    apart = compare.nps_waves(two_waves(HIGH, LOW))
    width = [r.estimate("change").high - r.estimate("change").low for r in (panel, apart)]
    assert width[0] < width[1]


def test_waves_of_another_channel_mix_are_not_compared() -> None:
    web, phone = ["web"] * 90 + ["phone"] * 10, ["web"] * 40 + ["phone"] * 60
    found = compare.nps_waves(two_waves(HIGH, LOW, channel=(web, phone)))
    assert (found.outcome, found["why"]) == ("not_comparable", "channel_mix")
    assert found.estimate("moved").value == pytest.approx(0.5)


# Small segment of promoters, large of detractors; only their sizes change.
def test_a_change_of_mix_is_said_to_be_one() -> None:
    good, bad = [10] * 9 + [0], [10] * 2 + [0] * 8
    before = (good * 40 + bad * 10, ["good"] * 400 + ["bad"] * 100)
    after = (good * 15 + bad * 35, ["good"] * 150 + ["bad"] * 350)
    found = compare.nps_waves(two_waves(before[0], after[0], segment=(before[1], after[1])))
    assert found.outcome == "mix_down"
    assert found.estimate("within").value == pytest.approx(0)
    total = found.estimate("within").value + found.estimate("mix").value
    assert total == pytest.approx(found.estimate("change").value)


def segmented(worst: list[int]) -> Table:
    scores = HIGH + HIGH + worst
    labels = ["a"] * 100 + ["b"] * 100 + ["c"] * len(worst)
    frame = pd.DataFrame({"response_id": range(len(scores)), "nps": scores, "segment": labels})
    return Table.of(frame, scales={"nps": (0, 10)})


def test_the_segment_below_is_named() -> None:
    found = compare.segments(segmented(LOW))
    assert (found.outcome, found["segment"], found["below"]) == ("below", "c", 1)
    assert found.estimate("gap").high < 0


def test_alike_segments_are_not_ranked() -> None:
    found = compare.segments(segmented(HIGH))
    assert found.outcome == "no_difference"
    assert set(found.table["verdict"]) == {"alike"}


def test_a_segment_under_thirty_answers_carries_no_verdict() -> None:
    found = compare.segments(segmented([0] * 12))
    assert found["segments"] == 2
    assert {"key": "parts_left_out", "parts": 1} in [dict(note) for note in found.caveats]


def test_satisfaction_of_segments_needs_no_recommendation() -> None:
    frame = segmented(LOW).frame.rename(columns={"nps": "csat"})
    asked = Table.of(frame, scales={"csat": (0, 10)})
    found, nps = compare.satisfaction(asked), compare.segments(segmented(LOW))
    assert (found.outcome, found["segment"]) == (nps.outcome, nps["segment"])
    assert found.table is not None
    means = frame.groupby("segment")["csat"].mean()
    told = found.table.set_index("segment")["mean"]
    assert dict(told) == pytest.approx(dict(means[told.index]))
    assert compare.satisfaction(Table.of(frame))["reason"] == "scale_undeclared"
    assert compare.satisfaction(segmented(LOW))["reason"] == "column_missing"


def test_segments_need_two_of_them() -> None:
    frame = pd.DataFrame({"response_id": [1, 2], "nps": [3, 9], "segment": ["a", "a"]})
    assert compare.segments(Table.of(frame))["reason"] == "one_part"
    assert compare.segments(Table.of(frame), by="region")["reason"] == "column_missing"


def test_missing_p_stays_missing_and_leaves_the_family() -> None:
    adjusted = compare.adjust([0.01, None, 0.04], "holm")
    assert np.isnan(adjusted[1])
    assert adjusted[[0, 2]] == pytest.approx([0.02, 0.04])
    assert np.isnan(compare.adjust([None], "bh")).all()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_is_never_smaller(p: list[float]) -> None:
    for how in ("holm", "bh", "by"):
        assert (compare.adjust(p, how) >= np.array(p) - 1e-12).all()


def test_a_small_column_neither_carries_nor_gives_letters() -> None:
    assert compare.banner([41, 2, 30], [120, 20, 125]).letters == ("c", "", "")
    assert compare.banner([60, 2, 30], [120, 20, 125]).letters == ("C", "", "")


def test_mix_shift_of_a_label_that_vanishes_counts_as_mix() -> None:
    found = compare.nps_waves(
        two_waves(HIGH + LOW, HIGH, segment=(["x"] * 100 + ["y"] * 100, ["x"] * 100))
    )
    assert found.outcome == "mix_up"
    assert found.estimate("within").value == pytest.approx(0)


@given(st.lists(st.floats(0.1, 1), min_size=2, max_size=6))
def test_within_and_mix_sum_to_the_change(shares: list[float]) -> None:
    one = np.array(shares) / sum(shares)
    two, first, second = one[::-1], np.arange(len(one)), np.arange(len(one)) * 2.0 + 1
    assert sum(mix.mix_shift(one, two, first, second)) == pytest.approx(two @ second - one @ first)


# Control chart, league table, planner -----------------------------------------------------


def test_a_run_of_eight_signals_where_no_point_is_outside() -> None:
    wave = [0.0, 2.0] * 6
    chart = monitor.control_chart(wave + [1.6, 1.8] * 4)
    assert chart.outside == ()
    assert chart.runs[-1] == 19


def test_a_season_is_taken_out_before_limits_are_drawn() -> None:
    noise = np.random.default_rng(0).normal(size=36) * 0.1
    peak = np.where(np.arange(36) % 12 == 11, 8.0, 0.0)
    assert set(monitor.control_chart(noise + peak).outside) == {11, 23, 35}
    assert not {11, 23, 35} & set(monitor.control_chart(noise + peak, season=12).outside)


@pytest.mark.parametrize(
    ("reason", "arguments"),
    [
        ("few_points", {"points": [1.0, 2.0]}),
        ("points_missing", {"points": [1.0, None] * 6}),
        ("no_variation", {"points": [1.0] * 12}),
        ("sampling_noise", {"points": [1.0, 2.0] * 6, "errors": [1.0] * 12}),
        ("bases_vary", {"points": [1.0, 2.0] * 6, "bases": [10.0] + [100.0] * 11}),
    ],
)
def test_control_chart_refusals(reason: str, arguments: dict[str, list[float]]) -> None:
    with pytest.raises(Refuse) as no:
        monitor.control_chart(**arguments)
    assert no.value.values["reason"] == reason


def test_offices_without_spread_are_not_ranked() -> None:
    league = monitor.league_table([10.0, 11, 9, 10, 10.5], [5.0] * 5)
    assert not league.apart
    assert league.shrunk == pytest.approx([league.mean] * 5)


def test_a_league_of_four_is_refused() -> None:
    with pytest.raises(Refuse, match="few_units"):
        monitor.league_table([1.0, 2, 3, 4], [1.0] * 4)


def test_ranks_are_the_same_for_the_same_seed() -> None:
    scores, errors = [45.0, 12, 30, 38, -5, 60], [5.0, 8, 6, 4, 15, 20]
    one, two = (monitor.league_table(scores, errors, seed=3) for _ in range(2))
    assert (one.rank_low == two.rank_low).all()
    assert one.rank_low.min() >= 1


def test_the_planner_turns_round() -> None:
    spread = planner.nps_spread(0.5, 0.2)
    n = planner.answers_for_change(spread, 7.0, deff=1.4)
    assert planner.change_seen(spread, n, deff=1.4) == pytest.approx(7.0)
    assert planner.answers_for_margin(spread, 5, people=1000) < planner.answers_for_margin(
        spread, 5
    )
