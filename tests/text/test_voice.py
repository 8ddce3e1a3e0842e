"""A voice: names, lists, titles and what a reader sees of a key."""

from types import SimpleNamespace

import pytest

from cxlib.core import Estimate
from cxlib.text import BLOCKS, Voice, formats


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ("Instalación", "Ventas e Instalación"),
        ("Historia", "Ventas e Historia"),
        ("Hielo", "Ventas y Hielo"),
        ("Facturación", "Ventas y Facturación"),
    ],
)
def test_and_changes_before_the_sound_of_i(other: str, said: str) -> None:
    template = "{one} y {other} se hablan"
    values = {"one": "Ventas", "other": other}
    assert Voice("es").template(template, values) == f"{said} se hablan"
    assert Voice("en").template("{one} y {other}", values) == f"Ventas y {other}"
    assert formats.joined(["Ventas", other], "es") == said


def test_a_finding_is_named_by_its_title_never_by_its_key() -> None:
    values = {
        "strongest": "weak_money", "finding": "forecast", "objections": 1, "findings": 9,
        "conceded": 1, "answered": 0, "number": Estimate(1e9, unit="money", n=10),
    }  # fmt: skip
    said = SimpleNamespace(
        id="objections", outcome="objections", grade="D", values=values, caveats=()
    )
    for language in ("es", "en"):
        sentence = Voice(language, "CO", "COP").sentence(said)
        assert BLOCKS["forecast"].title[language] in sentence
        assert "forecast" not in sentence.replace(BLOCKS["forecast"].title[language], "")
        assert "1.000" not in sentence


def test_a_row_without_a_grade_has_no_evidence_and_is_no_refusal() -> None:
    assert Voice("es").cell("grade", "none") == "Sin evidencia"
    assert Voice("es").cell("grade", "B") == "Panel con rezago"
    assert Voice("en").cell("grade", "C") == "Association"


def test_a_promise_is_said_as_people_say_it() -> None:
    assert Voice("es").cell("promise", "kind") == "amable"
    assert Voice("es").heading("kind") == "Clase"
