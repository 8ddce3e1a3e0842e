"""Every chart: what it draws is the table, what it says for who cannot see, how it ends badly."""

from __future__ import annotations

import importlib.util
import re
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

from cxlib import charts
from cxlib.charts import CHARTS, Cells, theme
from cxlib.charts.kinds import ColumnsMissingError
from cxlib.charts.labels import Box, leader, place
from cxlib.core import Estimate
from cxlib.findings import Finding
from cxlib.text import BLOCKS, Voice


def _samples() -> ModuleType:
    spec = importlib.util.spec_from_file_location("samples", Path(__file__).with_name("samples.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["samples"] = module
    spec.loader.exec_module(module)
    return module


samples = _samples()
KINDS = sorted(samples.SAMPLES)
VOICES = {"es": samples.ES, "en": samples.EN}


def drawn(kind: str, voice: Voice = samples.ES) -> charts.Chart:
    chart = CHARTS[kind](samples.SAMPLES[kind], voice)
    assert chart is not None
    return chart


def test_every_key_of_the_catalogue_has_its_chart_and_every_chart_a_sample() -> None:
    named = {block.chart for block in BLOCKS.values() if block.chart}
    assert named <= set(CHARTS)
    assert set(CHARTS) == set(KINDS)


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_chart_shows_rows_of_its_table_and_tells_its_extremes(kind: str, language: str) -> None:
    finding = samples.SAMPLES[kind]
    chart = drawn(kind, VOICES[language])
    assert finding.table is not None
    held = {tuple(row) for row in finding.table.astype(str).to_numpy().tolist()}
    assert {tuple(row) for row in chart.data.astype(str).to_numpy().tolist()} <= held
    words = chart.alt.split()
    assert len(words) <= 60
    assert re.search(r"\d", chart.alt)
    assert "_" not in chart.alt.replace(f"{kind}_sample", "")


@pytest.mark.parametrize("kind", KINDS)
def test_equal_charts_are_equal_bytes_and_hold_no_link(kind: str) -> None:
    first, second = drawn(kind).svg(), drawn(kind).svg()
    assert first == second
    assert b"<script" not in first
    assert b"<text" not in first  # letters are paths: the viewer needs no font


@pytest.mark.parametrize("kind", KINDS)
def test_no_rows_a_refusal_and_hidden_numbers_draw_nothing(kind: str) -> None:
    finding = samples.SAMPLES[kind]
    assert finding.table is not None
    draw = CHARTS[kind]
    assert draw(replace(finding, outcome="refused"), samples.ES) is None
    assert draw(replace(finding, table=None), samples.ES) is None
    assert draw(replace(finding, table=finding.table.head(0)), samples.ES) is None
    hidden = finding.table.astype(object).copy()
    for column in hidden.columns:
        if pd.api.types.is_numeric_dtype(finding.table[column]):
            hidden[column] = None
    assert draw(replace(finding, table=hidden), samples.ES) is None


@pytest.mark.parametrize("kind", KINDS)
def test_one_row_long_names_and_seven_digits_still_fit(kind: str) -> None:
    finding = samples.SAMPLES[kind]
    assert finding.table is not None
    table = finding.table.copy()
    texts = [c for c in table.columns if table[c].map(lambda x: isinstance(x, str)).any()]
    name = texts[0] if texts else "verdict"
    long = "Reposición del equipo por avería fuera del plazo de garantía acordado con la sucursal"
    if name not in {"verdict", "month", "hand_offs", "case"}:
        table[name] = [f"{long} {k}" for k in range(len(table))]
    if "n" in table:
        table["n"] = 1_234_567
    for rows in (len(table), 1):
        chart = CHARTS[kind](replace(finding, table=table.head(rows)), samples.ES)
        assert chart is None or len(chart.svg()) > 1_000


def test_a_table_without_the_columns_of_its_chart_is_named() -> None:
    table = pd.DataFrame({"topic": ["refund"], "gap": [1.0]})
    finding = replace(samples.SAMPLES["ranked"], table=table)
    with pytest.raises(ColumnsMissingError, match=r"ranked_sample.*noise, verdict.*topic, gap"):
        CHARTS["ranked"](finding, samples.ES)


def test_a_small_base_is_hollow_starred_or_not_a_number() -> None:
    table = pd.DataFrame(
        {
            "topic": ["refund", "claim", "visit"],
            "share": [0.4, 0.5, None],
            "share_low": [0.3, 0.3, None],
            "share_high": [0.5, 0.7, None],
            "n": [400, 44, 12],
        }
    )
    finding = replace(samples.SAMPLES["dots"], table=table)
    chart = CHARTS["dots"](finding, samples.ES)
    assert chart is not None
    texts = [text.get_text() for text in chart.figure.texts]
    assert any(text.endswith("*") for text in texts)
    assert "base n = 12" in texts
    marks = [c for c in chart.figure.axes[0].collections if len(c.get_facecolor())]
    faces = [mark.get_facecolor()[0][:3].tolist() for mark in marks]
    assert [1.0, 1.0, 1.0] in faces  # the white heart of a hollow mark


def test_an_undecided_row_is_hollow_and_only_what_is_named_is_brick() -> None:
    lines = drawn("dumbbell").figure.axes[0].collections
    assert lines
    chart = drawn("gap_importance")
    brick = [t.get_text() for t in chart.figure.texts if t.get_color() == theme.BRICK]
    assert len([text for text in brick if text != samples.ES.ui("corner_act").upper()]) <= 2


@pytest.mark.parametrize("kind", ["interaction"])
def test_series_differ_without_colour(kind: str) -> None:
    lines = [line for line in drawn(kind).figure.axes[0].get_lines() if len(line.get_xdata()) > 1]
    assert len({str(line.get_linestyle()) for line in lines}) == len(lines) > 1


# Tokens ---------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    "colour", [theme.INK, theme.TEXT, theme.MUTED, theme.NAVY, theme.BRICK, theme.LINK]
)
def test_text_can_be_read(colour: str) -> None:
    assert contrast(colour, theme.WHITE) >= 4.5
    assert contrast(colour, theme.PANEL) >= 4.5


@pytest.mark.parametrize("colour", [*theme.CATEGORIES, theme.GREY])
def test_marks_can_be_seen(colour: str) -> None:
    assert contrast(colour, theme.WHITE) >= 2.95


def test_numbers_can_be_read_on_every_step_of_the_scale() -> None:
    for step, colour in enumerate(theme.SEQUENTIAL):
        assert contrast(theme.WHITE if step >= 3 else theme.INK, colour) >= 4.5


# Cells ----------------------------------------------------------------------------------------


def test_a_cell_has_the_digits_of_its_sentence() -> None:
    table = pd.DataFrame(
        {
            "topic": ["refund", "claim"],
            "share": [0.2449, 0.61],
            "share_low": [0.2, 0.5],
            "share_high": [0.3, 0.7],
            "n": [1500, 90],
        }
    )
    cells = Cells(table, samples.ES)
    for row, base in ((0, 1500), (1, 90)):
        whole = Estimate(float(table["share"][row]), 0.2, 0.3, "share", base)
        assert cells.text("share", row) + "%" == samples.ES.value(whole)
    assert cells.pad("share", 0) == ""
    assert len(cells.pad("share", 1)) == 2


def test_an_interval_is_named_by_its_own_confidence() -> None:
    finding = samples.SAMPLES["value_effort"]
    value = Estimate(5.1e9, 3.4e9, 6.8e9, "money", 9000, confidence=0.8)
    cells = Cells.of(replace(finding, values={"npv": value}), samples.EN)
    assert cells.ci("npv") == "80% CI"


def test_missing_and_hidden_are_not_the_same() -> None:
    table = pd.DataFrame({"topic": ["a", "b"], "share": [None, None], "n": [40.0, None]})
    cells = Cells(table, samples.ES)
    assert [cells.text("share", row) for row in (0, 1)] == ["–", "·"]


# Names ----------------------------------------------------------------------------------------


def test_names_stay_inside_and_apart() -> None:
    frame = Box(0, 0, 150, 90)
    points = [(20.0, 40.0), (24.0, 41.0), (140.0, 10.0)]
    names = ["Reembolso", "Reclamo de factura", "Visita técnica en el hogar"]
    marks = [Box(x - 2, y - 2, x + 2, y + 2) for x, y in points]
    placed = place(names, points, marks, frame)
    boxes = [
        Box(x, y - 2, x + theme.text_width(name), y + 2)
        for name, (x, y) in zip(names, placed, strict=True)
    ]
    for k, box in enumerate(boxes):
        assert box.overlap(frame) == pytest.approx((box.right - box.left) * 4)
        assert all(box.overlap(other) == 0 for other in [*boxes[k + 1 :], *marks])


def test_a_name_breaks_into_lines_that_fit() -> None:
    name = "Solución de fallas del servicio en el hogar"
    for room in (20.0, 30.0, 45.0, 90.0):
        lines = theme.wrapped(name, room).split("\n")
        assert len(lines) <= 2
        assert all(theme.text_width(line) <= room for line in lines)
    assert theme.wrapped(name, 90.0) == name


def test_the_sum_of_letters_is_the_width_that_is_drawn() -> None:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    font = FontProperties(family=list(theme.family()), size=9.2)
    ink = TextPath((0, 0), "Reclamo de factura", prop=font).get_extents().width / 72 * 25.4
    assert theme.text_width("Reclamo de factura") == pytest.approx(ink, rel=0.05)


def test_every_number_is_finite_on_an_axis_of_one_value() -> None:
    table = pd.DataFrame({"topic": ["a"], "share": [0.0], "n": [400]})
    chart = CHARTS["dots"](replace(samples.SAMPLES["dots"], table=table), samples.ES)
    assert chart is not None
    assert np.isfinite(chart.figure.axes[0].get_xlim()).all()


def test_grey_marks_are_explained_only_where_there_are_some() -> None:
    assert drawn("ranked").grey
    assert drawn("dumbbell").reading == "grey_line_note"
    finding = samples.SAMPLES["dots"]
    assert finding.table is not None
    sure = finding.table.head(2)
    assert not drawn_of(replace(finding, table=sure)).grey


def drawn_of(finding: Finding) -> charts.Chart:
    chart = CHARTS["dots"](finding, samples.ES)
    assert chart is not None
    return chart


def test_a_name_that_stands_away_has_a_line_to_its_mark() -> None:
    assert leader("Roaming", (52.0, 50.0), (50.0, 50.0)) is None
    line = leader("Roaming", (60.0, 60.0), (50.0, 50.0))
    assert line is not None
    (x0, y0), (x1, y1) = line
    assert 50 < x0 < x1 < 60
    assert 50 < y0 < y1 == 60


def test_an_importance_that_crosses_the_cut_is_hollow() -> None:
    finding = samples.SAMPLES["gap_importance"]
    assert finding.table is not None
    wide = finding.table.assign(importance_low=0.0, importance_high=1.0)
    chart = CHARTS["gap_importance"](replace(finding, table=wide), samples.ES)
    assert chart is not None
    (axes,) = chart.figure.axes
    marks = [c for c in axes.collections if isinstance(c, PathCollection)]
    hearts = {tuple(colour) for mark in marks for colour in mark.get_facecolor()}
    assert hearts == {(1.0, 1.0, 1.0, 1.0)}
