import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.core import TABLES
from cxlib.intake import BadName, Engagement, as_text, input_hash, load, new, schema_json
from cxlib.intake.config import read_config
from cxlib.intake.dictionary import DICTIONARY, README, dictionary_markdown
from cxlib.intake.engagement import SCHEMA


def problems(folder: Path) -> list[tuple[str, int | None, str]]:
    return [(p.rule, p.row, p.column) for p in load(folder).problems]


def test_all_errors_come_at_once_each_with_its_line(make) -> None:
    folder = make("""\
        name: ../escape
        country: XX
        nmae: b
        files:
          responses: {file: raw/x.csv, maping: {a: b}, mapping: {response_id: a, nps: {oer: x}}}
          ratings:
            - file: /etc/passwd
              mapping: {response_id: a}
              date_order: dym
              scale: {csat: {min: 5, max: 1}}
          reponses: raw/y.csv
        privacy: {floor: 2}
        """)
    found = set(problems(folder))
    assert {
        ("path.escape", 1, "name"),
        ("config.country", 2, "country"),
        ("config.unknown_key", 3, "nmae"),
        ("config.unknown_key", 5, "files.responses.maping"),
        ("config.form", 5, "files.responses.mapping.nps"),
        ("file.missing", 5, "files.responses.file"),
        ("path.escape", 7, "files.ratings.0.file"),
        ("config.choice", 9, "files.ratings.0.date_order"),
        ("config.scale", 10, "files.ratings.0.scale.csat"),
        ("table.unknown", 11, "files.reponses"),
        ("config.value", 12, "privacy.floor"),
    } <= found
    told = " ".join(as_text(load(folder).problems, "en").split())
    assert 'Did you mean "mapping"?' in told
    assert 'Did you mean "responses"?' in told
    assert 'Did you mean "name"?' in told


@pytest.mark.parametrize(
    ("text", "rule", "row"),
    [
        ("a: !!python/object/apply:os.system [x]\n", "yaml.unsafe", 1),
        ("name: a\nname: b\n", "yaml.duplicate_key", 2),
        ("a: &a [*a]\n", "yaml.alias_bomb", 1),
        ("? [a, b]\n: c\n", "yaml.key", 1),
        ("a: 1\nb: [}\n", "yaml.syntax", 2),
        ("a: 1\n---\nb: 2\n", "yaml.syntax", 2),
        ("- a\n", "yaml.syntax", 1),
        ("a: '" + "x" * 1_000_001 + "'\n", "yaml.too_big", None),
        (
            "".join(
                f"a{i}: &a{i} [{', '.join(['*a' + str(i - 1)] * 10) if i else 'x'}]\n"
                for i in range(9)
            ),
            "yaml.alias_bomb",
            1,
        ),
    ],
)
def test_what_yaml_may_not_do(tmp_path: Path, text: str, rule: str, row: int | None) -> None:
    (tmp_path / "engagement.yml").write_text(text)
    assert [(p.rule, p.row) for p in read_config(tmp_path).problems] == [(rule, row)]


def test_no_file_at_all(tmp_path: Path) -> None:
    assert problems(tmp_path) == [("config.missing", None, ""), ("table.none", None, "")][:1]
    assert load(tmp_path).rejected


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=80))
def test_any_text_gives_problems_not_tracebacks(text: str, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("e")
    (folder / "engagement.yml").write_text(text, "utf-8", errors="surrogatepass")
    assert read_config(folder).problems


def test_words_that_yaml_1_1_would_bend_stay_text(make) -> None:
    folder = make("name: acme\nfiles: {responses: raw/r.csv}\nlabels: {nps: {Sí: 1, No: 0}}\n")
    assert read_config(folder).document["labels"] == {"nps": {"Sí": 1, "No": 0}}


def test_defaults() -> None:
    made = Engagement.model_validate({"name": "acme", "country": "EC", "files": {}})
    assert (made.client, made.currency, made.languages, made.status) == (
        "acme", "USD", ["es"], "draft",
    )  # fmt: skip
    assert made.privacy.floor == 10


def test_the_shorthand_of_a_single_file_is_the_long_form() -> None:
    short = {"name": "a", "files": {"responses": "r.csv"}, "mapping": {"nps": "Q1"}}
    long = {"name": "a", "files": {"responses": {"file": "r.csv", "mapping": {"nps": "Q1"}}}}
    ours, theirs = (Engagement.model_validate(g).blocks("responses")[0] for g in (short, long))
    assert (ours.file, ours.mapping) == (theirs.file, theirs.mapping)


def test_keys_of_one_file_are_refused_on_top_of_many(make) -> None:
    folder = make("""\
        name: acme
        decimal: ","
        files: {responses: raw/r.csv, events: raw/e.csv}
        mapping: {nps: Q1}
        """)
    assert ("config.many_files", 4, "mapping") in problems(folder)
    block = load(folder).engagement.blocks("events")[0]
    assert block.decimal == ","  # a convention holds for every file


def test_options_must_speak_of_columns_that_are_there(make) -> None:
    folder = make("""\
        name: acme
        files:
          responses:
            file: raw/r.csv
            mapping: {response_id: id, nps: Q1, segmnt: S}
            scale: {npps: {min: 0, max: 10}}
            labels: {csat: {a: 1}}
          events: {file: raw/r.csv, mapping: {case_id: id}}
        """, r="id,Q1,S\n1,9,a\n")  # fmt: skip
    found = problems(folder)
    assert ("config.unknown_column", 6, "files.responses.scale.npps") in found
    assert ("config.unknown_column", 7, "files.responses.labels.csat") in found
    assert ("mapping.required", 8, "files.events.mapping") in found


def test_an_nps_needs_its_eleven_steps(make) -> None:
    for low, high in ((1, 5), (1, 10)):
        config = f"""\
            name: acme
            files: {{responses: raw/r.csv}}
            mapping: {{response_id: id, nps: Q1}}
            scale: {{nps: {{min: {low}, max: {high}}}}}
            """
        folder = make(config, r="id,Q1\n1,5\n")
        assert ("scale.not_nps", 4, "scale.nps") in problems(folder)


def test_a_final_sheet_has_no_blanks(make) -> None:
    folder = make("""\
        name: acme
        status: final
        files: {responses: raw/r.csv}
        mapping: {response_id: id, nps: Q1}
        sheet: {sponsor: The company, incentives: {not_applicable: nobody was paid}}
        """, r="id,Q1\n1,5\n")  # fmt: skip
    blank = [p for p in load(folder).problems if p.rule == "sheet.blank"]
    assert len(blank) == 7
    assert {p.why["item"] for p in blank}.isdisjoint({"sponsor", "incentives"})


@pytest.mark.parametrize(
    "path",
    ["../r.csv", "/etc/passwd", "~/r.csv", "C:\\r.csv", "\\\\host\\r.csv", "http://x/r.csv",
     "raw/../../r.csv", "..\\r.csv"],
)  # fmt: skip
def test_files_outside_the_folder_are_refused(make, path: str) -> None:
    folder = make(f"name: acme\nfiles: {{responses: {json.dumps(path)}}}\nmapping: {{nps: Q1}}\n")
    assert ("path.escape", 2, "files.responses") in problems(folder)


def test_a_link_that_leaves_the_folder_is_refused(make, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("id,Q1\n1,5\n")
    folder = make("name: acme\nfiles: {responses: raw/in.csv}\nmapping: {nps: Q1}\n")
    (folder / "raw" / "in.csv").symlink_to(tmp_path / "out.csv")
    assert [r for r, *_ in problems(folder)] == ["path.symlink"]


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_new_engagement_is_commented_valid_and_empty(tmp_path: Path, language: str) -> None:
    folder = new("banco-sur", tmp_path, language=language, country="CL")
    text = (folder / "engagement.yml").read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=")
    assert "/" not in text.splitlines()[0].split("$schema=")[1][:1]  # no absolute path
    made = load(folder)
    assert [p.rule for p in made.problems] == ["table.none"]
    assert made.engagement.currency == "CLP"
    assert (folder / "raw" / "README.md").is_file()


@pytest.mark.parametrize("name", ["../x", "a b", "", "ñu", "con", "x" * 61, "a/b", "-a"])
def test_bad_names_make_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadName):
        new(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    new("acme", tmp_path)
    with pytest.raises(BadName) as no:
        new("acme", tmp_path)
    assert no.value.rule == "folder.taken"


def test_what_new_writes_uncommented_is_a_working_file(tmp_path: Path) -> None:
    folder = new("acme", tmp_path, language="es", country="MX")
    lines = (folder / "engagement.yml").read_text("utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("files:"))
    end = next(i for i in range(start, len(lines)) if not lines[i].strip())
    opened = [line.replace("  # ", "  ", 1) for line in lines[start + 1 : end]]
    (folder / "engagement.yml").write_text("\n".join(lines[: start + 1] + opened + lines[end:]))
    rules = {p.rule for p in load(folder).problems}
    assert rules <= {"file.missing", "scale.undeclared"}


def test_the_schema_on_disk_is_the_models() -> None:
    assert SCHEMA.read_text("utf-8") == schema_json()
    assert json.loads(schema_json())["properties"]["name"]["description"]


def test_the_dictionary_on_disk_is_the_codes() -> None:
    assert README.read_text("utf-8") == dictionary_markdown()
    assert tuple(DICTIONARY) == TABLES


def test_every_column_is_described_in_both_languages() -> None:
    for table in DICTIONARY.values():
        for column in table.columns.values():
            assert column.es, (table.name, column.name)
            assert column.en, (table.name, column.name)
            assert not set(table.key) - set(table.columns)


def test_the_input_hash_follows_bytes_and_meaning_not_comments(make) -> None:
    config = "name: acme\nfiles: {responses: raw/r.csv}\nmapping: {nps: Q1}\n"
    first = input_hash(make(config, r="Q1\n5\n"))
    assert input_hash(make("# said\n" + config, r="Q1\n5\n")) == first
    assert input_hash(make(config, r="Q1\n6\n")) != first
    assert input_hash(make(config.replace("acme", "acne"), r="Q1\n5\n")) != first


def test_codes_that_are_numbers_and_words_together_have_a_hash(make) -> None:
    blanks = "missing_codes: {csat: {0: blank, 6: not_applicable, Blank: blank}}"
    config = "name: a\nfiles: {responses: raw/r.csv}\nmapping: {csat: Q1}\n" + blanks
    first = input_hash(make(config, r="Q1\n5\n"))
    other = config.replace("{0: blank, 6: not_applicable", "{6: not_applicable, 0: blank")
    assert input_hash(make(other, r="Q1\n5\n")) == first
    assert input_hash(make(config.replace("6:", "'6':"), r="Q1\n5\n")) != first
