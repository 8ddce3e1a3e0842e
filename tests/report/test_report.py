"""The deliverables as a reader, a screen reader and an auditor meet them."""

from __future__ import annotations

import importlib.util
import itertools
import re
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import openpyxl
import pandas as pd
import pytest

from cxlib import report
from cxlib.core import Estimate
from cxlib.findings import Finding
from cxlib.report import bases, sheet, storyline
from cxlib.report.html import CSP
from cxlib.report.views import FindingView, table_view
from cxlib.text import BLOCKS, Voice


def beside(name: str) -> ModuleType:
    """Module of these tests that lies beside this one."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"report_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


numbers, world = beside("numbers"), beside("world")
LANGUAGES = ("es", "en")
ES = Voice("es", "CO", "COP", {})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Deliverables of a world in which everything has an answer."""
    into = tmp_path_factory.mktemp("deliverables")
    return {path.name: path for path in report.build(world.world(), into, LANGUAGES)}


@pytest.fixture(scope="module")
def pages(made: dict[str, Path]) -> dict[str, numbers.Page]:
    return {
        language: numbers.Page(made[f"report.{language}.html"].read_text(encoding="utf-8"))
        for language in LANGUAGES
    }


def built(findings: object, into: Path, language: str = "es") -> numbers.Page:
    page, _ = report.build(findings, into, (language,))
    return numbers.Page(page.read_text(encoding="utf-8"))


# The page -------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_is_built_as_a_screen_reader_needs_it(
    pages: dict[str, numbers.Page], language: str
) -> None:
    page = pages[language]
    assert page.of("html")[0]["lang"] == language
    levels = [level for level, _ in page.headings]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(text.strip() for _, text in page.headings)
    assert len(page.of("main")) == len(page.of("nav")) == len(page.of("header")) == 1
    ids = [held["id"] for _, held in page.tags if "id" in held]
    assert len(ids) == len(set(ids))
    anchors = {a["href"][1:] for a in page.of("a") if a["href"].startswith("#")}
    assert anchors <= set(ids)
    assert page.of("a")[0]["class"] == "skip"
    assert len(page.of("table")) == len(page.of("caption"))
    assert all(th.get("scope") for th in page.of("th"))
    alts = [img["alt"] for img in page.of("img")]
    assert alts
    assert all(0 < len(alt.split()) <= 60 for alt in alts)


@pytest.mark.parametrize(("language", "word"), [("es", "sin fecha"), ("en", "undated")])
def test_data_without_a_date_say_so_in_the_readers_words(
    tmp_path: Path, language: str, word: str
) -> None:
    given = world.world()
    about = {**given.engagement, "period": "undated"}
    report.build(replace(given, engagement=about), tmp_path, (language,))
    page = (tmp_path / f"report.{language}.html").read_text(encoding="utf-8")
    assert page.count(word) >= 2
    assert word == "undated" or "undated" not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_needs_no_script_and_no_network(
    pages: dict[str, numbers.Page], language: str
) -> None:
    page = pages[language]
    policy = next(m for m in page.of("meta") if m.get("http-equiv"))
    assert policy["content"] == CSP
    assert CSP == ("default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:")
    assert not page.of("script")
    assert not any(key.startswith("on") for _, held in page.tags for key in held)
    assert all(img["src"].startswith("data:image/svg+xml;base64,") for img in page.of("img"))
    assert not any("http" in a["href"] or ":" in a["href"] for a in page.of("a"))
    assert "url(http" not in page.html
    assert len(page.html) < 5_000_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_is_the_datas_and_in_the_register(
    pages: dict[str, numbers.Page], language: str
) -> None:
    page = pages[language]
    assert numbers.loose_numbers(page) <= numbers.fixed_numbers()
    named = {where.split(".")[0] for where, _, _ in page.data}
    assert named - {"sheet", "unsaid"} <= set(BLOCKS)
    held = {code for code in page.codes if "." in code}
    parts = {"table", "caveats", "lesson", "confidence", "unsaid"}
    for where, _, _ in page.data:
        key, name, *_ = [*where.split("."), ""]
        if key in BLOCKS and name not in parts:
            assert f"{key}.{name}" in held, where


def test_both_languages_show_the_same_numbers(pages: dict[str, numbers.Page]) -> None:
    shown = [
        {(where, value) for where, value, _ in pages[lang].data if value} for lang in LANGUAGES
    ]
    assert shown[0] == shown[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_no_slot_and_no_untranslated_word(
    pages: dict[str, numbers.Page], language: str
) -> None:
    page = pages[language]
    assert "{" not in page.text
    assert "None" not in page.text
    assert "nan" not in page.text.split()
    keys = set(re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b", " ".join(page.loose)))
    assert keys - {block.notebook for block in BLOCKS.values()} == set()


def test_every_finding_leads_to_its_place_in_the_annex(pages: dict[str, numbers.Page]) -> None:
    links = {a["href"] for a in pages["en"].of("a")}
    for key, block in BLOCKS.items():
        assert f"../workbook/{block.notebook}.en.html#{key}" in links


def test_page_one_comes_first_with_nine_rows(pages: dict[str, numbers.Page]) -> None:
    html = pages["es"].html
    assert html.index('class="page-one"') < html.index('id="c1"')
    one = html[html.index('class="one"') : html.index('class="cards"')]
    assert one.count('class="figure"') == 9
    places = [html.index(f'id="c{key}"') for key in "123456789A"]
    assert places == sorted(places)


def test_two_builds_are_equal_bytes(made: dict[str, Path], tmp_path: Path) -> None:
    for path in report.build(world.world(), tmp_path, LANGUAGES):
        assert path.read_bytes() == made[path.name].read_bytes()


# What goes wrong ------------------------------------------------------------------------------


def test_a_client_may_be_called_anything(tmp_path: Path) -> None:
    hostile = '<script>alert(1)</script> & "Cía" {x} =1+1'
    finding = world.answered("scorecard")
    table = finding.table.copy()
    table["topic"] = [f"{hostile} {k}" for k in range(len(table))]
    held = {"scorecard": replace(finding, table=table)}
    page = built(world.world(held, client=hostile), tmp_path)
    assert not page.of("script")
    assert hostile in page.text


def test_without_answers_the_report_says_what_is_missing_and_what_would_do(tmp_path: Path) -> None:
    page = built(world.world({key: world.unanswered(key) for key in BLOCKS}), tmp_path)
    assert not page.of("img")
    voice = report.voice_of(world.world(), "es")
    assert page.text.count(voice.ui("grade_none")) >= 9
    assert all(voice.title(key) in page.text for key in BLOCKS)
    first = page.html[page.html.index('class="unsaid"') :]
    assert first.count('class="rank"') == 1  # one lack, told once, with all that it would answer


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_recorded_still_makes_a_page(tmp_path: Path, language: str) -> None:
    page = built(world.world({}), tmp_path, language)
    voice = report.voice_of(world.world(), language)
    assert voice.ui("nothing_recorded") in page.text
    assert voice.ui("no_first_action") in page.text


def test_a_draft_says_so_and_names_the_blanks(tmp_path: Path) -> None:
    sheet = {**world.ENGAGEMENT["sheet"]}
    del sheet["sampling"]
    draft = built(world.world({}, status="draft", sheet=sheet), tmp_path / "draft")
    final = built(world.world({}), tmp_path / "final")
    assert 'class="mark"' in draft.html
    assert "muestreo" in draft.html[: draft.html.index('id="c1"')]
    assert 'class="mark"' not in final.html


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_outcome_of_every_block_can_be_told(tmp_path: Path, language: str) -> None:
    most = max(len(block.outcomes) for block in BLOCKS.values())
    for k in range(most):
        held = {}
        for key, block in BLOCKS.items():
            outcome = list(block.outcomes)[min(k, len(block.outcomes) - 1)]
            held[key] = replace(world.answered(key, outcome), table=world.SMALL)
        found = {key: replace(f, table=None) for key, f in held.items()}
        page = built(world.world(found), tmp_path / str(k), language)
        assert "{" not in page.text


# The story ------------------------------------------------------------------------------------


def test_a_chapter_opens_with_its_first_answer_and_ends_with_what_it_lacks() -> None:
    keys = [key for key, block in BLOCKS.items() if block.chapter == "4"]
    held = {key: world.answered(key) for key in keys}
    held[keys[0]] = world.unanswered(keys[0])
    chapter = storyline(world.world(held)).chapters[3]
    assert chapter.headline is not None
    assert chapter.headline.id == keys[1]
    assert [finding.id for finding in chapter.refused] == [keys[0]]
    told = [chapter.headline.id, chapter.second.id if chapter.second else ""]
    assert not {finding.id for finding in chapter.others} & set(told)


def test_what_would_answer_most_is_asked_for_first() -> None:
    keys = [key for key, block in BLOCKS.items() if block.chapter == "4"]
    held = {key: world.unanswered(key) for key in keys[:3]}
    held |= {keys[3]: world.unanswered(keys[3], missing="events"), keys[4]: world.answered(keys[4])}
    unsaid = storyline(world.world(held)).unsaid
    assert [len(group.findings) for group in unsaid] == [3, 1]


def test_a_stale_finding_is_not_told() -> None:
    findings = replace(world.world(), stale=("nps_now",))
    assert "nps_now" not in {finding.id for finding in storyline(findings).told}


def test_no_action_is_named_where_none_beats_its_cost() -> None:
    silent = next(name for name in BLOCKS["first_action"].outcomes if name.startswith("no"))
    held = {"first_action": world.answered("first_action", silent)}
    assert storyline(world.world(held)).action is None
    assert storyline(world.world()).action is not None


# The tables -----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_book_holds_numbers_as_numbers(made: dict[str, Path], language: str) -> None:
    book = openpyxl.load_workbook(made[f"appendix.{language}.xlsx"])
    voice = report.voice_of(world.world(), language)
    named = [voice.ui(k) for k in ("sheet_index", "sheet_reading", "sheet", "sheet_findings")]
    assert book.sheetnames[:4] == named
    assert book.sheetnames[-1] == voice.ui("sheet_register")
    assert len(book.sheetnames) <= 64
    story = storyline(world.world())
    ids = [row[0].value for row in book[voice.ui("sheet_findings")].iter_rows(min_row=4)]
    assert ids == [finding.id for finding in story.told]
    for page in book:
        for row in page.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert "{" not in str(cell.value)


def test_a_sheet_shows_its_table_to_the_digit(made: dict[str, Path]) -> None:
    book = openpyxl.load_workbook(made["appendix.es.xlsx"])
    sheets = report.storyline(world.world())
    from cxlib.report.storyline import tables

    for name, finding in tables(sheets).items():
        page = book[name]
        heads = [cell.value for cell in page[5] if cell.value]
        columns = [c for c in finding.table.columns if c not in {"n", "n_effective"}]
        columns += [c for c in ("n", "n_effective") if c in finding.table.columns]
        assert len(heads) == len(columns)
        for k, row in enumerate(finding.table[columns].astype(object).to_numpy().tolist()):
            for cell, value in zip(page[6 + k][: len(row)], row, strict=True):
                if isinstance(value, float) and not pd.isna(value):
                    assert float(cell.value) == pytest.approx(value) or isinstance(cell.value, str)
        assert page.freeze_panes is not None


def test_the_register_of_the_book_is_that_of_the_page(
    made: dict[str, Path], pages: dict[str, numbers.Page]
) -> None:
    book = openpyxl.load_workbook(made["appendix.en.xlsx"])
    rows = book["Figures"].iter_rows(min_row=5, values_only=True)
    listed = {row[0] for row in rows if row[0]}
    assert listed == {
        code for code in pages["en"].codes if "." in code and not code.endswith(".table")
    }


def test_a_formula_stays_a_text(tmp_path: Path) -> None:
    table = pd.DataFrame({"topic": ["=1+1", "@x"], "share": [0.5, 0.4], "n": [400, 300]})
    finding = replace(world.answered("scorecard"), table=table)
    _, path = report.build(world.world({"scorecard": finding}, client="=2+2"), tmp_path, ("es",))
    page = openpyxl.load_workbook(path)["T01"]
    assert page["A6"].value == "=1+1"
    assert page["A6"].data_type == "s"


def test_no_name_of_a_person_or_machine_is_in_the_book(made: dict[str, Path]) -> None:
    import getpass
    import socket
    import zipfile

    with zipfile.ZipFile(made["appendix.es.xlsx"]) as held:
        content = b"".join(held.read(name) for name in held.namelist())
    for word in (socket.gethostname(), str(Path.home()), "/tmp"):
        assert word.encode() not in content or len(word) < 4
    assert getpass.getuser().encode() not in content or getpass.getuser() == "root"


def test_money_is_in_full_in_the_book_and_in_millions_on_the_page() -> None:
    from cxlib.charts import Cells

    cells = Cells(world.samples.SAMPLES["bridge"].table, world.samples.ES)
    assert cells.text("once", 0) == "4.100"
    assert Estimate(4.1e9, unit="money").value == cells.value("once", 0)


def test_a_base_names_what_it_counts_and_when() -> None:
    counted = Estimate(0.5, 0.4, 0.6, "share", 1494)
    inputs = {
        "tables": {
            "responses": {"waves": {"2024": 1500, "2025": 1500}, "dates": []},
            "events": {"waves": {}, "dates": ["2024-01-01", "2025-12-31"]},
        }
    }

    def line(method: str, table: str, language: str = "es") -> str:
        source = {"method": method, "inputs": [{"table": table}], "options": {}}
        place = ("4", "01_diagnosis", ())
        finding = Finding("nps_now", "score", "C", *place, {"x": counted}, None, (), source)
        found = bases.base(finding, inputs, Voice(language, "CO", "COP", {}))
        assert found is not None
        return found.plain(Voice(language, "CO", "COP", {}))

    assert line("survey.nps", "responses") == "Base: 1.494 respuestas, 2025."
    assert line("compare.nps_waves", "responses", "en") == "Base: 1,494 answers, 2024 to 2025."
    assert line("journey.causes", "events") == (
        "Base: 1.494 casos, enero de 2024 a diciembre de 2025."
    )
    assert line("value.retention", "customers") == "Base: 1.494 clientes."


def test_numbers_of_several_units_stand_in_one_column_each_in_its_own() -> None:
    table = pd.DataFrame(
        {
            "kind": ["many_tests", "hidden_cause"],
            "cited_count": [21.0, None],
            "cited_share": [None, 0.34],
            "answer": ["answered", "conceded"],
        }
    )
    finding = replace(world.answered("objections"), table=table)
    seen = table_view(FindingView(finding, ES), rows=9)
    assert seen is not None
    assert [head for head, _ in seen.heads][1] == "Cifra citada"
    assert [re.sub(r"<[^>]*>", "", row[1]) for row in seen.rows] == ["21", "34%"]


def test_the_sheet_computes_response_rate_and_what_was_blank() -> None:
    rate = Estimate(0.16, unit="share", n=1494)
    given = {"rate": rate, "asked": 9342, "wave": "2025"}
    bounds = replace(world.answered("response_bounds"), values=given)
    entry = {"rows": 3000, "missing": {"nps": {"blank": 12, "dont_know": 3}}}
    found = replace(
        world.world({"response_bounds": bounds}), inputs={"tables": {"responses": entry}}
    )
    told = {field.key: field.lines for group in sheet.fields(found, ES).values() for field in group}
    assert told["response_rate"] == (
        "16,0% en la medición 2025: 1.494 respuestas entre 9.342 personas invitadas o registradas.",
    )
    assert told["processing"][1] == "Respuestas de la encuesta: 12 celdas vacías; 3 «no sabe»."
