import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.core import Refuse, Table
from cxlib.methods import diagnosis, raters

ONE_TO_FIVE = {"score": (1.0, 5.0)}


def ratings(delivered: float, customers: int = 200) -> Table:
    noise = np.tile([-1.0, 1.0], customers // 2)
    frame = pd.DataFrame(
        {
            "response_id": [f"r{k}" for k in range(customers)],
            "customer_id": [f"p{k}" for k in range(customers)],
            "topic": "bill", "delivered": delivered + noise,
        }
    )  # fmt: skip
    return Table.of(frame, "ratings", scales={"delivered": (0, 10)})


def beliefs(likely: list[float], question: str = "bill") -> Table:
    frame = pd.DataFrame({"respondent": [f"m{k}" for k in range(len(likely))], "likely": likely})
    return Table.of(frame.assign(question=question, role="executive"), "beliefs")


def test_the_gap_carries_the_errors_of_both_sides() -> None:
    found = diagnosis.belief_gap(beliefs([8.0, 8.5, 9.0]), ratings(6))
    gap = found.estimate("gap")
    assert (found.outcome, found["over"], found["worst"]) == ("over", 1, "bill")
    # by hand: 8.5 - 6; managers' variance .25 / 3, customers' 1.00503 / 200; Welch df 2.12
    assert gap.value == pytest.approx(2.5)
    error = np.sqrt(0.25 / 3 + 200 / 199 / 200)
    df = error**4 / ((0.25 / 3) ** 2 / 2 + (1 / 199) ** 2 / 199)
    assert df == pytest.approx(2.25, abs=0.01)
    assert gap.low == pytest.approx(2.5 - 3.8835 * error, abs=0.02)


def test_beliefs_near_the_truth_claim_nothing_and_say_what_would_be_seen() -> None:
    found = diagnosis.belief_gap(beliefs([5.5, 6.0, 6.4]), ratings(6))
    assert found.outcome == "none"
    assert found.estimate("seen_from").value > 0.5


def test_underrating_is_told_apart() -> None:
    assert diagnosis.belief_gap(beliefs([3.9, 4.0, 4.1]), ratings(6)).outcome == "under"


def test_two_managers_are_refused() -> None:
    found = diagnosis.belief_gap(beliefs([8.0, 9.0]), ratings(6))
    assert (found["reason"], found["have"], found["need"]) == ("few_managers", 2, 3)


def test_believed_nps_stands_apart_in_points() -> None:
    said = pd.concat([beliefs([8.0, 8.5, 9.0]).frame, beliefs([40, 50, 60], "nps").frame])
    answers = pd.DataFrame({"nps": [10] * 60 + [3] * 40})
    answers["response_id"] = answers.index.astype(str)
    responses = Table.of(answers, "responses", scales={"nps": (0, 10)})
    found = diagnosis.belief_gap(Table.of(said, "beliefs"), ratings(6), responses)
    assert found.estimate("nps_gap").value == pytest.approx(50 - 20)
    assert found["m"] == 1


# Nine questions -----------------------------------------------------------------------------


def assessment(scores: dict[str, list[float]], evidence: str = "measured") -> Table:
    rows = [
        (("front_line", "executive")[k % 2], f"d{k}", question, score, evidence)
        for question, given_scores in scores.items()
        for k, score in enumerate(given_scores)
    ]
    columns = ["role", "respondent", "question", "score", "evidence"]
    return Table.of(pd.DataFrame(rows, columns=columns), "assessment", scales=ONE_TO_FIVE)


def test_camps_are_named_by_role_and_their_mean_is_left_out() -> None:
    found = diagnosis.questions(assessment({"q1": [1, 5] * 4, "q2": [4] * 8}))
    assert (found.outcome, found["split"], found["splits"]) == ("split", "q1", 1)
    assert found.table is not None
    row = found.table.iloc[0]
    assert (row["low_role"], row["high_role"]) == ("front_line", "executive")
    assert row["verdict"] == "polarised"
    assert np.isnan(row["raw"])


def test_roles_of_two_people_are_not_named() -> None:
    found = diagnosis.questions(assessment({"q1": [1, 5, 1, 5]}))
    assert found.table is not None
    assert found.table["low_role"][0] is None


def test_scores_without_evidence_are_held_down() -> None:
    found = diagnosis.questions(assessment({"q1": [4, 4, 4], "q2": [5, 5, 5]}, "none"))
    assert found.estimate("raw").value == pytest.approx(4.5)
    assert found.estimate("capped").value == pytest.approx(2)
    assert found.estimate("lost").value == pytest.approx(2.5)


def test_one_rater_is_an_opinion_and_half_answers_are_no_score() -> None:
    found = diagnosis.questions(assessment({"q1": [4], "q2": [4, np.nan]}))
    assert found.outcome == "undecided"
    assert found.table is not None
    verdicts = dict(zip(found.table["question"], found.table["verdict"], strict=True))
    assert verdicts == {"q1": "opinion_of_one", "q2": "unscored"}


@given(
    st.lists(st.integers(1, 5), min_size=1),
    st.sampled_from(["none", "statement", "document", "measured", "rumour"]),
)
def test_evidence_never_raises_a_score(scores: list[int], evidence: str) -> None:
    held = raters.capped(scores, [evidence] * len(scores))
    assert (held <= np.array(scores)).all()
    assert (held <= raters.CAPS.get(evidence, 2)).all()


def test_caps_follow_the_scale() -> None:
    assert raters.capped([10], ["none"], top=10)[0] == pytest.approx(4)


@given(st.integers(2, 5), st.integers(1, 5))
def test_equal_ratings_agree_wholly(n: int, score: int) -> None:
    assert raters.rwg([score] * n, 5) == 1


def test_one_rating_has_no_agreement() -> None:
    with pytest.raises(Refuse, match="few_raters"):
        raters.rwg([3], 5)


# Definitions, sources, waves, leader, model -----------------------------------------------------


def test_definitions_are_counted() -> None:
    frame = pd.DataFrame({"respondent": list("abcd"), "answer": ["x", "x", "y", "z"]})
    found = diagnosis.definitions(Table.of(frame.assign(question="q1"), "assessment"))
    assert (found.outcome, found["definitions"], found["top"]) == ("several", 3, "x")
    # pairs of 4 people that agree: 1 of 6
    assert found.estimate("agreement").value == pytest.approx(1 / 6)
    alone = Table.of(frame.head(1).assign(question="q1"), "assessment")
    assert diagnosis.definitions(alone)["reason"] == "few_raters"


def log(rows: list[tuple[str, str, str, str]]) -> Table:
    frame = pd.DataFrame(rows, columns=["date", "kind", "what", "use"])
    return Table.of(frame.assign(owner="someone", cadence="monthly"), "log")


def test_the_unused_source_is_named() -> None:
    rows = [("2025-01-01", "source", "survey", "board"), ("2025-01-01", "source", "calls", "")]
    found = diagnosis.listening(log(rows))
    assert (found.outcome, found["unused"], found["idle"]) == ("unused", "calls", 1)
    assert diagnosis.listening(log(rows[:1])).outcome == "all_used"
    orphan = Table.of(log(rows[:1]).frame.assign(owner=None), "log")
    assert diagnosis.listening(orphan).outcome == "ownerless"
    assert diagnosis.listening(log([("2025-01-01", "wave", "1", "")]))["reason"] == "no_sources"


def test_a_wave_without_decision_is_idle_and_the_latest_is_not_judged() -> None:
    waves = [(f"202{k}-01-01", "wave", f"w{k}", "") for k in range(1, 4)]
    decision = ("2021-06-01", "decision", "desk", "")
    found = diagnosis.wave_ledger(log([*waves, decision]))
    assert (found.outcome, found["idle"], found["wave"]) == ("idle", 1, "w2")
    more = diagnosis.wave_ledger(log([*waves, decision, ("2022-06-01", "decision", "x", "")]))
    assert (more.outcome, more["decisions"]) == ("changed", 2)
    assert diagnosis.wave_ledger(log([decision]))["reason"] == "no_waves"


def test_earlier_waves_stay_as_they_were() -> None:
    answers = pd.DataFrame({"wave": ["w1"] * 40 + ["w2"] * 40, "nps": [10, 3] * 40})
    waves = log([(f"202{k}-01-01", "wave", f"w{k}", "") for k in (1, 2)])
    both = diagnosis.wave_ledger(waves, Table.of(answers, "responses")).table
    first = diagnosis.wave_ledger(waves, Table.of(answers.head(40), "responses")).table
    assert both is not None
    assert first is not None
    pd.testing.assert_frame_equal(both.head(1), first.head(1))


def areas(function: str, boss: str | None) -> Table:
    rows = [
        ("direction", "direction", None, False), ("service", "service", "direction", True),
        ("quality", function, boss, False),
    ]  # fmt: skip
    columns = ["department", "function", "reports_to", "is_service"]
    return Table.of(pd.DataFrame(rows, columns=columns), "departments")


@pytest.mark.parametrize(
    ("function", "boss", "outcome"),
    [
        ("experience", "direction", "leads_top"),
        ("experience", None, "leads_top"),
        ("experience", "service", "under_service"),
        ("cx", "quality_board", "leads_top"),
        ("quality", "direction", "leaderless"),
    ],
)
def test_who_leads(function: str, boss: str | None, outcome: str) -> None:
    assert diagnosis.leadership(areas(function, boss)).outcome == outcome


def test_the_vision_of_two_people_is_not_told() -> None:
    few = assessment({"vision": [4, 5]})
    assert "vision" not in diagnosis.leadership(areas("cx", "direction"), few).values
    three = assessment({"vision": [4, 4, 4]})
    assert diagnosis.leadership(areas("cx", "direction"), three)["vision"] == 1


@pytest.mark.parametrize(
    ("model", "outcome", "share"),
    [({}, "generic", 1.0), ({"factors": ["x"], "weights": {}}, "mixed", 0.75),
     (dict.fromkeys(diagnosis.PARTS, 1), "own", 0.0)],
)  # fmt: skip
def test_what_is_absent_is_generic(model: dict, outcome: str, share: float) -> None:
    found = diagnosis.own_model(model)
    assert (found.outcome, found.estimate("share").value) == (outcome, share)
