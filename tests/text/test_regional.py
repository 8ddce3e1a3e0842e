"""Words by country: whole words of ours alone, each with what agrees with it."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest

from cxlib.text import BLOCKS, Voice, catalogue
from cxlib.text.formats import NBSP
from cxlib.text.regional import regional

COUNTRIES = list(catalogue("regional"))
SHARED = ("words", "columns", "refusals", "caveats", "pages", "voice")
FEMININE = (
    "bajas|compañía|derivación|derivaciones|fuga|medición|mediciones|oleada|oleadas|palanca|queja|"
    "quejas|reclamación|reclamaciones|subida"
)
MASCULINE = (
    "aumento|autoservicio|coste|costes|departamento|departamentos|desfase|desfases|empleado|"
    "empleados|neutros|pase|pases|recorrido|recorridos|rendimiento|socio|socios|viaje|viajes"
)
HIS = r"(el|del|al|un|los|unos|otro|otros|mismo|mismos|pocos|muchos|todos|ninguno|conocidos|nuevo)"
HERS = r"(la|una|las|unas|otra|otras|misma|mismas|pocas|muchas|todas|ninguna|conocidas|esas|nueva)"


def ours() -> Iterator[str]:
    """Every Spanish template that a country may change."""
    for name in SHARED:
        yield from (entry["es"] for entry in catalogue(name).values() if "es" in entry)
    for block in BLOCKS.values():
        outcomes = block.outcomes.values()
        said: Iterator[Any] = chain.from_iterable(
            (o.sentence, o.figure, o.label, o.lesson) for o in outcomes
        )
        for both in (block.title, block.subtitle, block.ask, *said):
            if both:
                yield both["es"]


@pytest.mark.parametrize("country", COUNTRIES)
def test_nothing_around_a_regional_word_disagrees_with_it(country: str) -> None:
    for text in ours():
        said = regional(text, country)
        if said != text:
            clash = rf"\b{HIS} ({FEMININE})\b|\b{HERS} ({MASCULINE})\b"
            assert not re.search(clash, said, re.IGNORECASE), said
            after = rf"\b({FEMININE}) \w+[aeiou]dos?\b|\b({MASCULINE}) \w+[aeiou]das?\b"
            assert not re.search(after, said), said
            assert not re.search(rf"\b({MASCULINE}) a otra\b", said), said


@pytest.mark.parametrize("country", COUNTRIES)
def test_no_neutral_word_is_left_where_the_country_has_another(country: str) -> None:
    single = [key for key in catalogue("regional")[country] if " " not in key]
    for text in ours():
        said = regional(text, country)
        left = [word for word in single if re.search(rf"\b{word}\b", said, re.IGNORECASE)]
        assert set(left) <= set(catalogue("regional")[country].values()), said


def test_capitals_are_kept_and_the_longest_phrase_goes_first() -> None:
    assert regional("Otras áreas, y un área por la que ya pasó", "ES") == (
        "Otros departamentos, y un departamento por el que ya pasó"
    )
    assert regional("El alza y las olas", "ES") == "La subida y las oleadas"


def test_parts_of_words_and_placeholders_stay() -> None:
    assert regional("Controlas {area}, español", "ES") == "Controlas {area}, español"


def test_a_country_speaks_only_in_our_words_never_in_the_client_s() -> None:
    names = {"wave_survey": {"es": "Encuesta de ola", "en": "Wave survey"}}
    voice = Voice("es", "MX", "MXN", names)
    assert voice.heading("wave") == "Medición"
    assert voice.word("wave_survey") == "Encuesta de ola"
    assert voice.word("reclamo de ola") == "reclamo de ola"
    assert voice.cell("topic", "La ola") == "La ola"
    assert Voice("es").heading("wave") == Voice("es", "EC").heading("wave") == "Ola"
    assert Voice("en", "MX").heading("wave") == "Wave"


def test_spain_parts_the_percent_sign_in_templates_too() -> None:
    assert Voice("es", "ES", "EUR").ui("ci_level", level=95) == f"IC 95{NBSP}%"
    assert Voice("es", "MX", "MXN").ui("ci_level", level=95) == "IC 95%"
    assert Voice("es", "ES", "EUR").heading("share") == "Parte, %"
