"""Invented companies: equal bytes, realistic files, truths that can be held against findings.

Budget of the demo: under 3 MB of raw files, made in about 5 seconds of one core.
"""

from __future__ import annotations

import ast
import csv
import gzip
import hashlib
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cxlib import intake, simulate
from cxlib.simulate import world

ROOM = Path(simulate.__file__).parent
CHECKS = {"outcome", "equals", "inside", "near", "names", "row", "row_inside"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate.make("demo", tmp_path_factory.mktemp("demo"), seed=1)


@pytest.fixture(scope="module")
def null(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate.make("null", tmp_path_factory.mktemp("null"), seed=1, size="S")


def digest(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows(path: Path) -> list[dict[str, str]]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def sheet(path: Path, name: str) -> list[dict[str, Any]]:
    lines = openpyxl.load_workbook(path)[name].iter_rows(values_only=True)
    heads = next(lines)
    return [dict(zip(map(str, heads), line, strict=True)) for line in lines]


def truths(folder: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads((folder / "truth.json").read_text("utf-8"))[
        "truths"
    ]
    return found


# The folder ---------------------------------------------------------------------------------


def test_equal_seeds_give_equal_bytes_and_other_seeds_do_not(tmp_path: Path) -> None:
    first, again, other = (
        digest(simulate.make("tiny", tmp_path / name, seed=seed))
        for name, seed in (("first", 3), ("again", 3), ("other", 4))
    )
    assert first == again
    assert first["raw/casos.csv.gz"] != other["raw/casos.csv.gz"]


def test_the_demo_is_small(demo: Path) -> None:
    assert sum(path.stat().st_size for path in (demo / "raw").iterdir()) < 3_000_000


def test_independent_readers_read_every_file(demo: Path) -> None:
    plain = [p for p in (demo / "raw").iterdir() if p.suffix != ".xlsx"]
    assert all(len(rows(path)) > 300 for path in plain)
    book = openpyxl.load_workbook(demo / "raw" / "gestion.xlsx")
    assert book.sheetnames[0] == "Contacto"
    assert {"Trayecto", "Creencias", "Bitácora", "Población"} < set(book.sheetnames)
    assert sheet(demo / "raw" / "finanzas.xlsx", "Oficinas")[0]["Oficina"] == "Bogotá Norte"


@pytest.mark.parametrize("scenario", ["demo", "null"])
def test_intake_reads_it_and_speaks_only_of_the_broken_key(
    scenario: str, request: pytest.FixtureRequest
) -> None:
    taken = intake.load(request.getfixturevalue(scenario))
    assert {problem.rule for problem in taken.problems} == {"join.unmatched"}  # of the sales alone
    assert not any(table.missing for table in taken.tables.values())


def test_a_tiny_company_has_twelve_answers_in_four_offices(tmp_path: Path) -> None:
    folder = simulate.make("tiny", tmp_path / "tiny")
    assert len(rows(folder / "raw" / "encuesta_2025.csv")) == 12
    assert len({row["Oficina"] for row in rows(folder / "raw" / "indicadores.csv")}) == 4


@pytest.mark.parametrize(
    "wrong", [{"scenario": "dmeo"}, {"size": "XL"}, {"language": "fr"}], ids=lambda w: next(iter(w))
)
def test_an_unknown_word_is_refused(wrong: dict[str, Any], tmp_path: Path) -> None:
    arguments: dict[str, Any] = {"scenario": "tiny", "into": tmp_path / "x"} | wrong
    with pytest.raises(ValueError, match="unknown"):
        simulate.make(**arguments)
    assert not (tmp_path / "x").exists()


def test_a_larger_company_is_larger_and_keeps_its_words(tmp_path: Path, demo: Path) -> None:
    small = simulate.make("demo", tmp_path / "small", size="S", language="en")
    assert len(rows(small / "raw" / "clientes.csv.gz")) == 4800
    assert len(rows(demo / "raw" / "clientes.csv.gz")) == 12_000
    assert "language: en" in (small / "engagement.yml").read_text("utf-8")


# What is planted ------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", ["demo", "null"])
def test_every_truth_says_where_and_how_it_is_checked(
    scenario: str, request: pytest.FixtureRequest
) -> None:
    found = truths(request.getfixturevalue(scenario))
    assert len(found) >= (60 if scenario == "demo" else 30)
    for key, truth in found.items():
        assert truth["check"] in CHECKS, key
        assert truth["how"], key
        assert bool(truth["name"]) == (truth["check"] != "outcome"), key
        assert isinstance(truth["value"], list) == (
            truth["check"] in {"outcome", "names", "row"}
        ), key
        assert ("where" in truth) == truth["check"].startswith("row"), key


def test_hand_counts_of_the_files_meet_the_planted_shares(demo: Path) -> None:
    cases: dict[str, set[str]] = {}
    for event in rows(demo / "raw" / "casos.csv.gz"):
        cases.setdefault(event["Caso"], set()).add(event["Paso"])
    skipped = sum("Verificar con el cliente" not in steps for steps in cases.values())
    planted = truths(demo)["official.skipped"]["value"]
    assert skipped / len(cases) == pytest.approx(planted, abs=4 * (0.24 / len(cases)) ** 0.5)
    actions = sheet(demo / "raw" / "gestion.xlsx", "Acciones")
    needed = ("Responsable", "Indicador", "Fecha prometida", "Línea de dinero", "Interacción")
    bare = sum(any(action[name] is None for name in needed) for action in actions)
    assert (bare, len(actions)) == (truths(demo)["plan.bare"]["value"], 50)


def test_the_census_agrees_with_the_answers(demo: Path) -> None:
    said = Counter(
        row["P1 ¿Qué tan probable es que nos recomiende?"]
        for row in rows(demo / "raw" / "encuesta_2025.csv")
    )
    given = sum(said.values()) - said[""]
    net = 100 * (said["9"] + said["10"] - sum(said[str(score)] for score in range(7))) / given
    assert net == pytest.approx(truths(demo)["nps.now"]["value"], abs=4 * 85 / given**0.5)


def test_customers_and_answers_meet(demo: Path) -> None:
    known = {row["Contrato"] for row in rows(demo / "raw" / "clientes.csv.gz")}
    waves = [rows(demo / "raw" / f"encuesta_{wave}.csv") for wave in (2024, 2025)]
    asked = [{row["Contrato"] for row in wave} for wave in waves]
    assert asked[0] | asked[1] <= known
    assert 300 < len(asked[0] & asked[1]) < 600
    assert {row["Contrato"] for row in rows(demo / "raw" / "casos.csv.gz")} <= known


def test_the_null_company_has_no_effect() -> None:
    null = world.SCENARIOS["null"]
    survey, panel, people = null["survey"], null["panel"], null["people"]
    effects = [
        *null["company"]["leaving"].values(), null["providers"]["bonus"],
        survey["change"], survey["loss"], survey["hand_off"], survey["heard_loss"], survey["goal"],
        survey["trust"], survey["promise"]["fall"], survey["target_gap"]["more"],
        survey["fit"]["gap"], survey["fit"]["more"], *survey["segment"].values(),
        *survey["factors"].values(), *people["beliefs"].values(), panel["internal_effect"],
        *(weight for weight, _, gap in survey["topics"].values()),
        *(gap for _, _, gap in survey["topics"].values()),
        *(effect for effect, _ in panel["links"].values()),
    ]  # fmt: skip
    assert set(effects) == {0}
    assert survey["groups"] == 1
    assert len(set(null["events"]["causes"].values())) == 1
    assert null["events"]["again"]["resolved"] == null["events"]["again"]["unresolved"]
    assert all(cost > 0 for cost, *_ in people["initiatives"].values())


def test_codes_are_named_once() -> None:
    codes = Counter(code for kind in world.NAMES.values() for code in kind)
    assert {code: n for code, n in codes.items() if n > 1} == {}


def test_no_formula_is_shared_with_the_methods() -> None:
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in getattr(node, "names", []) if hasattr(alias, "name")]
            origin = getattr(node, "module", None) or ""
            for name in [origin, *names]:
                inside = not name.startswith("cxlib") or name.split(".")[1:2] in (
                    [],
                    ["core"],
                    ["simulate"],
                )
                assert inside, f"{path.name} imports {name}"
