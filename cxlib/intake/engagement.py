"""The shape of `engagement.yml`: one strict, typed model, and its JSON Schema for editors.

How the file is read, and how its errors find their line, is in `config`.
"""

from __future__ import annotations

import codecs
import json
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.numbers import get_territory_currencies
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

SCHEMA = Path(__file__).with_name("engagement.schema.json")
KEYS: Mapping[str, Mapping[str, str]] = tomllib.loads(
    (files("cxlib.intake") / "engagement.toml").read_text("utf-8")
)["keys"]
_WINDOWS = {"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10)}


def key(name: str, default: Any = ..., **limits: Any) -> Any:
    """Describe a field by the words of `engagement.toml`."""
    words = KEYS[name]
    return Field(default, description=f"{words['es']} · {words['en']}", **limits)


def _slug(name: str) -> str:
    if re.search(r"[/\\]|\.\.|^~|:", name):
        raise PydanticCustomError("path.escape", "leaves its folder")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}", name) or name.lower() in _WINDOWS:
        raise PydanticCustomError("config.slug", "not a slug")
    return name


def _country(code: str) -> str:
    if code not in get_global("territory_currencies"):
        raise PydanticCustomError("config.country", "unknown country")
    return code


def _timezone(name: str) -> str:
    if name not in available_timezones():
        raise PydanticCustomError("config.timezone", "unknown time zone")
    return name


def _encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError as no:
        raise PydanticCustomError("encoding.unknown", "unknown encoding") from no


def _locale(name: str) -> str:
    try:
        return str(Locale.parse(name, sep="-"))
    except (UnknownLocaleError, ValueError) as no:
        raise PydanticCustomError("config.locale", "unknown locale") from no


def _given(value: Any) -> Any:
    """Leave out keys with nothing after the colon: a commented file is full of them."""
    if isinstance(value, dict):
        return {name: item for name, item in value.items() if item is not None}
    return {} if value is None else value


Slug = Annotated[str, AfterValidator(_slug)]
Text = Annotated[str, Field(min_length=1, max_length=10_000)]
Scalar = str | int | float | bool | date
Canonical = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]
Reason = Literal["blank", "dont_know", "refused", "not_applicable"]
Code = str | int | float
Platform = Literal[
    "qualtrics", "surveymonkey", "google_forms", "microsoft_forms", "limesurvey", "typeform",
    "kobo", "surveycto", "spss", "xes",
]  # fmt: skip


class Strict(BaseModel):
    """No unknown keys, no silent conversion, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    _leave_blanks = model_validator(mode="before")(_given)


class Ratio(Strict):
    """A quotient of two columns; a zero divisor leaves the cell missing."""

    over: Text
    by: Text


class Mean(Strict):
    """The mean of columns; missing where any of them is."""

    mean: Annotated[list[Text], Field(min_length=2)]


class Since(Strict):
    """The day that lies so many months before a reference day."""

    months: Text
    until: date


class When(Strict):
    """A constant in the rows where columns hold given values, missing elsewhere."""

    value: Scalar
    when: Annotated[dict[Text, list[Scalar]], Field(min_length=1)]


def _form(value: Any) -> str | None:
    if isinstance(value, (str, list)):
        return "column" if isinstance(value, str) else "columns"
    names = value if isinstance(value, dict) else vars(value) if isinstance(value, Strict) else {}
    forms = {"over": "ratio", "by": "ratio", "mean": "mean", "months": "since", "value": "when"}
    return next((form for name, form in forms.items() if name in names), None)


Source = Annotated[
    Annotated[Text, Tag("column")]
    | Annotated[list[Text], Tag("columns")]
    | Annotated[Ratio, Tag("ratio")]
    | Annotated[Mean, Tag("mean")]
    | Annotated[Since, Tag("since")]
    | Annotated[When, Tag("when")],
    Discriminator(_form),
]


class Scale(Strict):
    """The ends of an answer scale; `reverse` where the low end is the best answer."""

    min: float
    max: float
    reverse: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Scale:
        if self.min >= self.max:
            raise PydanticCustomError("config.scale", "min is not under max")
        return self


class Duplicates(Strict):
    """What to do with rows of one key: keep the first, the last, or none of them."""

    keep: Literal["first", "last", "none"]
    key: list[Canonical] = []


class FileOptions(Strict):
    """How one file is read and which of its columns are which."""

    platform: Platform | None = key("platform", None)
    encoding: Annotated[str, AfterValidator(_encoding)] | None = key("encoding", None)
    delimiter: Literal[",", ";", "\t", "|"] | None = key("delimiter", None)
    decimal: Literal[".", ","] | None = key("decimal", None)
    thousands: Literal[".", ",", " ", "'", ""] | None = key("thousands", None)
    locale: Annotated[str, AfterValidator(_locale)] | None = key("locale", None)
    date_order: Literal["dmy", "mdy", "ymd"] | None = key("date_order", None)
    date_format: Text | None = key("date_format", None)
    timezone: Annotated[str, AfterValidator(_timezone)] | None = key("timezone", None)
    header_row: int | None = key("header_row", None, ge=1, le=1000)
    mapping: dict[Canonical, Source] = key("mapping", {})
    types: dict[Canonical, Literal["text", "number", "date", "datetime", "boolean"]] = key(
        "types", {}
    )
    labels: dict[Canonical, dict[Code, Scalar]] = key("labels", {})
    missing_codes: dict[Canonical, list[Code] | dict[Code, Reason]] = key("missing_codes", {})
    scale: dict[Canonical, Scale] = key("scale", {})
    set: dict[Canonical, Scalar] = key("set", {})
    unpivot: dict[Text, dict[Canonical, Scalar]] = key("unpivot", {})
    keep: dict[Text, list[Scalar]] = key("keep", {})
    duplicates: Duplicates | None = key("duplicates", None)


class Block(FileOptions):
    """One file that feeds one table."""

    file: Text = key("file")
    sheet: Text | None = key("sheet", None)


def _block_form(value: Any) -> str:
    return "file" if isinstance(value, str) else "blocks" if isinstance(value, list) else "block"


Files = Annotated[
    Annotated[Text, Tag("file")]
    | Annotated[list[Block], Tag("blocks"), Field(min_length=1)]
    | Annotated[Block, Tag("block")],
    Discriminator(_block_form),
]


class Name(Strict):
    """What a code is called in both languages."""

    es: Text
    en: Text


class Model(Strict):
    """The company's own model; an empty part is generic."""

    factors: dict[Literal["product", "interaction", "brand"], list[Text]] = key("factors", {})
    interactions: list[Text] = key("interactions", [])
    promises: list[Text] = key("promises", [])
    weights: dict[Text, float] = key("weights", {})
    names: dict[Text, Name] = key("names", {})


class NotApplicable(Strict):
    """Why an item of the technical sheet does not apply; the sheet prints it."""

    not_applicable: Annotated[str, Field(min_length=10)]


SheetItem = Annotated[
    Annotated[Text, Tag("text")] | Annotated[NotApplicable, Tag("reason")],
    Discriminator(lambda value: "text" if isinstance(value, str) else "reason"),
]


class TechnicalSheet(Strict):
    """The items of the technical sheet that only a person can write."""

    collection: SheetItem | None = key("collection", None)
    sponsor: SheetItem | None = key("sponsor", None)
    wording: SheetItem | None = key("wording", None)
    population: SheetItem | None = key("population", None)
    sampling: SheetItem | None = key("sampling", None)
    modes: SheetItem | None = key("modes", None)
    limitations: SheetItem | None = key("limitations", None)
    incentives: SheetItem | None = key("incentives", None)
    revisions: SheetItem | None = key("revisions", None)

    @property
    def blanks(self) -> tuple[str, ...]:
        """Items that nobody wrote."""
        return tuple(name for name in type(self).model_fields if getattr(self, name) is None)


class Brand(Strict):
    """The client's colours and files; contrast is checked where they are used."""

    primary: Colour | None = key("primary", None)
    accent: Colour | None = key("accent", None)
    logo: Text | None = key("logo", None)
    template: Text | None = key("template", None)


class Privacy(Strict):
    """Rules of disclosure."""

    floor: int = key("floor", 10, ge=5, le=1000)


# file conventions that stand at top level hold for every block that does not say otherwise
CONVENTIONS = (
    "platform", "encoding", "delimiter", "decimal", "thousands", "locale", "date_order",
    "date_format", "timezone",
)  # fmt: skip


class Engagement(FileOptions):
    """One engagement: who the client is, which files hold what, which rules apply."""

    name: Slug = key("name")
    client: Text = key("client", "")
    country: Annotated[str, AfterValidator(_country)] | None = key("country", None)
    language: Literal["es", "en"] = key("language", "es")
    languages: list[Literal["es", "en"]] = key("languages", [], max_length=2)
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = key("currency", None)
    status: Literal["draft", "final"] = key("status", "draft")
    wave: str | int | None = key("wave", None)
    files: Annotated[dict[str, Files], BeforeValidator(_given)] = key("files")
    model: Annotated[Model, BeforeValidator(_given)] = key("model", Model())
    planned: list[Text] = key("planned", [])
    privacy: Annotated[Privacy, BeforeValidator(_given)] = key("privacy", Privacy())
    sheet: Annotated[TechnicalSheet, BeforeValidator(_given)] = key(
        "technical_sheet", TechnicalSheet()
    )
    brand: Annotated[Brand, BeforeValidator(_given)] = key("brand", Brand())

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, given: Any) -> Any:
        """Client = name, languages = the one language, currency by country."""
        if not isinstance(given, dict):
            return given
        filled = _given(given) | ({"files": given["files"] or {}} if "files" in given else {})
        if "name" in filled:
            filled.setdefault("client", filled["name"])
        filled.setdefault("languages", [filled.get("language", "es")])
        known = get_territory_currencies(str(filled.get("country", "")))
        if known:
            filled.setdefault("currency", known[0])
        return filled

    def blocks(self, table: str) -> tuple[Block, ...]:
        """Blocks of one table, with what stands at top level filled in."""
        given = self.files.get(table)
        if given is None:
            return ()
        blocks = given if isinstance(given, list) else [given]
        return tuple(self._filled(Block(file=b) if isinstance(b, str) else b) for b in blocks)

    def _filled(self, block: Block) -> Block:
        names = FileOptions.model_fields if self.one_file else CONVENTIONS
        own, mine = block.model_fields_set, self.model_fields_set
        return block.model_copy(
            update={name: getattr(self, name) for name in names if name in mine and name not in own}
        )

    @property
    def one_file(self) -> bool:
        """Whether a single block feeds the whole engagement, so that its keys may stand on top."""
        given = list(self.files.values())
        return len(given) == 1 and not (isinstance(given[0], list) and len(given[0]) > 1)


def schema_json() -> str:
    """JSON Schema of engagement.yml, as editors read it."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(schema | Engagement.model_json_schema(), ensure_ascii=False, indent=1) + "\n"
