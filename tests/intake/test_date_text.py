from datetime import UTC, date, datetime, timedelta, timezone

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.intake.date_text import order_of, to_dates


def read(*texts: str, **options: object) -> list[str | None]:
    found = to_dates(pd.Series(list(texts), dtype="str"), **options)  # type: ignore[arg-type]
    return [None if pd.isna(v) else v.isoformat() for v in found.values]


def test_both_readings_possible_is_asked_about() -> None:
    found = to_dates(pd.Series(["03/04/2024", "04/04/2024", "2024-05-06"], dtype="str"))
    assert found.ambiguous.tolist() == [True, False, False]  # 4 April is the same both ways


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-03-05", "2024-03-05T00:00:00"),
        ("2024/3/5 7:08", "2024-03-05T07:08:00"),
        ("5 de marzo de 2024", "2024-03-05T00:00:00"),
        ("8-mar-2024", "2024-03-08T00:00:00"),
        ("ene-24", "2024-01-01T00:00:00"),
        ("Mar 5, 2024 1:02:03 PM", "2024-03-05T13:02:03"),
        ("Sept-24", "2024-09-01T00:00:00"),
        ("dic. 2023", "2023-12-01T00:00:00"),
        ("01/2024", "2024-01-01T00:00:00"),
        ("2024-07", "2024-07-01T00:00:00"),
        ("2024-01-05T10:00:00+01:00", "2024-01-05T09:00:00"),
        ("2024-01-05T10:00:00.250Z", "2024-01-05T10:00:00.250000"),
        ("25/12/2024 10:05:00 p. m.", "2024-12-25T22:05:00"),
        ("25/12/2024 12:05 am", "2024-12-25T00:05:00"),
    ],
)
def test_ways_to_write_a_moment(text: str, moment: str) -> None:
    assert read(text, order="dmy") == [moment]


def test_what_the_calendar_does_not_hold_fails() -> None:
    texts = ["31/02/2024", "00/00/0000", "29/02/2023", "03/25/2024", "soon", "20240101", "45357"]
    found = to_dates(pd.Series(texts, dtype="str"), order="dmy")
    assert found.failed.all()


def test_an_exact_format_decides() -> None:
    assert read("25.12.23", pattern="%d.%m.%y") == ["2023-12-25T00:00:00"]


def test_orders_that_texts_prove() -> None:
    assert order_of(pd.Series(["03/04/2024", "25/03/2024"])) == "dmy"
    assert order_of(pd.Series(["03/25/2024"])) == "mdy"
    assert order_of(pd.Series(["03/25/2024", "25/03/2024"])) == "both"
    assert order_of(pd.Series(["2024-03-25"])) == ""


def test_clock_changes_in_madrid() -> None:
    texts = ["2024-03-31 02:30:00", "2024-10-27 02:30:00", "2024-10-27 04:00:00"]
    found = to_dates(pd.Series(texts, dtype="str"), timezone="Europe/Madrid")
    assert found.never.tolist() == [True, False, False]
    assert found.twice.tolist() == [False, True, False]
    assert found.values[1] == pd.Timestamp("2024-10-27 00:30")  # the first of the two, in UTC


def test_a_local_day_is_the_day_of_the_zone() -> None:
    late = "2024-03-06T04:30:00Z"
    assert read(late, timezone="America/Bogota", local=True) == ["2024-03-05T23:30:00"]
    assert read("2024-03-05T23:30:00-05:00", local=True) == ["2024-03-05T23:30:00"]


@given(st.dates(date(1900, 1, 2), date(2060, 1, 1)), st.sampled_from(["dmy", "mdy", "ymd"]))
def test_days_written_in_an_order_read_back(day: date, order: str) -> None:
    shapes = {"dmy": "%d/%m/%Y", "mdy": "%m/%d/%Y", "ymd": "%Y/%m/%d"}
    written = day.strftime(shapes[order]) if day.year >= 1000 else day.isoformat()
    assert read(written, order=order) == [f"{day.isoformat()}T00:00:00"]


@given(
    st.datetimes(datetime(1950, 1, 1), datetime(2060, 1, 1)),
    st.integers(-12 * 60, 14 * 60),
)
def test_instants_with_a_zone_read_back_in_utc(moment: datetime, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    utc = moment.replace(microsecond=0, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
    text = moment.replace(microsecond=0, tzinfo=zone).isoformat()
    assert read(text) == [utc.isoformat()]


@given(st.text(max_size=20))
def test_no_text_makes_it_crash(text: str) -> None:
    found = to_dates(pd.Series([text], dtype="str"))
    assert found.failed[0] or found.ambiguous[0] or found.values.notna()[0]
