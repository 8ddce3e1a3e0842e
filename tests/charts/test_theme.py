"""Clients write names in any letters: a chart measures them all."""

import pytest

from cxlib.charts import theme


@pytest.mark.parametrize("letter", ["\u2008", "\ufffd", "中", "😀", "\n"])
def test_a_letter_that_our_font_has_not_is_measured_too(letter: str) -> None:
    assert theme.text_width(f"a{letter}b") > theme.text_width("ab")


def test_letters_of_the_font_keep_their_own_width() -> None:
    assert theme.text_width("W") > theme.text_width("i") > 0
    assert theme.text_width("ab") == pytest.approx(theme.text_width("a") + theme.text_width("b"))
