"""The registry: every block speaks for its method, in both languages, with equal placeholders."""

import importlib
import pkgutil
import re
import string
from pathlib import Path
from types import SimpleNamespace

import pytest

import cxlib.methods
from cxlib.core import METHODS, UNITS, Estimate, Value
from cxlib.text import BLOCKS, Voice, catalogue
from cxlib.text.catalogue import LANGUAGES, Said
from cxlib.text.voice import SLOT

for module in pkgutil.iter_modules(cxlib.methods.__path__):
    importlib.import_module(f"cxlib.methods.{module.name}")

OUTCOMES = [(key, outcome) for key, block in BLOCKS.items() for outcome in block.outcomes]
PACKAGE = Path(cxlib.methods.__path__[0]).parent
FREE = {"verb", "unless"}
EFFECT_VERBS = {
    "es": r"\b(reduce|aumenta|causa|anticipa|cuesta|suma|nace|nacen|provoca|genera)\b",
    "en": r"\b(cuts|raises|causes|costs|adds|leads to|drives|reduces|increases)\b",
}
AVOIDED = {
    "es": r"\b(disruptiv|sinergia|robust|significativ|empoderar|journey|insight|driver|podría|"
    r"quizás|a nivel de)",
    "en": r"\b(leverage|delight|world-class|significant|robust|unlock|utilize)",
}
WORDS = 26
LESSON = 35  # words
TITLE = 52  # characters: a line of the contents
HEADLINES = {min((b for b in BLOCKS.values() if b.chapter == c), key=lambda b: b.order).id
             for c in "123456789"}  # fmt: skip


def slots(text: str) -> set[str]:
    return {match[1] for match in SLOT.finditer(text)} - FREE


def texts(said: Said, language: str) -> list[str]:
    kinds = (said.sentence, said.figure, said.label, said.lesson)
    return [kind[language] for kind in kinds if kind]


def test_every_block_names_a_method_that_exists() -> None:
    unknown = {key: block.method for key, block in BLOCKS.items() if block.method not in METHODS}
    assert not unknown


@pytest.mark.parametrize("key", BLOCKS)
def test_outcomes_of_a_block_are_those_of_its_method(key: str) -> None:
    assert set(BLOCKS[key].outcomes) == set(METHODS[BLOCKS[key].method].outcomes)


@pytest.mark.parametrize(("key", "outcome"), OUTCOMES)
def test_placeholders_are_equal_in_both_languages_and_declared(key: str, outcome: str) -> None:
    said = BLOCKS[key].outcomes[outcome]
    spanish, english = (set().union(*map(slots, texts(said, lang))) for lang in LANGUAGES)
    assert spanish == english
    assert spanish <= set(METHODS[BLOCKS[key].method].values)


@pytest.mark.parametrize(("key", "outcome"), OUTCOMES)
@pytest.mark.parametrize("n", [1, 2, 10**6])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_can_be_said(key: str, outcome: str, n: int, language: str) -> None:
    block = BLOCKS[key]
    said = block.outcomes[outcome]
    values: dict[str, Value] = {
        name: Estimate(n, n * 0.9, n * 1.1, "scale", n) for name in METHODS[block.method].values
    }
    values |= {
        match[1]: n for text in texts(said, language) for match in SLOT.finditer(text) if match[3]
    }
    grade = max(g for g in (block.grade, said.grade) if g)
    finding = SimpleNamespace(id=key, outcome=outcome, grade=grade, values=values, caveats=())
    voice = Voice(language, "CO", "COP")
    sentences = [voice.sentence(finding), voice.lesson(finding), *voice.figure(finding)]
    assert not set("{}|?").intersection("".join(sentences).replace("¿", "").replace("?", ""))
    assert voice.sentence(finding)[0] not in string.ascii_lowercase
    for sentence in re.split(r"[.?!] ", SLOT.sub("x", said.sentence[language])):
        assert len(sentence.split()) <= WORDS, sentence


@pytest.mark.parametrize(("key", "outcome"), OUTCOMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_verbs_fit_the_grade_and_avoided_words_are_absent(
    key: str, outcome: str, language: str
) -> None:
    block = BLOCKS[key]
    said = block.outcomes[outcome]
    for text in texts(said, language):
        assert not re.search(AVOIDED[language], text, re.IGNORECASE), text
        if max(g for g in (block.grade, said.grade) if g) in "CD":
            assert not re.search(EFFECT_VERBS[language], text), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_titles_subtitles_and_requests_keep_the_voice(language: str) -> None:
    for block in BLOCKS.values():
        assert len(block.title[language]) <= TITLE, block.title
        for both in (block.title, block.subtitle, block.ask):
            text = both[language] if both else ""
            assert not re.search(AVOIDED[language], text, re.IGNORECASE), text
            assert not text.endswith("."), text
        assert block.ask, f"{block.id} does not say what to collect"


@pytest.mark.parametrize(("key", "outcome"), OUTCOMES)
def test_lessons_are_short_and_no_headline_lacks_one(key: str, outcome: str) -> None:
    lesson = BLOCKS[key].outcomes[outcome].lesson
    assert lesson or key not in HEADLINES
    for language in LANGUAGES if lesson else ():
        assert len(lesson[language].split()) <= LESSON, lesson
    if lesson:
        assert not re.search(r"\b(tú|tu|tus|vos|por eso|ustedes)\b", lesson["es"], re.IGNORECASE)


@pytest.mark.parametrize(("key", "outcome"), OUTCOMES)
def test_a_large_figure_has_a_label(key: str, outcome: str) -> None:
    said = BLOCKS[key].outcomes[outcome]
    assert bool(said.figure) == bool(said.label)


@pytest.mark.parametrize(("key", "outcome"), OUTCOMES)
def test_counts_agree_with_one_and_with_many(key: str, outcome: str) -> None:
    """«{n} de {m} cosas» opens a sentence: its verb agrees with n, by `{n?…|…}`."""
    opening = r"(?:^|[.] )\{(\w+)\} de \{\w+\} [^\s{}]+ (?P<next>\S+)"
    for found in re.finditer(opening, BLOCKS[key].outcomes[outcome].sentence["es"]):
        plural = re.search(r"(n|s)$", found["next"])
        assert not plural or found["next"] in {"con", "sin"}, found[0]


@pytest.mark.parametrize(
    "name", ["words", "refusals", "caveats", "columns", "fields", "pages", "voice", "cli"]
)
def test_shared_words_are_in_both_languages_with_equal_placeholders(name: str) -> None:
    for key, entry in catalogue(name).items():
        if key == "currencies":
            continue
        assert entry["es"].strip(), key
        assert entry["en"].strip(), key
        assert slots(entry["es"]) == slots(entry["en"]), key


@pytest.mark.parametrize("name", ["words", "refusals", "caveats", "columns", "pages", "voice"])
def test_no_shared_word_is_out_of_reach(name: str) -> None:
    """Each key stands in the code, a template or other prose, whole or built by an f-string."""
    files = {path for kind in ("*.py", "*.j2", "*.toml") for path in PACKAGE.rglob(kind)}
    mine = PACKAGE / "prose" / f"{name}.toml"
    written = "\n".join(path.read_text("utf-8") for path in sorted(files - {mine}))
    whole = set(re.findall(r"\w+", written))
    begun = tuple(set(re.findall(r"""["'](\w+_)\{""", written)))
    ended = tuple(set(re.findall(r"""\}(_\w+)["']""", written)))
    lost = [key for key in catalogue(name) if key not in whole]
    assert [key for key in lost if not key.startswith(begun) and not key.endswith(ended)] == []


def test_every_canonical_column_has_a_name_that_a_reader_knows() -> None:
    from cxlib.intake import DICTIONARY

    for table in DICTIONARY.values():
        for column in table.columns:
            for language in LANGUAGES:
                said = Voice(language, "CO").missing(f"{table.name}.{column}")
                assert not re.search(r"[a-z]_[a-z]", said), said
            known = {*catalogue("columns"), *catalogue("fields"), *catalogue("words")}
            assert column in known, column


def test_columns_have_a_unit_that_can_be_printed() -> None:
    kinds = {*UNITS, "text", "word", "name", "grade", "month", "date", "wave", "missing"}
    odd = {k: e["unit"] for k, e in catalogue("columns").items() if e.get("unit") not in kinds}
    assert not odd


def test_chapters_are_the_nine_of_the_storyline_and_the_annex() -> None:
    assert {block.chapter for block in BLOCKS.values()} <= {*"123456789", "A"}
    assert set("123456789") <= {block.chapter for block in BLOCKS.values()}


def test_places_inside_a_chapter_are_not_shared() -> None:
    places = [(block.chapter, block.order) for block in BLOCKS.values()]
    assert len(places) == len(set(places))


STARRED = {
    f"S{row}"
    for row in (
        *(1, 3, 11, 29, 31, 37, 39, 46, 78, 88, 107, 125, 126, 137, 145, 150, 156),
        *range(159, 168),
        *(169, 173, 184, 185, 201, 202, 204, 206, 213, 229, 234, 242),
    )
}


def test_the_starred_rows_are_answered() -> None:
    answered = {row for block in BLOCKS.values() for row in block.answers}
    assert not STARRED - answered
