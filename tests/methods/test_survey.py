from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.core import Result, Table
from cxlib.methods import survey, weighting


def responses(scores: list[float], **columns: object) -> Table:
    ids = [f"r{i}" for i in range(len(scores))]
    frame = pd.DataFrame({"response_id": ids, "nps": scores, **columns})
    return Table.of(frame, scales={"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)})


def test_nps_states_the_wave_asked_for_and_shows_all() -> None:
    asked = responses([10, 10, 0, 8] * 10, wave=["9"] * 20 + ["10"] * 20)
    assert list(survey.nps(asked).table["wave"]) == ["9", "10"]
    assert survey.nps(asked)["wave"] == "10"
    assert survey.nps(asked, wave="9")["wave"] == "9"
    assert survey.nps(asked, wave="8")["reason"] == "wave_missing"


def test_shares_sum_to_one_and_give_the_score() -> None:
    found = survey.nps(responses([10, 9, 8, 7, 3, 0, 10], weight=[1, 2, 1, 3, 1, 1, 2]))
    d, m, p = (found.estimate(k).value for k in ("detractors", "passives", "promoters"))
    assert d + m + p == pytest.approx(1)
    assert found.estimate("nps").value == pytest.approx(100 * (p - d))


def test_weights_that_move_the_score_are_told() -> None:
    found = survey.nps(responses([10] * 60 + [0] * 60, weight=[1.0] * 60 + [3.0] * 60))
    assert "weights_move" in [note["key"] for note in found.caveats]
    assert found.estimate("unweighted").value == 0


def test_a_ceiling_is_told() -> None:
    found = survey.nps(responses([10] * 30))
    assert {"customers_unknown", "ceiling"} == {str(note["key"]) for note in found.caveats}


def test_another_scale_is_never_an_nps() -> None:
    asked = Table.of(pd.DataFrame({"response_id": ["a"], "nps": [5]}), scales={"nps": (1, 10)})
    assert survey.nps(asked)["reason"] == "scale_not_nps"


# 3 of 5 give 4 or 5: share .6; mean (5 + 4 + 4 + 2 + 1) / 5 = 3.2.
def test_csat_counts_the_two_top_boxes() -> None:
    found = survey.csat(responses([9] * 5, csat=[5, 4, 4, 2, 1]))
    assert found.estimate("satisfied").value == 0.6
    assert found.estimate("mean").value == pytest.approx(3.2)
    assert found["from"] == 4


@given(st.lists(st.integers(1, 7), min_size=4, max_size=30))
@settings(max_examples=25, deadline=None)
def test_ces_turned_round_with_its_scale_gives_the_same(efforts: list[int]) -> None:
    frame = pd.DataFrame({"response_id": range(len(efforts)), "ces": efforts})
    easy = survey.ces(Table.of(frame, scales={"ces": (1, 7)}))
    hard = survey.ces(Table.of(frame.assign(ces=8 - frame["ces"]), scales={"ces": (7, 1)}))
    assert dict(easy.values) == dict(hard.values)


def test_ces_without_direction_is_refused() -> None:
    frame = pd.DataFrame({"response_id": ["a", "b"], "ces": [1, 7]})
    assert survey.ces(Table.of(frame))["reason"] == "direction_undeclared"


def test_a_question_that_was_not_asked_is_missing_not_undeclared() -> None:
    asked = Table.of(pd.DataFrame({"response_id": ["a", "b"], "nps": [9, 7]}))
    for found in (survey.csat(asked), survey.ces(asked)):
        assert found["reason"] == "column_missing"


def card(worst: float = 0.0, waves: tuple[str, ...] = ("1", "2")) -> Table:
    generator = np.random.default_rng(5)
    people = pd.MultiIndex.from_product(
        [waves, range(300), [f"t{k}" for k in range(6)]], names=["wave", "person", "topic"]
    ).to_frame(index=False)
    trait = generator.normal(size=300)[people["person"]]
    level = 7 + trait + generator.normal(size=len(people)) - worst * (people["topic"] == "t4")
    return Table.of(
        people.assign(
            response_id=people["wave"] + "-" + people["person"].astype(str),
            customer_id=people["person"].astype(str),
            delivered=np.clip(np.round(level), 1, 10),
        ),
        "ratings",
        scales={"delivered": (1, 10)},
    )


def test_scorecard_finds_the_planted_interaction_only() -> None:
    found = survey.scorecard(card(worst=0.6))
    assert (found.outcome, found["below"], found["worst"]) == ("below", 1, "t4")
    assert found.table is not None
    assert found.table["interaction"].iloc[0] == "t4"
    assert {"score_change", "delivered_low", "top_boxes"} <= set(found.table.columns)


def test_scorecard_says_the_mean_without_its_weights_too() -> None:
    ratings = card()
    heavy = ratings.frame.assign(weight=1.0 + (ratings.frame["delivered"] > 7))
    found = survey.scorecard(Table.of(heavy, "ratings", scales={"delivered": (1, 10)})).table
    plain = survey.scorecard(ratings).table
    assert found is not None
    assert plain is not None
    known, unweighted = (table.set_index("interaction").sort_index() for table in (found, plain))
    assert list(known["mean_unweighted"]) == pytest.approx(list(unweighted["delivered"]))
    assert (known["delivered"] > known["mean_unweighted"]).all()


def test_scorecard_of_alike_interactions_claims_nothing() -> None:
    found = survey.scorecard(card())
    assert found.outcome == "none_apart"
    assert found.silent


def test_scorecard_without_ratings_reads_satisfaction_by_interaction() -> None:
    asked = responses([9] * 90, csat=[5, 4, 3] * 30, interaction=["bill", "shop", "call"] * 30)
    assert survey.scorecard(Table.absent("ratings"), asked)["worst"] == "call"
    assert survey.scorecard(None, None)["reason"] == "column_missing"


def test_validity_names_what_is_blocked_and_which_link_is_broken() -> None:
    customers = Table.of(pd.DataFrame({"customer_id": ["x", "y"]}), "customers")
    asked = responses([9, 8], customer_id=["c1", "c2"])
    found = survey.validity({"responses": asked, "customers": customers})
    assert (found.outcome, found["tables"], found["broken"]) == ("blocked", 2, 1)
    rows = found.table.set_index("item")
    assert rows.loc["responses.customer_id", "verdict"] == "broken"
    assert rows.loc["can_gaps", "lacks"] == "ratings.delivered"
    assert "can_nps" not in rows.index
    assert survey.validity({})["reason"] == "nothing_read"


def test_validity_knows_either_way_of_counting_a_stay() -> None:
    months = pd.DataFrame({"customer_id": ["a"], "tenure": [3.0], "churned": [True]})
    ends = pd.DataFrame({"customer_id": ["a"], "start": ["2024-01-01"], "end": ["2024-03-01"]})
    for frame in (months, ends):
        found = survey.validity({"customers": Table.of(frame, "customers")})
        assert found.table is not None
        assert "can_retention" not in set(found.table["item"]), frame.columns
    bare = survey.validity({"customers": Table.of(months[["customer_id"]], "customers")})
    assert bare.table is not None
    lacks = bare.table.set_index("item")["lacks"]
    assert lacks["can_retention"] == "customers.start"


def frame_of(counts: dict[str, int]) -> Table:
    rows = [{"variable": "segment", "level": k, "count": v} for k, v in counts.items()]
    return Table.of(pd.DataFrame(rows), "population")


@pytest.mark.parametrize(
    ("asked", "outcome"),
    [
        ({"a": 200, "b": 200}, "no_bias_shown"),
        ({"a": 260, "b": 140}, "weighting_needed"),
        ({"a": 340, "b": 60}, "not_representative"),
    ],
)
def test_representativeness_by_its_variation(asked: dict[str, int], outcome: str) -> None:
    segments = [name for name, n in asked.items() for _ in range(n)]
    answers = responses([10] * 200 + [0] * 200, segment=segments)
    found = survey.representativeness(answers, None, frame_of({"a": 5000, "b": 5000}))
    assert found.outcome == outcome
    assert "after_raking" in [note["key"] for note in found.caveats]


def test_without_a_frame_representativeness_is_not_judged() -> None:
    assert survey.representativeness(responses([9, 8]))["reason"] == "frame_missing"


def test_a_segment_that_nobody_answers_for_stops_the_raking() -> None:
    answers = responses([9, 8, 7] * 20, segment=["a", "b", "a"] * 20)
    found = survey.representativeness(answers, None, frame_of({"a": 10, "b": 10, "c": 10}))
    assert {"key": "raking_impossible", "level": "c"} in [dict(n) for n in found.caveats]


@given(st.lists(st.sampled_from("ab"), min_size=8, max_size=40), st.floats(0.1, 0.9))
@settings(max_examples=25, deadline=None)
def test_raked_weights_meet_their_margins(labels: list[str], share: float) -> None:
    people = pd.DataFrame({"segment": [*labels, "a", "b"]})
    raked = weighting.rake(people, {"segment": {"a": share, "b": 1 - share}})
    mine = (people["segment"] == "a").to_numpy()
    assert raked.weights[mine].sum() == pytest.approx(share)


# 2 of 10 answered: bounds .2 · 0 ± 80; NPS 0 now, −100 before: +100 · .2 / .8 = 25 to erase it.
def test_silence_is_bounded_and_the_tipping_value_told() -> None:
    asked = responses([0] * 10 + [10, 0] * 5, wave=["1"] * 10 + ["2"] * 10)
    log = pd.DataFrame(
        {"kind": "wave", "what": ["1", "2"], "metric": "invitations", "likely": 50.0}
    )
    found = survey.nonresponse(asked, Table.of(log, "log"))
    assert found.outcome == "bounds_of_change"
    assert (found.estimate("everyone").low, found.estimate("everyone").high) == (-80, 80)
    assert found.estimate("tipping").value == pytest.approx(-25)
    assert survey.nonresponse(asked)["reason"] == "invitations_missing"
    log["likely"] = 3
    assert survey.nonresponse(asked, Table.of(log, "log"))["reason"] == "more_answers_than_asked"


# Real answers -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def airport(shared: Path) -> Table:
    """Two waves of the airport survey; 11 and blank are no answer to NETPRO, 0 none to Q7ALL."""
    waves = []
    for year in ("2017", "2018"):
        raw = pd.read_csv(shared / "data" / "sfo_airport" / f"sfo_{year}.csv.gz", dtype=str)
        raw.columns = raw.columns.str.strip(" *")
        nps = pd.to_numeric(raw["NETPRO"], errors="coerce")
        csat = pd.to_numeric(raw["Q7ALL"], errors="coerce")
        waves.append(
            pd.DataFrame(
                {
                    "response_id": raw["RESPNUM"],
                    "wave": year,
                    "weight": pd.to_numeric(raw["WEIGHT"]),
                    "nps": nps.where(nps.between(0, 10)),
                    "csat": csat.where(csat.between(1, 5)),
                    "segment": raw["BAREA"],
                }
            )
        )
    return Table.of(pd.concat(waves, ignore_index=True), scales={"csat": (1, 5), "nps": (0, 10)})


def test_airport_scores_equal_the_reference(airport: Table) -> None:
    nps, csat = survey.nps(airport).table, survey.csat(airport).table
    assert list(nps["nps"]) == pytest.approx([40.398436, 35.113632], abs=1e-6)
    assert list(nps["nps_unweighted"]) == pytest.approx([39.839767, 30.981132], abs=1e-6)
    assert list(nps["n"]) == [2746, 2650]
    assert list(csat["mean"]) == pytest.approx([4.071203, 4.042123], abs=1e-6)
    assert list(csat["mean_unweighted"]) == pytest.approx([4.06436, 4.002667], abs=1e-6)
    assert list(100 * csat["unweighted"]) == pytest.approx([82.068452, 78.438095], abs=1e-6)


def test_city_scores_equal_the_reference(shared: Path) -> None:
    columns = {"2018": ("Agua", "CallesPavi"), "2021": ("Q57", "Q63"), "2023": ("Q29", "Q51")}
    rows = []
    for year, names in columns.items():
        file = shared / "data" / "juarez_percepcion" / f"aej_percepcion_{year}.sav"
        raw, _ = pyreadstat.read_sav(file)
        for topic, name in zip(("water", "streets"), names, strict=True):
            given_ = raw[name].where(raw[name].between(1, 10))
            rows.append(pd.DataFrame({"response_id": raw["id"], "wave": year, "topic": topic,
                                      "delivered": given_}))  # fmt: skip
    ratings = Table.of(pd.concat(rows, ignore_index=True), "ratings", {"delivered": (1, 10)})
    found: Result = survey.scorecard(ratings)
    card = found.table.set_index("interaction")
    assert list(card["delivered"]) == pytest.approx([5.610381, 8.537854], abs=1e-6)
    assert list(100 * card["top_boxes"]) == pytest.approx([25.492773, 79.65767], abs=1e-6)
    assert list(card["score_change"]) == pytest.approx([0.367814, 0.555398], abs=1e-6)
    assert list(card["n"]) == [1522, 1519]
    earlier = survey.scorecard(ratings, wave="2018").table
    assert list(earlier["delivered"]) == pytest.approx([5.570879, 7.975032], abs=1e-6)
