"""The wrapper rules over Babel, one test each, a line per country."""

import pytest

from cxlib.core import Estimate
from cxlib.text import Voice, formats
from cxlib.text.formats import MINUS, NBSP

MONEY = Estimate(16_000_000, 11_800_000, 20_400_000, "money_year", 48_210)


@pytest.mark.parametrize(
    ("country", "printed"),
    [
        ("MX", "1,234,567.89"),
        ("PE", "1,234,567.89"),
        ("CO", "1.234.567,89"),
        ("AR", "1.234.567,89"),
        ("CL", "1.234.567,89"),
        ("ES", "1.234.567,89"),
    ],
)
def test_numbers_by_country(country: str, printed: str) -> None:
    assert formats.number(1234567.89, 2, formats.locale("es", country)) == printed


def test_halves_go_away_from_zero_where_babel_goes_to_even() -> None:
    assert formats.number(12.5, 0, "es_CO") == "13"
    assert formats.number(-12.5, 0, "es_CO") == f"{MINUS}13"
    assert formats.number(0.125, 2, "en_US") == "0.13"


def test_spain_leaves_four_digits_ungrouped_in_prose_alone() -> None:
    assert formats.number(1234.5, 1, "es_ES") == "1234,5"
    assert formats.number(1234.5, 1, "es_ES", in_table=True) == "1.234,5"
    assert formats.number(12345, 0, "es_ES") == "12.345"


def test_percent_takes_a_space_in_spain_alone() -> None:
    share = Estimate(0.61, 0.59, 0.63, "share", 500)
    assert Voice("es", "ES", "EUR").value(share) == f"61{NBSP}%"
    assert Voice("es", "CL", "CLP").value(share) == "61%"
    assert Voice("en", "ES", "EUR").value(share) == "61%"


def test_a_large_base_earns_one_decimal_of_a_share() -> None:
    assert Voice("es", "CO").value(Estimate(0.614, 0.6, 0.63, "share", 5000)) == "61,4%"


def test_money_is_said_in_millions_with_its_currency_in_words_or_code() -> None:
    assert Voice("es", "MX", "MXN").value(MONEY) == f"16.0{NBSP}millones de{NBSP}pesos al año"
    assert Voice("en", "MX", "MXN").value(MONEY) == f"MXN{NBSP}16.0{NBSP}million a year"
    assert Voice("es", "MX", "MXN").interval(MONEY) == f"11.8{NBSP}a{NBSP}20.4"
    large = Estimate(1.6e9, 1.18e9, 2.04e9, "money", 10)
    assert Voice("es", "CO", "COP").value(large) == f"1.600{NBSP}millones de{NBSP}pesos"


def test_thousands_are_never_abbreviated() -> None:
    assert Voice("es", "CO", "COP").value(Estimate(850_300, unit="money", n=1)) == (
        f"850.000{NBSP}pesos"
    )


def test_english_keeps_the_point_whatever_the_country() -> None:
    score = Estimate(3.17, 2.9, 3.5, "scale", 600)
    assert Voice("en", "CO").value(score) == f"3.2{NBSP}points"
    assert Voice("es", "CO").value(score) == f"3,2{NBSP}puntos"


def test_one_is_singular() -> None:
    assert Voice("es", "CO").value(Estimate(1, unit="points", n=100)) == f"1{NBSP}punto"
    assert Voice("en", "CO").value(Estimate(-1, unit="months", n=100)) == f"{MINUS}1{NBSP}month"


@pytest.mark.parametrize(
    ("items", "said"),
    [
        (["Ana", "Inés"], "Ana e Inés"),
        (["agua", "hielo"], "agua y hielo"),
        (["padre", "hijo"], "padre e hijo"),
        (["a", "b", "c"], "a, b y c"),
        (["solo"], "solo"),
    ],
)
def test_lists_in_spanish(items: list[str], said: str) -> None:
    assert Voice("es").list(items) == said


def test_lists_in_english_take_the_comma_from_three_on() -> None:
    assert Voice("en").list(["a", "b"]) == "a and b"
    assert Voice("en").list(["a", "b", "c"]) == "a, b, and c"


@pytest.mark.parametrize("country", ["MX", "CL", "CO", "ES", "PE", "AR"])
def test_dates_are_written_out(country: str) -> None:
    assert Voice("es", country).date("2026-03-09") == "9 de marzo de 2026"
    assert Voice("es", country).month("2026-03-01") == "marzo de 2026"


def test_dates_in_english() -> None:
    assert Voice("en", "CO").date("2026-03-09") == "March 9, 2026"
    assert Voice("en", "CO").month("2026-03-01") == "March 2026"


def test_an_unknown_country_falls_back_to_latin_american_spanish() -> None:
    assert formats.locale("es", "ZZ") == "es_419"


def test_absolute_ends_of_a_fall_are_in_order_and_touch_zero_when_it_is_inside() -> None:
    voice = Voice("es", "CO")
    fall = Estimate(-8, -13, -3, "points", 900)
    assert [voice.value(fall, p) for p in ("abs", "abs_low", "abs_high")] == [
        f"8{NBSP}puntos",
        "3",
        "13",
    ]
    assert voice.value(Estimate(-1, -5, 3, "points", 900), "abs_low") == "0"
