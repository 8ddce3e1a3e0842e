from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cxlib.core import Refuse
from cxlib.methods import design
from tests.reference import rivals

SCORES = st.lists(st.integers(0, 10), min_size=3, max_size=40)


# 50 promoters, 30 passives, 20 detractors. By hand: score 30; with ¾, 1½, ¾ added n = 103,
# centre (50.75 - 20.75) / 103 = .291262, variance (71.5 / 103 - .291262²) / 103 = .00591610;
# half width 1.959964 · .0769162 = .150754.
def test_nps_equals_the_hand_calculation() -> None:
    level = design.nps([10] * 50 + [8] * 30 + [3] * 20)
    assert (level.value, level.low, level.high) == pytest.approx((30, 14.0508, 44.2016), abs=1e-3)
    assert (level.n, level.n_effective, level.deff) == (100, 100, 1)


def test_mean_of_a_simple_sample_is_students_interval() -> None:
    y = [2.0, 4.0, 4.0, 7.0, 8.0]
    level = design.mean(y)
    low, high = stats.t.interval(0.95, 4, np.mean(y), stats.sem(y))
    assert (level.low, level.high) == pytest.approx((low, high))


@given(SCORES, st.floats(0.01, 1000))
def test_weights_count_only_relatively(scores: list[int], factor: float) -> None:
    weights = np.linspace(1, 2, len(scores))
    one, two = design.nps(scores, weights), design.nps(scores, weights * factor)
    assert (one.value, one.low, one.high) == pytest.approx((two.value, two.low, two.high))


@given(SCORES)
def test_order_changes_nothing(scores: list[int]) -> None:
    customers = np.arange(len(scores)) // 2
    one = design.nps(scores, clusters=customers)
    two = design.nps(scores[::-1], clusters=customers[::-1])
    assert (one.value, one.low, one.high) == pytest.approx((two.value, two.low, two.high))


@given(SCORES)
def test_weight_zero_leaves_the_base(scores: list[int]) -> None:
    weights = [1.0] * len(scores) + [0.0]
    assert design.nps([*scores, 0], weights) == design.nps(scores)


def test_one_answer_of_each_customer_is_a_simple_sample() -> None:
    scores = [10, 9, 8, 3, 0, 10]
    assert design.nps(scores, clusters=list("abcdef")) == design.nps(scores)


def test_answers_without_customer_are_clusters_of_their_own() -> None:
    y = [1.0, 2.0, 3.0, 5.0]
    known = design.mean(y, clusters=["a", "a", "b", "c"])
    assert design.mean(y, clusters=["a", "a", None, None]) == known


def test_repeating_every_answer_brings_no_precision() -> None:
    scores = [10, 9, 8, 3, 0, 10, 7, 9]
    twice = design.mean(scores * 2, clusters=list(range(8)) * 2)
    assert twice.se == pytest.approx(design.mean(scores).se)
    assert twice.n_effective < 9


def test_a_lonely_stratum_is_merged_not_lost() -> None:
    y = [1.0, 2.0, 3.0, 4.0, 9.0]
    merged = design.mean(y, strata=[0, 0, 0, 0, 1])
    assert merged.se == pytest.approx(design.mean(y).se)


# No answer differs, so no error can be seen: the base is the number of customers.
def test_where_all_agree_the_base_is_the_number_of_customers() -> None:
    level = design.nps([10] * 12, clusters=[1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4])
    assert level.n_effective == 4
    assert level.low < 60 < level.high == 100


@pytest.mark.parametrize(
    ("reason", "arguments"),
    [
        ("no_answers", {"scores": []}),
        ("no_answers", {"scores": [None, None]}),
        ("outside_scale", {"scores": [1, 2, 11]}),
        ("outside_scale", {"scores": [1, 2, 7.5]}),
        ("outside_scale", {"scores": [-1, 5]}),
        ("weights_zero", {"scores": [9, 3], "weights": [0, 0]}),
        ("bad_weight", {"scores": [9, 3], "weights": [1, -1]}),
        ("bad_weight", {"scores": [9, 3], "weights": [1, None]}),
        ("one_cluster", {"scores": [9, 3], "clusters": ["a", "a"]}),
        ("weights_unequal", {"scores": [9] * 200, "weights": [1000] + [0.001] * 199}),
    ],
)
def test_refusals(reason: str, arguments: dict[str, list[float]]) -> None:
    with pytest.raises(Refuse) as no:
        design.nps(**arguments)
    assert no.value.values["reason"] == reason


def test_paired_contrast_is_the_paired_t_test() -> None:
    before, after = [3.0, 5.0, 4.0, 8.0, 6.0], [4.0, 7.0, 4.0, 9.0, 9.0]
    first = np.repeat([False, True], 5)
    change = design.contrast(before + after, first, ~first, clusters=list(range(5)) * 2)
    paired = stats.ttest_rel(after, before)
    assert change.value == pytest.approx(1.4)
    assert change.value / change.se == pytest.approx(paired.statistic)
    assert change.p == pytest.approx(paired.pvalue)


def test_contrast_turned_round_changes_its_sign_only() -> None:
    scores = [10, 9, 3, 7, 8, 10, 0, 9, 9, 5]
    first = np.arange(10) < 5
    kinds = design.balance(scores)
    one, two = (design.contrast(kinds, side, ~side, nps=True) for side in (first, ~first))
    assert (one.value, one.low, one.high) == pytest.approx((-two.value, -two.high, -two.low))


def coverage(n: int, truth: tuple[float, float], interval: str) -> float:
    """Exact coverage at n answers when detractors and promoters have these shares."""
    d, p = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    kept = d + p <= n
    d, p = d[kept], p[kept]
    chance = stats.multinomial.pmf(np.column_stack([d, n - d - p, p]), n, [
        truth[0], 1 - sum(truth), truth[1],
    ])  # fmt: skip
    z = design.quantile(0.95)
    limits = [
        design.nps_interval(a, n - a - b, b, z)
        if interval == "ours"
        else rivals.wald(a, n - a - b, b)
        for a, b in zip(d.tolist(), p.tolist(), strict=True)
    ]
    target = 100 * (truth[1] - truth[0])
    return float(sum(q for q, (lo, hi) in zip(chance, limits, strict=True) if lo <= target <= hi))


TRUTHS = [
    (d, p)
    for d, p in itertools.product((0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.8), repeat=2)
    if d + p <= 0.95
]


def test_coverage_at_30_answers_is_never_under_93_percent() -> None:
    worst = min(coverage(30, truth, "ours") for truth in TRUTHS)
    assert 0.93 <= worst <= 0.96


def test_the_guard_can_fail_plain_wald_does() -> None:
    assert min(coverage(20, truth, "wald") for truth in TRUTHS) < 0.90


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_a_domain_is_smaller_than_the_whole_and_never_more_precise(seed: int) -> None:
    generator = np.random.default_rng(seed)
    rows = pd.DataFrame({"y": generator.normal(size=60), "customer": generator.integers(0, 20, 60)})
    inside = generator.random(60) < 0.5
    part = design.mean(rows["y"], clusters=rows["customer"], domain=inside)
    assert part.value == pytest.approx(rows["y"][inside].mean())
    assert part.n == inside.sum()
    assert part.n_effective <= part.n
