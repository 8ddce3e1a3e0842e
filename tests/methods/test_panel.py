"""Panel inference: published numbers, properties, refusals, and its size under no effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.datasets import grunfeld

from cxlib.core import Refuse
from cxlib.methods import panel


def firms() -> pd.DataFrame:
    return grunfeld.load_pandas().data


def company(
    effect: float = 0.0, *, offices: int = 12, months: int = 24, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """y, x, office, month: AR(.7) in both, office and month effects."""
    draw = np.random.default_rng(seed)
    series = draw.normal(size=(2, offices, months))
    for t in range(1, months):
        series[:, :, t] = 0.7 * series[:, :, t - 1] + series[:, :, t]
    x, noise = series
    y = effect * x + noise + draw.normal(size=(offices, 1)) * 5 + draw.normal(size=months) * 5
    office, month = np.meshgrid(range(offices), range(months), indexing="ij")
    return y.ravel(), x.ravel(), office.ravel(), month.ravel()


def test_two_way_effects_equal_the_published_grunfeld_fit() -> None:
    # linearmodels 7.1 PanelOLS, two-way, clustered by firm with group_debias=True
    data = firms()
    found = panel.fit(data["invest"], data[["value", "capital"]], data["firm"], data["year"])
    assert found.coef == pytest.approx([0.116681132097, 0.351435694157], abs=1e-9)
    assert found.se == pytest.approx([0.0117767223699, 0.0491407320228], abs=1e-9)
    assert (found.clusters, found.n, found.df) == (11, 220, 10)


def test_fast_wild_bootstrap_equals_textbook_refits() -> None:
    # every sign vector refitted by least squares with all dummies, null imposed
    y, x, office, month = company(0.2, offices=6, months=8, seed=3)
    dummies = np.column_stack([np.eye(6)[office], np.eye(8)[month][:, 1:]])
    full = np.column_stack([x, dummies])

    def t_of(outcome: np.ndarray) -> float:
        coef = np.linalg.lstsq(full, outcome, rcond=None)[0]
        a = full @ np.linalg.pinv(full.T @ full)[:, 0]
        score = a * (outcome - full @ coef)
        return coef[0] / np.sqrt(sum(score[office == g].sum() ** 2 for g in range(6)))

    fitted = dummies @ np.linalg.lstsq(dummies, y, rcond=None)[0]
    signs = np.array(np.meshgrid(*[(1, -1)] * 6)).reshape(6, -1).T
    stars = np.array([t_of(fitted + s[office] * (y - fitted)) for s in signs])
    expected = (np.abs(stars) >= abs(t_of(y)) - 1e-9).mean()
    assert panel.fit(y, x, office, month).p_wild[0] == pytest.approx(expected, abs=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 99), st.floats(0.01, 100), st.floats(-50, 50))
def test_units_of_measure_change_nothing_but_the_scale(
    seed: int, scale: float, shift: float
) -> None:
    y, x, office, month = company(0.5, offices=6, months=9, seed=seed)
    plain = panel.fit(y, x, office, month)
    other = panel.fit(y, x * scale + shift, office, month)
    assert other.coef[0] * scale == pytest.approx(plain.coef[0], rel=1e-6)
    assert other.p_wild[0] == pytest.approx(plain.p_wild[0], abs=0.07)
    assert panel.robustness(other) == pytest.approx(panel.robustness(plain), rel=1e-6)


def test_interval_holds_the_estimate_and_ends_where_p_is_alpha() -> None:
    y, x, office, month = company(0.5, seed=5)
    found = panel.fit(y, x, office, month)
    assert found.low[0] < found.coef[0] < found.high[0]
    design, _ = panel.two_way(y, x[:, None], office, month)
    boot = panel.Wild(design, 0)
    assert boot.p(found.high[0] - 1e-9) > 0.05 >= boot.p(found.high[0] + 1e-6)


def test_below_six_offices_there_is_no_p_and_below_eight_months_nothing() -> None:
    y, x, office, month = company(offices=5)
    found = panel.fit(y, x, office, month)
    assert np.isnan([found.p_wild[0], found.low[0], found.high[0]]).all()
    with pytest.raises(Refuse, match="few_periods"):
        panel.fit(*company(months=7))
    with pytest.raises(Refuse, match="no_variation"):
        panel.fit(y, office, office, month)


def test_a_true_null_is_rejected_about_one_time_in_twenty() -> None:
    # METHODS 8.1 measured .055-.060 at 10-20 offices; 200 companies, three errors above .05
    p = [panel.fit(*company(offices=10, seed=s), alpha=0.5).p_wild[0] for s in range(200)]
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


def test_robustness_value_never_exceeds_the_plain_one() -> None:
    # Cinelli & Hazlett 2020: t 4.18445, 783 df -> 13.9 %, 7.6 %
    known = panel.sensitivity(4.18445, 783)
    assert (known.robustness, known.robustness_alpha) == pytest.approx((0.13878, 0.07626), abs=1e-5)
    found = panel.fit(*company(0.5, seed=5))
    share = found.partial_r2[0]
    assert (
        panel.robustness(found)
        <= panel.sensitivity(float(np.sqrt(share / (1 - share))) * 10, 100).robustness + 1e-12
    )


def test_differences_of_few_offices() -> None:
    # by hand: changes 1 2 -1 2 | 9 9, difference 8; 15 ways to choose two of six, one as extreme
    found = panel.did([1, 2, -1, 2, 9, 9], [0, 0, 0, 0, 1, 1])
    assert (found.estimate, found.p_permutation, found.permutations) == pytest.approx(
        (8, 1 / 15, 15)
    )
    alone = panel.did([1, 2, -1, 2, 0, 3, 1, 9], [0] * 7 + [1])
    assert (alone.t, alone.p_t) == pytest.approx((5.46369597289, 0.00156713707365), abs=1e-9)
    few = panel.did([1, 2, 3, 9], [0, 0, 0, 1])
    assert (few.p_permutation, few.smallest_p) == (0.25, 0.25)
    assert np.isnan([few.low, few.high, few.p_t]).all()
    with pytest.raises(Refuse, match="no_comparison"):
        panel.did([1, 2], [0, 0])
