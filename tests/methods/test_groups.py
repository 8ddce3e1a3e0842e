"""Groups that are there are found; a halo, a cloud and an outcome are not called groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import silhouette_samples

from cxlib.core import Table
from cxlib.methods import agreement, distance, groups, latent


def people(seed: int, k: int, *, n: int = 300, halo: float = 0.0, apart: float = 2.0) -> Table:
    """Six needs, 1 to 10, of k groups (or one cloud, with a general impression of size `halo`)."""
    dice = np.random.default_rng(seed)
    group = dice.integers(0, k, n)
    high = np.array([[1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1]])
    centre = 5.5 + (apart * (2 * high[group] - 1) if k > 1 else 0.0)
    noise = np.sqrt(1 - halo) * dice.normal(size=(n, 6)) + np.sqrt(halo) * dice.normal(size=(n, 1))
    needs = np.clip(np.rint(centre + 1.3 * noise), 1, 10)
    frame = pd.DataFrame(needs, columns=[f"need_{c}" for c in "abcdef"])
    official = np.where(dice.random(n) < 0.9, group, dice.integers(0, k, n))
    return Table.of(
        frame.assign(
            response_id=range(n),
            customer_id=range(n),
            segment=[f"s{g}" for g in official],
            nps=dice.integers(0, 11, n),
        )
    )


# Distances and medoids ------------------------------------------------------------------------


def test_gower_by_hand_with_text_missing_and_two_absences() -> None:
    items = pd.DataFrame(
        {"age": [20, 40, 60.0], "city": ["a", "b", None], "alarm": [0, 0, 1], "none": [np.nan] * 3}
    )
    found = distance.gower(items, {"age": "numeric", "city": "nominal", "alarm": "asymmetric"})
    # 1-2: age .5, city 1, both without alarm out: .75; 1-3: age 1, city missing, alarm 1: 1
    assert found[0, 1] == pytest.approx(0.75)
    assert found[0, 2] == pytest.approx(1)
    assert np.isnan(distance.gower(items, {"none": "numeric"})[0, 1])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 4))
def test_swaps_reach_the_best_of_all_sets(seed: int, k: int) -> None:
    dice = np.random.default_rng(seed)
    points = dice.normal(size=(14, 2))
    apart = np.linalg.norm(points[:, None] - points, axis=2)
    best = distance.kmedoids(apart, k).cost
    swapped = distance.kmedoids(apart, k, starts=30, seed=seed, exhaustive=False)
    assert best - 1e-12 <= swapped.cost <= 1.02 * best
    assert len(set(swapped.medoids)) == k


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_silhouettes_equal_those_of_scikit_learn(seed: int) -> None:
    dice = np.random.default_rng(seed)
    points = dice.normal(size=(20, 3))
    apart = np.linalg.norm(points[:, None] - points, axis=2)
    labels = np.array([0, 1, *dice.integers(0, 3, 17), 2])
    expected = silhouette_samples(apart, labels, metric="precomputed")
    assert distance.silhouettes(apart, labels) == pytest.approx(expected, abs=1e-9)


def test_copula_keeps_margins_and_correlation() -> None:
    items = people(1, 1, halo=0.6, n=400).frame[[f"need_{c}" for c in "abcdef"]]
    world = next(agreement.copula(items, 1, 0))
    assert sorted(world["need_a"]) == sorted(items["need_a"])
    assert world.corr().to_numpy() == pytest.approx(items.corr().to_numpy(), abs=0.17)


# Natural groups -------------------------------------------------------------------------------


def test_three_groups_are_found_and_held_against_the_segments() -> None:
    found = groups.natural(people(1, 3), draws=59, resamples=20)
    assert (found.outcome, found["k"], found["likeness"]) == ("groups", 3, "same")
    assert found.estimate("ari").value > 0.65
    assert found.estimate("stability").value >= 0.75
    assert found.table is not None
    assert len(found.table) == 18
    assert found.table.groupby("group")["n"].first().sum() == 300


@pytest.mark.parametrize("halo", [0.0, 0.6])
def test_a_cloud_and_a_halo_are_no_groups(halo: float) -> None:
    outcomes = [
        groups.natural(people(seed, 1, n=120, halo=halo), draws=39, resamples=5, most=4).outcome
        for seed in range(10)
    ]
    assert sum(outcome in {"groups", "groups_alone"} for outcome in outcomes) <= 1
    assert outcomes.count("no_groups") >= 8


def test_permuted_columns_would_call_the_halo_groups() -> None:
    """The null that METHODS 5.4 rejects, so that the guard above is shown to guard."""
    items = people(2, 1, n=150, halo=0.7).frame[[f"need_{c}" for c in "abcdef"]]
    dice, ks = np.random.default_rng(0), range(2, 5)
    observed = agreement.best_silhouettes(distance.gower(items), ks, starts=1, seed=0).max()
    permuted = [
        agreement.best_silhouettes(
            distance.gower(items.apply(lambda column: dice.permutation(column))),
            ks,
            starts=1,
            seed=0,
        ).max()
        for _ in range(19)
    ]
    assert observed > max(permuted)
    assert agreement.null_p(items, ks, draws=39) > 0.05


def test_without_official_segments_the_groups_stand_alone() -> None:
    bare = Table.of(people(1, 3).frame.drop(columns="segment"))
    found = groups.natural(bare, draws=39, resamples=10)
    assert found.outcome == "groups_alone"
    assert "ari" not in found.values
    customers = Table.of(people(1, 3).frame[["customer_id", "segment"]], "customers")
    assert groups.natural(bare, customers, draws=39, resamples=10).outcome == "groups"


def test_outcomes_and_too_little_are_refused() -> None:
    table = people(1, 3)
    assert groups.natural(table, items=["nps", "need_a"])["reason"] == "not_a_need"
    assert groups.natural(table, items=["need_a"])["reason"] == "few_items"
    assert groups.natural(people(1, 3, n=60)).values == {
        "reason": "few_answers", "missing": "responses", "have": 60, "need": 100,
    }  # fmt: skip


def test_a_sample_stands_for_many_and_says_so() -> None:
    found = groups.natural(people(3, 3, n=900), draws=39, resamples=10, sample=200)
    assert found.outcome == "groups"
    assert {"key": "groups_from_sample", "n": 200, "people": 900} in found.caveats
    assert found.table is not None
    assert found.table.groupby("group")["n"].first().sum() == 900


@pytest.mark.parametrize(
    ("p_null", "stability", "outcome"),
    [
        (0.4, 0.9, "no_groups"),
        (0.01, 0.5, "no_stable"),
        (0.01, 0.7, "pattern"),
        (0.01, 0.9, "groups"),
    ],
)
def test_the_deciding_rule(p_null: float, stability: float, outcome: str) -> None:
    assert groups.group_outcome(p_null, stability) == outcome


def test_stability_is_one_for_groups_far_apart() -> None:
    points = np.repeat([0.0, 100.0], 30)[:, None] + np.random.default_rng(0).normal(size=(60, 1))
    apart = np.abs(points - points.T)
    labels = distance.kmedoids(apart, 2).labels
    assert agreement.stability(apart, labels, draws=10) == pytest.approx([1, 1])


def test_latent_classes_recover_planted_shares() -> None:
    dice = np.random.default_rng(1)
    group = dice.random(800) < 0.3
    answers = (dice.random((800, 6)) < np.where(group, 0.85, 0.15)[:, None]).astype(int)
    found = latent.latent_class(pd.DataFrame(answers), 2, starts=5)
    assert sorted(found.shares)[0] == pytest.approx(0.3, abs=0.05)
    assert found.bic < latent.latent_class(pd.DataFrame(answers), 1).bic
    assert found.entropy > 0.6
