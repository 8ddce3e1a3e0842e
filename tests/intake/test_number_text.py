import math

import pandas as pd
import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from cxlib.intake.number_text import to_numbers


def read(*texts: str, **declared: str) -> list[float | None]:
    found = to_numbers(pd.Series(list(texts), dtype="str"), **declared)  # type: ignore[arg-type]
    return [None if math.isnan(value) else float(value) for value in found.values]


def test_a_lone_group_of_three_is_asked_about() -> None:
    found = to_numbers(pd.Series(["1.234", "5"], dtype="str"))
    assert found.ambiguous.tolist() == [True, False]
    assert to_numbers(pd.Series(["12,345"], dtype="str")).ambiguous.all()


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (("1.234", "2.5"), [1.234, 2.5]),  # another cell proves the point decimal
        (("1.234", "2,5"), [1234, 2.5]),  # another proves the comma decimal
        (("1.234.567",), [1234567]),  # two groups can only be thousands
        (("0.123",), [0.123]),  # no group begins with zero
        (("1234.567",), [1234.567]),  # nor has four digits before it
        (("1.234,50", "(3)", "12,5 %", "$ 1.000,00", "7-"), [1234.5, -3, 12.5, 1000, -7]),
        (("1 234,5", "−5"), [1234.5, -5]),
        (("US$ 5.00", "CLP 3", "3 USD", "S/ 7"), [5, 3, 3, 7]),
        (("5", "abc", "5..3"), [5, None, None]),
    ],
)
def test_the_column_proves_its_mark(texts: tuple[str, ...], values: list[float | None]) -> None:
    assert read(*texts) == values


def test_a_declared_mark_decides_and_the_other_writing_fails() -> None:
    assert read("1.234", decimal=",") == [1234]
    assert read("1.234", decimal=".") == [1.234]
    assert read("2,5", "1,234.56", decimal=",") == [2.5, None]
    assert read("1'234.5", "1,234", decimal=".", thousands="'") == [1234.5, None]


def test_columns_that_prove_both_marks_are_asked_about() -> None:
    assert to_numbers(pd.Series(["1.5", "1,5", "7"], dtype="str")).ambiguous.tolist() == [
        True, True, False,
    ]  # fmt: skip


@given(
    st.integers(-(10**9), 10**9), st.sampled_from(["es_CL", "es_MX", "en_US", "es_ES", "es_419"])
)
def test_numbers_written_by_a_country_read_back(cents: int, where: str) -> None:
    value = cents / 100
    text = format_decimal(value, format="#,##0.00", locale=where)
    decimal = "," if where in {"es_CL", "es_ES"} else "."
    assert read(text, decimal=decimal) == [value]
    assert read(text) == [value]  # two decimals prove the mark


@given(st.text(max_size=12))
def test_no_text_makes_it_fail_or_infinite(text: str) -> None:
    found = to_numbers(pd.Series([text], dtype="str"))
    assert found.failed[0] or found.ambiguous[0] or math.isfinite(found.values[0])
