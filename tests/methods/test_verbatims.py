import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.core import Refuse, Table
from cxlib.methods import verbatims

SIDES = ("helped", "hindered")


def table(texts: list[tuple[str, str, str]], **more: object) -> Table:
    frame = pd.DataFrame(texts, columns=["customer_id", "question", "text"])
    frame["response_id"] = [f"r{k}" for k in range(len(frame))]
    return Table.of(frame.assign(**more), "verbatims")


def world(helped: str = "la asesora fue amable", hindered: str = "el cobro no coincide") -> list:
    rows = [(f"p{k}", "helped", helped) for k in range(60)]
    rows += [(f"p{k}", "helped", "la visita llegó bien") for k in range(60, 80)]
    rows += [(f"p{k}", "hindered", hindered) for k in range(70)]
    return [*rows, *((f"p{k}", "hindered", "la visita tardó") for k in range(70, 80))]


def test_the_words_most_people_use_are_named_as_they_write_them() -> None:
    found = verbatims.helped_hindered(table(world("la asesóra fue amable")))
    assert (found.outcome, found["top_helped"]) == ("both", "amable")
    assert found.estimate("helped_share").value == pytest.approx(60 / 80)
    assert found.estimate("hindered_share").value == pytest.approx(70 / 80)
    assert found.table is not None
    assert "asesóra" in set(found.table["term"])
    assert "no coincide" in set(found.table["term"])


def test_one_furious_writer_counts_once() -> None:
    angry = [("p0", "hindered", "factura factura factura")] * 40
    found = verbatims.helped_hindered(table([*world(), *angry]))
    assert found.table is None or "factura" not in set(found.table["term"])


def test_equal_texts_tell_nothing_apart() -> None:
    rows = [(f"p{k}", side, "la visita fue larga") for k in range(50) for side in SIDES]
    found = verbatims.helped_hindered(table(rows))
    assert found.outcome == "none"


def test_languages_are_not_pooled() -> None:
    english = [(f"e{k}", "helped", "the agent was very kind to us") for k in range(30)]
    found = verbatims.helped_hindered(table([*world(), *english]))
    assert {"key": "texts_other_language", "texts": 30} in found.caveats
    assert found["people_helped"] == 80


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("la app no funciona y nadie contesta", "es"),
        ("the app does not work and nobody answers", "en"),
        ("ok", ""),
        ("", ""),
    ],
)
def test_language_of_a_text(text: str, language: str) -> None:
    assert verbatims.language(text) == language


def test_negations_bind_and_accents_fold_but_not_the_tilde_of_n() -> None:
    found = verbatims.terms("NO me FUNCIONÓ la señal, nunca más volví; año", "es")
    assert found == {"no funciono": "no funcionó", "señal": "señal", "nunca volvi": "nunca volví"}
    assert verbatims.fold("Ñandú") == "ñandu"
    assert verbatims.terms("it doesn't work", "en") == {"doesnt work": "doesn't work"}


def test_a_question_without_texts_is_refused() -> None:
    found = verbatims.helped_hindered(table(world()[:80]))
    assert (found["reason"], found["missing"]) == ("question_missing", "hindered")


@given(st.lists(st.integers(0, 40), min_size=4, max_size=4))
def test_swapping_the_sides_changes_the_sign(counts: list[int]) -> None:
    one, two = counts, counts[::-1]
    behind = np.array(one) + np.array(two) + 1
    delta, z = verbatims.contrast(one, two, behind, 10)
    other, other_z = verbatims.contrast(two, one, behind, 10)
    assert delta == pytest.approx(-other)
    assert z == pytest.approx(-other_z)


def test_a_flat_share_has_no_trend() -> None:
    chi2, p = verbatims.trend([10, 20, 40], [100, 200, 400])
    assert (chi2, p) == (pytest.approx(0), pytest.approx(1))
    with pytest.raises(Refuse, match="few_waves"):
        verbatims.trend([1], [2])


@settings(max_examples=30)
@given(st.lists(st.integers(1, 4), min_size=3, max_size=12).filter(lambda c: len(set(c)) > 1))
def test_raters_who_agree_reach_one(codes: list[int]) -> None:
    levels: list[verbatims.Level] = ["nominal", "ordinal", "interval", "ratio"]
    for level in levels:
        assert verbatims.krippendorff([codes, codes], level) == pytest.approx(1)


def test_one_code_used_by_all_is_refused() -> None:
    with pytest.raises(Refuse, match="one_code"):
        verbatims.krippendorff([[1, 1], [1, 1]])
    with pytest.raises(Refuse, match="one_code") as no:
        verbatims.kappa([[30, 0], [0, 0]])
    assert no.value.values["have"] == 1
