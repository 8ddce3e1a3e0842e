import json
import math
import stat
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest

from cxlib.core import TABLES
from cxlib.intake import load, save
from cxlib.store import read_tables

SURVEY = """\
id,cliente,fecha,nps,csat,seg,texto
NA,C1,25/03/2024,9,Muy satisfecho,Norte,Todo bien
0012,C2,03/04/2024,0,Mal,Norte,
3,C1,,99,Regular,,nc
"""
BLOCK = """\
mapping: {response_id: id, customer_id: cliente, date: fecha, nps: nps, csat: csat, segment: seg}
labels: {csat: {muy satisfecho: 5, Mal: 1}}
missing_codes: {nps: {99: dont_know}}
set: {wave: 2}
"""


def column(intake, name: str, table: str = "responses") -> list[object]:
    values = intake.tables[table].frame[name]
    return [None if pd.isna(v) else v for v in values]


def test_a_survey_becomes_responses(responses, found) -> None:
    done = responses(SURVEY, BLOCK)
    assert not done.rejected
    assert column(done, "response_id") == ["NA", "0012", "3"]
    assert column(done, "nps") == [9, 0, None]
    assert column(done, "csat") == [5, 1, None]
    assert column(done, "wave") == ["2", "2", "2"]
    assert column(done, "segment") == ["Norte", "Norte", None]
    assert [str(d)[:10] if d else d for d in column(done, "date")] == [
        "2024-03-25", "2024-04-03", None,
    ]  # fmt: skip
    assert done.tables["responses"].scales == {"nps": (0, 10), "csat": (1, 5)}
    unknown = found(done, "label.unknown")[0]
    assert (unknown.severity, unknown.row, unknown.column, unknown.values) == (
        "quarantine", 4, "csat", ("Regular",),
    )  # fmt: skip
    assert found(done, "date.order_inferred")[0].why["order"] == "dmy"
    report = done.report["responses"]
    assert (report["rows_read"], report["rows_kept"]) == (3, 3)
    assert report["missing"] == {
        "nps": {"dont_know": 1}, "date": {"blank": 1}, "segment": {"blank": 1},
    }  # fmt: skip
    assert report["set_aside"] == {"label.unknown": 1}
    assert report["files"][0]["not_read"] == ["texto"]
    assert len(report["files"][0]["sha256"]) == 64


def test_ids_of_customers_become_pseudonyms_by_a_private_key(responses) -> None:
    done = responses(SURVEY, BLOCK)
    first, second, third = column(done, "customer_id")
    assert first == third != second
    assert "C1" not in str(first)
    again = responses(SURVEY, BLOCK)
    assert column(again, "customer_id") == [first, second, third]


def test_the_key_is_readable_by_its_owner_alone(make) -> None:
    folder = make("name: acme\nfiles: {responses: raw/r.csv}\n" + BLOCK, r=SURVEY)
    load(folder)
    key = folder / "private" / "key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    load(folder)
    assert key.read_bytes() == before


def test_a_rejected_input_gives_no_table_and_writes_nothing(make) -> None:
    folder = make("name: acme\nfiles: {responses: raw/r.csv}\nmapping: {response_id: id, nps: q}\n",
                  r="id,nps\n1,9\n")  # fmt: skip
    done = load(folder)
    assert done.rejected
    assert all(table.missing for table in done.tables.values())
    assert sorted(done.tables) == sorted(TABLES)
    assert not (folder / "private").exists()
    lacking = next(p for p in done.problems if p.rule == "column.missing")
    assert (lacking.column, lacking.why["nearest"]) == ("q", "")


def test_codes_that_look_personal_become_pseudonyms_too(responses, found) -> None:
    text = "id,nps\nana@banco.cl,9\nb7,8\n"
    done = responses(text, "mapping: {response_id: id, nps: nps}")
    assert found(done, "id.personal")
    assert "ana@banco.cl" not in column(done, "response_id")


def test_what_lies_outside_a_scale_is_set_aside_by_cell(responses, found) -> None:
    done = responses("id,nps,csat\n1,10,7\n2,12,5\n3,99,5\n4,0,0\n5,-1,3\n",
                     "mapping: {response_id: id, nps: nps, csat: csat}")  # fmt: skip
    assert column(done, "nps") == [10, None, None, 0, None]
    assert column(done, "csat") == [None, 5, 5, None, 3]
    outside = {(p.column, p.values, p.rows) for p in found(done, "scale.out_of_range")}
    assert outside == {("nps", ("12",), (3,)), ("csat", ("7",), (2,)), ("csat", ("0",), (5,))}
    assert sorted(found(done, "missing.code")[0].rows) == [4, 6]  # 99 and -1: known codes


def test_an_nps_from_1_to_11_is_refused_until_declared(responses, found) -> None:
    text = "id,nps\n1,11\n2,1\n3,9\n"
    block = "mapping: {response_id: id, nps: nps}\n"
    refused = responses(text, block)
    assert refused.rejected
    assert [(p.row, p.values) for p in found(refused, "scale.offset")] == [(2, ("11",))]
    done = responses(text, block + "scale: {nps: {min: 1, max: 11}}\n")
    assert column(done, "nps") == [10, 0, 8]
    assert done.tables["responses"].scales["nps"] == (0, 10)
    with_zero = responses("id,nps\n1,11\n2,0\n", block)  # 11 beside 0 is a code or an error
    assert not with_zero.rejected


def test_a_reversed_scale_turns(responses) -> None:
    done = responses("id,c\n1,1\n2,5\n3,2\n", "mapping: {response_id: id, csat: c}\n"
                     "scale: {csat: {min: 1, max: 5, reverse: true}}\n")  # fmt: skip
    assert column(done, "csat") == [5, 1, 4]


def test_labelled_ends_give_their_leading_number(responses) -> None:
    done = responses("id,n\n1,10 – Muy probable\n2,0 - Nada\n3,7\n4,8 (bien)\n5,77 casas\n",
                     "mapping: {response_id: id, nps: n}")  # fmt: skip
    assert column(done, "nps") == [10, 0, 7, 8, None]


def test_two_scales_in_one_column_are_refused(make, found) -> None:
    folder = make("""\
        name: acme
        files:
          responses:
            - {file: raw/a.csv, mapping: {response_id: id, csat: c}, set: {wave: 1}}
            - {file: raw/b.csv, mapping: {response_id: id, csat: c}, set: {wave: 2},
               scale: {csat: {min: 1, max: 10}}}
        """, a="id,c\n1,5\n", b="id,c\n1,9\n")  # fmt: skip
    assert found(load(folder), "scale.mixed")


def test_numbers_and_dates_that_could_be_two_are_asked_about(responses, found) -> None:
    text = "u;m;v\na;2024-01;1.234\n"
    mapping = "mapping: {unit: u, period: m, value: v}\nset: {metric: revenue}\n"
    asked = responses(text, mapping, "finance")
    assert asked.rejected
    problem = found(asked, "number.ambiguous")[0]
    assert (problem.row, problem.column, problem.values) == (2, "v", ("1.234",))
    for declared, value in (
        ("locale: es-ES", 1234),
        ("locale: es-MX", 1.234),
        ('decimal: ","', 1234),
    ):
        assert column(responses(text, mapping + declared, "finance"), "value", "finance") == [value]
    dates = "id,f,nps\n1,03/04/2024,9\n2,05/06/2024,8\n"
    block = "mapping: {response_id: id, date: f, nps: nps}\n"
    asked = responses(dates, block)
    assert [p.rows for p in found(asked, "date.ambiguous")] == [(2, 3)]
    told = responses(dates, block + "date_order: mdy\n")
    assert str(column(told, "date")[0])[:10] == "2024-03-04"


def test_dates_that_cannot_be_are_listed(responses, found, monkeypatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1711929600")  # 1 April 2024
    done = responses("id,f\n1,31/02/2024\n2,01/01/1900\n3,05/05/2031\n4,05/03/2024\n",
                     "mapping: {response_id: id, date: f}\ndate_order: dmy\n")  # fmt: skip
    assert column(done, "response_id") == ["2", "3", "4"]
    assert [d is None for d in column(done, "date")] == [True, True, False]
    assert found(done, "date.impossible")[0].why["scope"] == "row"
    assert found(done, "date.placeholder")[0].row == 3
    assert found(done, "date.future")[0].row == 4


def test_repeated_keys_are_refused_or_kept_as_declared(responses, found) -> None:
    text = "u,m,v\na,2024-01,1\na,2024-01,2\nb,2024-01,3\n"
    mapping = "mapping: {unit: u, period: m, value: v}\nset: {metric: stars}\n"
    refused = responses(text, mapping, "operations")
    assert refused.rejected
    assert found(refused, "key.duplicate")[0].rows == (2, 3)
    for keep, values in (("first", [1, 3]), ("last", [2, 3]), ("none", [3])):
        done = responses(text, f"{mapping}duplicates: {{keep: {keep}}}\n", "operations")
        assert column(done, "value", "operations") == values
        assert not done.rejected


def test_the_last_answer_of_a_customer_is_the_latest_by_date(responses, found) -> None:
    done = responses("id,c,d,n\n1,A,2024-02-01,2\n2,B,2024-01-01,9\n3,A,2024-01-05,7\n",
                     "mapping: {response_id: id, customer_id: c, date: d, nps: n}\n"
                     "duplicates: {key: [customer_id], keep: last}\n")  # fmt: skip
    assert column(done, "response_id") == ["1", "2"]
    assert [p.rows for p in found(done, "key.duplicate")] == [(4,)]


def test_a_response_id_is_unique_within_its_wave_only(make) -> None:
    config = """\
        name: acme
        files:
          responses:
            - {{file: raw/a.csv, mapping: {{response_id: id, nps: n}}, set: {{wave: {one}}}}}
            - {{file: raw/a.csv, mapping: {{response_id: id, nps: n}}, set: {{wave: {two}}}}}
        """
    assert not load(make(config.format(one=1, two=2), a="id,n\n1,9\n")).rejected
    assert load(make(config.format(one=1, two=1), a="id,n\n1,9\n")).rejected


def test_wide_questions_become_long_rows(make) -> None:
    folder = make("""\
        name: acme
        files:
          ratings:
            file: raw/r.csv
            mapping: {response_id: id}
            scale: {delivered: {min: 1, max: 7}, desired: {min: 1, max: 7}}
            unpivot:
              A: {topic: bill, attribute: clear, factor: product, into: delivered}
              B: {topic: bill, attribute: clear, factor: product, into: desired}
              C: {topic: claim, attribute: fast, factor: interaction}
          verbatims:
            file: raw/r.csv
            mapping: {response_id: id}
            unpivot: {T: {question: helped}}
        """, r="id,A,B,C,T\n1,5,7,,bien\n2,,,9,\n3,1,,2,NA\n")  # fmt: skip
    done = load(folder)
    ratings = done.tables["ratings"].frame
    assert ratings[["response_id", "topic", "delivered", "desired"]].astype(object).where(
        ratings.notna(), None
    ).to_numpy().tolist() == [
        ["1", "bill", 5, 7], ["3", "bill", 1, None], ["3", "claim", 2, None],
    ]  # fmt: skip
    assert [(p.column, p.rows) for p in done.problems if p.rule == "scale.out_of_range"] == [
        ("C", (3,))
    ]
    assert column(done, "text", "verbatims") == ["bien", "NA"]


def test_wide_months_become_long_rows(make) -> None:
    folder = make("""\
        name: acme
        files:
          operations:
            file: raw/r.csv
            mapping: {unit: u}
            set: {metric: calls}
            unpivot: {ene: {period: 2024-01}, feb: {period: 2024-02-01}}
        """, r="u,ene,feb\na,1,2\nb,,4\n")  # fmt: skip
    done = load(folder).tables["operations"].frame
    assert done[["unit", "period", "value"]].to_numpy().tolist() == [
        ["a", pd.Timestamp("2024-01-01"), 1], ["a", pd.Timestamp("2024-02-01"), 2],
        ["b", pd.Timestamp("2024-02-01"), 4],
    ]  # fmt: skip


def test_values_may_be_built(make) -> None:
    folder = make(
        """\
        name: acme
        files:
          customers:
            file: raw/r.csv
            mapping:
              customer_id: id
              segment: [plan, zone]
              start: {months: age, until: 2020-01-01}
              end: {value: 2020-01-01, when: {gone: [Yes]}}
              revenue: {over: total, by: age}
              margin: {mean: [total, age]}
            keep: {country: [CL, AR]}
        """,
        r="id,plan,zone,age,gone,total,country\n1,A,N,12,No,24,CL\n2,B,,0,Yes,5,AR\n3,C,S,1,No,1,MX\n",
    )
    done = load(folder)
    assert column(done, "segment", "customers") == ["A + N", "B"]
    assert [str(d)[:10] for d in column(done, "start", "customers")] == ["2019-01-01", "2020-01-01"]
    assert [d and str(d)[:10] for d in column(done, "end", "customers")] == [None, "2020-01-01"]
    assert column(done, "revenue", "customers") == [2, None]
    assert column(done, "margin", "customers") == [18, 2.5]
    assert done.report["customers"]["left_out"] == 1


def test_attributes_are_typed_as_declared(responses) -> None:
    done = responses("id,a,b,c\n007,1.5,VERDADERO,2024-01-05\n8,2.5,no,\n", """\
mapping: {response_id: id, spend: a, active: b, since: c}
types: {spend: number, active: boolean, since: date}
""")  # fmt: skip
    assert column(done, "spend") == [1.5, 2.5]
    assert column(done, "active") == [True, False]
    assert done.tables["responses"].frame["active"].dtype == bool
    assert column(done, "response_id") == ["007", "8"]


def test_weights_must_be_zero_or_more(responses, found) -> None:
    done = responses("id,n,w\n1,9,1.5\n2,8,-1\n3,7,\n4,6,x\n5,5,0\n",
                     "mapping: {response_id: id, nps: n, weight: w}")  # fmt: skip
    assert column(done, "response_id") == ["1", "5"]
    assert {p.row for p in found(done, "weight.invalid")} == {3, 4, 5}


def test_events_that_cannot_stand_are_listed(responses, found) -> None:
    done = responses(
        "c,a,i,f\n1,x,2024-03-05 09:00,2024-03-05 09:10\n1,y,2024-03-05 10:00,2024-03-05 09:15\n"
        ",z,2024-03-05 11:00,\n2,z,,\n2,,2024-03-05 12:00,\nNA,w,2024-03-05 12:00,\n",
        "mapping: {case_id: c, activity: a, start: i, end: f}", "events",
    )  # fmt: skip
    assert column(done, "case_id", "events") == ["1", "NA"]
    rules = {p.rule: p.row for p in done.problems if p.severity == "quarantine"}
    assert rules == {
        "event.negative_duration": 3, "event.missing_case": 4, "event.missing_time": 5,
        "event.missing_activity": 6,
    }  # fmt: skip
    assert {p.column for p in found(done, "event.negative_duration")} == {"f"}


def test_some_times_with_a_zone_and_some_without_are_asked_about(responses, found) -> None:
    text = "c,a,i\n1,x,2024-03-05T09:00:00Z\n1,y,2024-03-05 10:00:00\n"
    block = "mapping: {case_id: c, activity: a, start: i}\n"
    assert found(responses(text, block, "events"), "time.zone_mixed")
    done = responses(text, block + "timezone: America/Bogota\n", "events")
    assert [str(t) for t in column(done, "start", "events")] == [
        "2024-03-05 09:00:00", "2024-03-05 15:00:00",
    ]  # fmt: skip


def test_ids_that_spreadsheets_spoil(responses, found) -> None:
    done = responses("id,n\n1001.0,9\n1002.0,8\n", "mapping: {response_id: id, nps: n}")
    assert column(done, "response_id") == ["1001", "1002"]
    assert found(done, "id.float_text")
    lost = responses("id;n\n4,57239E+15;9\n", "mapping: {response_id: id, nps: n}")
    assert found(lost, "id.precision_lost")[0].row == 2
    assert lost.rejected


def test_a_column_headed_twice_matters_only_when_used(responses, found) -> None:
    text = "id,a,a\n1,2,3\n"
    assert not responses(text, "mapping: {response_id: id}").rejected
    assert found(responses(text, "mapping: {response_id: id, csat: a}"), "header.duplicate")


def test_answers_without_an_id_take_file_and_row(make) -> None:
    folder = make("""\
        name: acme
        files:
          responses: {file: raw/r.csv, mapping: {nps: n}}
          verbatims: {file: raw/r.csv, set: {question: open}, mapping: {text: t}}
        """, r="n,t\n9,a\n3,b\n")  # fmt: skip
    done = load(folder)
    assert column(done, "response_id") == ["r-2", "r-3"]
    assert column(done, "response_id", "verbatims") == ["r-2", "r-3"]
    assert not [p for p in done.problems if p.rule == "join.unmatched"]


def test_loose_ends_between_tables_are_counted(make, found) -> None:
    folder = make("""\
        name: acme
        files:
          responses: {file: raw/r.csv, mapping: {response_id: i, customer_id: c, nps: n}}
          customers: {file: raw/c.csv, mapping: {customer_id: c}}
        """, r="i,c,n\n1,A,9\n2,B,8\n3,,7\n", c="c\nA\n")  # fmt: skip
    loose = found(load(folder), "join.unmatched")
    assert [(p.severity, p.why["n"], p.why["target"], p.rows) for p in loose] == [
        ("notice", 1, "customers", (3,))
    ]


def test_the_wave_on_top_fills_in(responses) -> None:
    done = responses("id,n\n1,9\n", 'wave: "007"\nmapping: {response_id: id, nps: n}')
    assert column(done, "wave") == ["007"]


def test_control_characters_leave_the_text_with_a_notice(responses, found) -> None:
    done = responses("id,t\n1,a\x0bb\u202ec\n2,  kept \n", "set: {question: open}\n"
                     "mapping: {response_id: id, text: t}", "verbatims")  # fmt: skip
    assert column(done, "text", "verbatims") == ["abc", "  kept "]
    assert found(done, "text.control_chars")[0].rows == (2,)


def test_numbers_of_a_workbook_need_no_locale(make) -> None:
    folder = make("name: acme\ndecimal: ','\nfiles: {finance: raw/f.xlsx}\nset: {metric: revenue}\n"
                  "mapping: {unit: u, period: m, value: v}\n")  # fmt: skip
    book = openpyxl.Workbook()
    for row in (["u", "m", "v"], ["a", "ene-24", 1.234], ["b", "feb-24", "1.234"]):
        book.active.append(row)
    book.save(folder / "raw" / "f.xlsx")
    assert column(load(folder), "value", "finance") == [1.234, 1234]


def test_spss_codes_leave_and_labels_name_segments(make) -> None:
    folder = make("name: acme\nfiles: {responses: raw/r.sav}\n"
                  "mapping: {response_id: id, nps: P1, segment: S}\n")  # fmt: skip
    frame = pd.DataFrame({"id": [1.0, 2, 3], "P1": [9.0, 99, 4], "S": [1.0, 2, 1]})
    labels = {"P1": {99.0: "NS/NC"}, "S": {1.0: "Norte", 2.0: "Sur"}}
    pyreadstat.write_sav(frame, folder / "raw" / "r.sav", variable_value_labels=labels,
                         missing_ranges={"P1": [99]})  # fmt: skip
    done = load(folder)
    assert column(done, "nps") == [9, None, 4]
    assert column(done, "segment") == ["Norte", "Sur", "Norte"]
    assert done.report["responses"]["missing"]["nps"] == {"dont_know": 1}
    assert not done.problems


def test_tables_are_saved_with_the_same_bytes_and_read_back(make, tmp_path: Path) -> None:
    folder = make("name: acme\nfiles: {responses: raw/r.csv}\n" + BLOCK, r=SURVEY)
    for name in ("one", "two"):
        save(load(folder), tmp_path / name)
    files = sorted(p.name for p in (tmp_path / "one").iterdir())
    assert files == ["responses.parquet", "tables.json"]
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    tables = read_tables(tmp_path / "one")
    pd.testing.assert_frame_equal(tables["responses"].frame, load(folder).tables["responses"].frame)
    assert tables["responses"].scales == {"nps": (0, 10), "csat": (1, 5)}
    assert tables["events"].missing
    assert json.loads((tmp_path / "one" / "tables.json").read_text())["responses"]["rows"] == 3


def test_nothing_is_lost_without_a_line(responses) -> None:
    rng = np.random.default_rng(3)
    words = ["9", "0", "11", "", "x", "99", "-4", "3,5", "7 bien", "NA"]
    lines = [f"{i};{words[rng.integers(len(words))]}" for i in range(400)]
    done = responses("id;n\n" + "\n".join(lines) + "\n", "mapping: {response_id: id, nps: n}")
    report = done.report["responses"]
    kept = sum(v is not None and not math.isnan(v) for v in column(done, "nps"))
    missing = sum(report["missing"]["nps"].values())
    assert kept + missing + sum(report["set_aside"].values()) == 400


@pytest.mark.parametrize("text", ["id,n\n", "\n\n", ""])
def test_empty_files_are_refused(responses, found, text: str) -> None:
    assert found(responses(text, "mapping: {response_id: id, nps: n}"), "table.empty")
