import gzip
import io
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from cxlib.core import Problem
from cxlib.intake.engagement import Block
from cxlib.intake.raw import Raw, Unreadable
from cxlib.intake.read import read

WANT = {"id", "nps", "text", "día", "#1"}


def opened(path: Path, **block: object) -> Raw:
    return read(path, path.name, Block(file=path.name, **block), WANT)  # type: ignore[arg-type]


def verdict(path: Path, **block: object) -> Problem:
    with pytest.raises(Unreadable) as no:
        opened(path, **block)
    return no.value.problem


def written(folder: Path, data: str | bytes, name: str = "r.csv") -> Path:
    path = folder / name
    raw = data if isinstance(data, bytes) else data.encode()
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return path


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_delimiter_is_the_one_that_counts_alike(tmp_path: Path, mark: str, end: str) -> None:
    lines = [f"id{mark}nps{mark}text", f"1{mark}9{mark}a", f'0012{mark}0{mark}"x{mark}y"']
    raw = opened(written(tmp_path, end.join(lines) + end))
    assert raw.cells["id"].tolist() == ["1", "0012"]
    assert raw.cells["text"].tolist() == ["a", f"x{mark}y"]


def test_ids_that_readers_lose_survive(tmp_path: Path) -> None:
    raw = opened(written(tmp_path, "id,nps\nNA,1.234\n0012,\nnull,None\n1E5,1\n"))
    assert raw.cells["id"].tolist() == ["NA", "0012", "null", "1E5"]
    assert raw.cells["nps"].tolist() == ["1.234", "", "None", "1"]


def test_rows_are_physical_lines(tmp_path: Path) -> None:
    raw = opened(written(tmp_path, 'id,text\n1,"a\nb\nc"\n\n2,d\n'))
    assert raw.rows.tolist() == [2, 6]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("\ufeffid,día\n1,ñ\n".encode(), "utf-8-sig"),
        ("id,día\n1,ñ\n".encode("utf-16"), "utf-16"),
        ("id\tdía\n1\tñ\n".encode("utf-16"), "utf-16"),
        ("id,día\n1,ñ\n".encode(), "utf-8"),
        ("id,día\n1,ñ–€\n".encode("cp1252"), "cp1252"),
        ("sep=;\nid;día\n1;ñ\n".encode(), "utf-8"),
        ("id,di\u0301a\u00a0\n1,ñ\n".encode(), "utf-8"),
    ],
)
def test_marks_and_encodings(tmp_path: Path, data: bytes, encoding: str) -> None:
    raw = opened(written(tmp_path, data))
    assert raw.cells["día"].iloc[0].startswith("ñ")
    assert raw.facts["encoding"] == encoding
    assert [p.rule for p in raw.problems] == (["encoding.assumed"] if encoding == "cp1252" else [])


def test_a_declared_encoding_is_obeyed_or_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "id,día\n1,ñ\n".encode("mac_roman"))
    assert opened(path, encoding="mac_roman").cells["día"].tolist() == ["ñ"]
    assert verdict(path, encoding="utf-8").rule == "encoding.invalid"


@pytest.mark.parametrize(
    ("data", "rule", "row"),
    [
        ("id,día\n1,ñ\n2,ñ\n".encode() + "3,ñ\n".encode("cp1252"), "encoding.mixed", 4),
        (b"id,nps\n1,9\n\0\0\0,2\n", "text.nul", 3),
        (b'id,text\n1,a\n2,"open\n3,b\n', "csv.unbalanced_quote", 3),
        (b"id,nps\n", "table.empty", None),
        (b"", "table.empty", None),
        (b"PK\x03\x04rest", "file.wrong_type", None),
        ((",".join(f"c{i}" for i in range(2001)) + "\n").encode(), "columns.too_many", 1),
    ],
)
def test_text_files_that_give_nothing(
    tmp_path: Path, data: bytes, rule: str, row: int | None
) -> None:
    problem = verdict(written(tmp_path, data))
    assert (problem.rule, problem.row) == (rule, row)


def test_records_of_another_length_are_listed(tmp_path: Path) -> None:
    raw = opened(written(tmp_path, "id;text;nps\n1;a;9\n2;Mal; muy mal;0\n3;b\n4;c;8\n"))
    assert raw.cells["id"].tolist() == ["1", "4"]
    assert [(p.rule, p.row, p.values) for p in raw.problems] == [
        ("columns.shifted", 3, ("2;Mal; muy mal;0",)),
        ("columns.shifted", 4, ("3;b",)),
    ]


def test_an_unnamed_column_has_a_number(tmp_path: Path) -> None:
    assert opened(written(tmp_path, '"",nps\n7,9\n')).cells["#1"].tolist() == ["7"]


def test_the_head_may_stand_lower(tmp_path: Path) -> None:
    raw = opened(written(tmp_path, "Informe\n\nid,nps\n1,9\n"), header_row=3)
    assert (raw.heads, raw.rows.tolist()) == (["id", "nps"], [4])


def test_qualtrics_has_two_more_heads(tmp_path: Path) -> None:
    text = 'id,nps\n"Response\nID",How likely?\n"{""ImportId"":""_recordId""}",x\nR_1,9\n'
    raw = opened(written(tmp_path, text), platform="qualtrics")
    assert raw.cells["id"].tolist() == ["R_1"]
    assert raw.rows.tolist() == [5]


def test_gzip_is_counted_while_it_inflates(tmp_path: Path) -> None:
    assert opened(written(tmp_path, "id,nps\n1,9\n", "r.csv.gz")).cells["id"].tolist() == ["1"]
    bomb = written(tmp_path, b"id\n" + b"0" * (60 << 20), "bomb.csv.gz")
    assert verdict(bomb).rule == "file.too_big_expanded"
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(b"id,nps\n" + bytes(range(48, 58)) * 500)[:-9])
    assert verdict(cut).rule == "file.truncated"


def workbook(path: Path, sheets: dict[str, list[list[object]]], hidden: str = "") -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
        page.sheet_state = "hidden" if name == hidden else "visible"
    book.save(path)
    return path


ROWS: list[list[object]] = [
    ["id", "nps", "día"], ["NA", 9, datetime(2024, 3, 5)], [12, 4.5, "7/3/2024"],
    [None, True, None],
]  # fmt: skip


def test_a_workbook_is_text_and_its_numbers_are_exact(tmp_path: Path) -> None:
    raw = opened(workbook(tmp_path / "r.xlsx", {"Datos": ROWS}))
    assert raw.cells["id"].tolist() == ["NA", "12", ""]
    assert raw.cells["nps"].tolist() == ["9", "4.5", "TRUE"]
    assert raw.cells["día"].tolist() == ["2024-03-05", "7/3/2024", ""]
    assert raw.exact["nps"].tolist() == [True, True, False]
    assert (raw.sheet, raw.rows.tolist()) == ("Datos", [2, 3, 4])


def test_sheets_are_named_or_asked_for(tmp_path: Path) -> None:
    two = workbook(tmp_path / "two.xlsx", {"Enero": ROWS, "Febrero": ROWS[:2]})
    asked = verdict(two)
    assert (asked.rule, asked.values) == ("sheet.ambiguous", ("Enero", "Febrero"))
    assert len(opened(two, sheet="Febrero").rows) == 1
    assert verdict(two, sheet="Marzo").rule == "sheet.missing"
    past = workbook(tmp_path / "past.xlsx", {"Viejo": ROWS, "Hoy": ROWS[:2]}, hidden="Viejo")
    raw = opened(past)
    assert (raw.sheet, [p.rule for p in raw.problems]) == ("Hoy", ["sheet.hidden"])


def test_workbooks_that_are_none(tmp_path: Path) -> None:
    ole = written(tmp_path, b"\xd0\xcf\x11\xe0" + b"\0" * 600, "locked.xlsx")
    assert verdict(ole).rule == "file.encrypted"
    assert verdict(written(tmp_path, "<html>", "page.xls")).rule == "file.wrong_type"
    assert verdict(written(tmp_path, "x", "r.docx")).rule == "file.unknown_type"
    assert verdict(written(tmp_path, "x", "r")).rule == "file.unknown_type"
    good = workbook(tmp_path / "good.xlsx", {"A": ROWS}).read_bytes()
    evil = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(evil, "w") as new:
        for part in old.infolist():
            data = old.read(part)
            if part.filename.endswith("sheet1.xml"):
                data = b'<!DOCTYPE x [<!ENTITY a "b">]>' + data
            new.writestr(part.filename, data)
    assert verdict(written(tmp_path, evil.getvalue(), "evil.xlsx")).rule == "xml.entities"


def test_parquet_keeps_what_it_holds(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"id": ["NA", "0012"], "nps": [9.0, None], "día": [date(2024, 3, 5), None], "x": [1, 2]}
    )
    frame.to_parquet(tmp_path / "r.parquet")
    raw = opened(tmp_path / "r.parquet")
    assert raw.cells.to_dict("list") == {
        "id": ["NA", "0012"], "nps": ["9", ""], "día": ["2024-03-05", ""],
    }  # fmt: skip
    assert raw.exact["nps"].all()
    assert raw.heads == ["id", "nps", "día", "x"]


def test_spss_brings_its_missing_codes_and_labels(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": [1.0, 2, 3], "nps": [9.0, 99, 4], "text": ["a", "", "c"]})
    pyreadstat.write_sav(
        frame, tmp_path / "r.sav", missing_ranges={"nps": [{"lo": 98, "hi": 99}]},
        variable_value_labels={"nps": {99.0: "NS/NC"}},
    )  # fmt: skip
    raw = opened(tmp_path / "r.sav")
    assert raw.cells["id"].tolist() == ["1", "2", "3"]
    assert raw.coded["nps"].tolist() == [False, True, False]
    assert raw.labels["nps"] == {"99": "NS/NC"}


LOG = """<?xml version="1.0"?>{doctype}
<log><string key="concept:name" value="of the log"/>
<trace><string key="concept:name" value="NA"/>
<event><string key="id" value="e1"/><string key="nps" value="Accepted">
<string key="nested" value="no"/></string></event>
<event><string key="id" value="e2"/></event></trace>
<trace><event><string key="id" value="e3"/></event></trace></log>"""


def test_an_event_log_gives_events_and_their_trace(tmp_path: Path) -> None:
    path = written(tmp_path, LOG.format(doctype=""), "log.xes.gz")
    raw = read(path, "log.xes.gz", Block(file="x"), {"id", "nps", "case:concept:name"})
    assert raw.cells["id"].tolist() == ["e1", "e2", "e3"]
    assert raw.cells["nps"].tolist() == ["Accepted", "", ""]
    assert raw.cells["case:concept:name"].tolist() == ["NA", "NA", ""]
    assert "nested" not in raw.heads


def test_an_event_log_declares_no_entities(tmp_path: Path) -> None:
    evil = LOG.format(doctype='<!DOCTYPE log [<!ENTITY a "b">]>')
    assert verdict(written(tmp_path, evil, "log.xes")).rule == "xml.entities"
    assert verdict(written(tmp_path, LOG.format(doctype="")[:-20], "cut.xes")).rule == (
        "file.truncated"
    )
    assert verdict(written(tmp_path, "<log></log>", "none.xes")).rule == "table.empty"
