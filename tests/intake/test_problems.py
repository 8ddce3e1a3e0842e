import json
import re
from pathlib import Path

import pytest

from cxlib.core import Problem
from cxlib.intake import as_html, as_json, as_text, load, write_problems
from cxlib.text import catalogue

ROOT = Path(__file__).resolve().parents[2]
CODE = "\n".join(p.read_text("utf-8") for p in sorted((ROOT / "cxlib" / "intake").glob("*.py")))
RULES = {
    rule
    for rule in re.findall(r'"([a-z]+\.[a-z_0-9]+)"', CODE)
    if not rule.endswith((".toml", ".yml", ".json")) and rule != "cxlib.intake"
}
WHY = {
    "limit": 50, "key": "nps", "expected": "a, b", "nearest": "nps", "have": 3, "need": 4,
    "item": "sponsor",
    "encoding": "cp1252", "order": "dmy", "low": 0.0, "high": 10.0, "n": 2, "target": "customers",
}  # fmt: skip

AMBIGUOUS = Problem(
    "reject", "encuesta.xlsx", "date.ambiguous", "Datos", 2, "FEC", ("03/04/2026",),
    rows=tuple(range(2, 1206)),
)  # fmt: skip


def test_every_rule_has_its_words_and_no_words_lack_a_rule() -> None:
    known = set(catalogue("problems")) - {"_words"}
    assert known == RULES


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_is_said_in_both_languages(rule: str, language: str) -> None:
    problem = Problem("reject", "r.csv", rule, "", 3, "Q1", ("v",), WHY, (3, 4))
    text = as_text([problem], language)
    assert "r.csv" in text
    assert max(map(len, text.splitlines())) <= 88
    assert not re.search(r"\{[a-z]+\}", text), text
    words = catalogue("problems")[rule]
    for part in ("rule", "remedy"):
        assert (
            words[part]["es"] != words[part]["en"]
            or rule == "date.ambiguous"
            or (part == "remedy" and rule in {"scale.undeclared", "sheet.ambiguous"})
        )


def test_the_transcript_in_spanish() -> None:
    assert as_text([AMBIGUOUS], "es", "CL") == (
        "✗ Entrada rechazada: 1 error. No se escribió nada en reports/. (salida 2)\n"
        "  encuesta.xlsx · hoja Datos · fila 2 y 1.203 más · FEC = 03/04/2026\n"
        "    Regla: fecha ambigua (¿día o mes primero?).  Remedio: declare date_order.\n"
    )


def test_the_transcript_in_english() -> None:
    notice = Problem("notice", "r.csv", "encoding.assumed", why={"encoding": "cp1252"})
    assert as_text([notice, AMBIGUOUS], "en", "US") == (
        "✗ Input refused: 1 error, 1 notice. Nothing was written in reports/. (exit 2)\n"
        "  encuesta.xlsx · sheet Datos · row 2 and 1,203 more · FEC = 03/04/2026\n"
        "    Rule: ambiguous date (day or month first?).  Remedy: declare date_order.\n"
        "  notice · r.csv\n"
        "    Rule: it is not UTF-8: read as cp1252.  Remedy: if letters look odd, declare\n"
        "    encoding.\n"
    )


def test_cells_of_one_cause_are_counted_together() -> None:
    cells = [
        Problem("quarantine", "r.csv", "label.unknown", "", row, "P1", (value,), rows=rows)
        for value, row, rows in (("a", 2, (2, 9)), ("b", 3, (3,)), ("c", 4, (4,)), ("d", 5, (5,)))
    ]
    text = as_text(cells, "en")
    assert text.startswith("✓ Input accepted: 5 cells or rows set aside.\n")
    assert "set aside · r.csv · row 2 and 4 more · P1 = a, b, c, …" in text
    assert text.count("Rule:") == 1


def test_ids_are_masked_in_the_terminal_and_kept_in_the_file() -> None:
    problem = Problem("reject", "r.csv", "id.precision_lost", "", 2, "RUT", ("4,57E+15",),
                      {"personal": 1}, (2,))  # fmt: skip
    assert "4,57E+15" not in as_text([problem], "es")
    assert "RUT = •••" in as_text([problem], "es")
    assert "4,57E+15" in as_text([problem], "es", mask=False)


def test_the_page_escapes_what_clients_typed() -> None:
    evil = "<script>alert(1)</script>{{ 7*7 }}"
    page = as_html([Problem("reject", "r.csv", "label.unknown", "", 2, evil, (evil,))], "es")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "{{ 7*7 }}" in page
    assert "49" not in page
    assert "default-src 'none'" in page
    assert '<html lang="es">' in page


def test_json_holds_every_row_and_the_words() -> None:
    entry = json.loads(as_json([AMBIGUOUS], "en"))["problems"][0]
    assert len(entry["rows"]) == 1204
    assert entry["said"]["remedy"] == "declare date_order"


def test_files_are_written_beside_the_engagement_and_leave_with_the_problems(make) -> None:
    folder = make("name: acme\nfiles: {responses: raw/no.csv}\nmapping: {nps: Q}\n")
    done = load(folder)
    assert not (folder / "private").exists()
    names = [path.name for path in write_problems(done.problems, folder, "es", "CL")]
    assert names == ["problems.es.txt", "problems.es.html", "problems.json"]
    assert "no.csv" in (folder / "private" / "problems.es.txt").read_text("utf-8")
    write_problems((), folder, "es")
    assert list((folder / "private").iterdir()) == []
