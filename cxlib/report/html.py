"""report.<lang>.html: one self-contained page; every number of the data leads to its finding."""

from __future__ import annotations

import base64
from functools import lru_cache
from html import escape
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cxlib.charts.theme import font_files
from cxlib.findings import Findings
from cxlib.report import marks, sheet
from cxlib.report.marks import Html
from cxlib.report.storyline import FIRST_ACTION, Story
from cxlib.report.views import ChapterView, UnsaidView
from cxlib.text import Voice

CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"


def render(findings: Findings, story: Story, voice: Voice, appendix: str) -> str:
    """Return the page in one language."""
    room = files("cxlib") / "report"
    environment = Environment(
        loader=FileSystemLoader(str(room)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("report.html.j2")
    chapters = [ChapterView(chapter, voice, findings.inputs) for chapter in story.chapters]
    annex = ChapterView(story.annex, voice, findings.inputs)
    return template.render(
        ui=voice.ui,
        csp=CSP,
        fonts=_fonts(),
        css=Html((room / "report.css").read_text(encoding="utf-8")),
        lang=voice.language,
        engagement=findings.engagement,
        period=voice.period(findings.engagement["period"]),
        title=title_of(findings, voice),
        draft=_draft(findings, voice),
        chapters=chapters,
        annex=annex,
        action=_action(story, voice),
        decision=_decision(story, voice),
        unsaid=[UnsaidView(group, voice) for group in story.unsaid],
        silent=sum(len(group.findings) for group in story.unsaid),
        said=lambda key, where, **numbers: marks.said(voice, key, where, **numbers),
        fields=sheet.fields(findings, voice),
        numbers_in=marks.numbers_in,
        told=[view for chapter in (*chapters, annex) for view in chapter.all],
        appendix=appendix,
    )


def title_of(findings: Findings, voice: Voice) -> str:
    """Title of a deliverable: report, client, period."""
    about = findings.engagement
    return f"{voice.ui('report')} · {about['client']} · {voice.period(about['period'])}"


@lru_cache
def _fonts() -> Html:
    """The page's own letters, so that it looks alike everywhere; none where the wheel is absent."""
    faces = []
    for weight, path in font_files().items():
        held = base64.b64encode(path.read_bytes()).decode("ascii")
        faces.append(
            f'@font-face{{font-family:"Source Sans Pro";font-weight:{weight};'
            f'src:url(data:font/ttf;base64,{held}) format("truetype")}}'
        )
    return marks.joined(faces, "\n")


def _draft(findings: Findings, voice: Voice) -> str:
    """Why the report is a draft; empty when it is final."""
    if findings.engagement.get("status") == "final":
        return ""
    missing = sheet.blanks(findings)
    if not missing:
        return voice.ui("draft_plain")
    names = voice.list([voice.ui(f"sheet_{key}").lower() for key in missing])
    return voice.ui("draft_why", items=names)


def _action(story: Story, voice: Voice) -> dict[str, Any]:
    """First action: what it is called, who answers for it and from when, what it is worth."""
    found = story.action
    if found is None:
        told = next((f for f in story.told if f.id == FIRST_ACTION), None)
        text = marks.sentence(voice, told) if told else voice.ui("decision_hold_why")
        return {"name": voice.ui("no_first_action"), "lines": [text]}
    known = found.values
    name = known.get("action")
    lines = []
    owner, start = known.get("owner"), known.get("start")
    if isinstance(owner, str) and isinstance(start, str) and len(start) == len("2026-01-31"):
        date = Html(f'<time datetime="{escape(start)}">{escape(voice.date(start))}</time>')
        lines.append(
            Html(f"{marks.words(voice.word(owner))}, {escape(voice.ui('from_day'))} {date}.")
        )
    large, label = marks.figure(voice, found)
    lines.append(Html(f"{large} {label}."))
    title = voice.word(name) if isinstance(name, str) else voice.title(found.id)
    return {"name": title, "lines": lines}


def _decision(story: Story, voice: Voice) -> dict[str, Any]:
    """Return the decision that the report asks for: start the action, collect, or hold."""
    if story.action is not None:
        return {"name": voice.ui("decision_approve"), "lines": [voice.ui("decision_measure")]}
    if story.unsaid:
        first = story.unsaid[0]
        asked = next((voice.ask(f.id) for f in first.findings if voice.ask(f.id)), "")
        text = asked or marks.sentence(voice, first.first)
        return {"name": voice.ui("decision_collect"), "lines": [text]}
    return {"name": voice.ui("decision_hold"), "lines": [voice.ui("decision_hold_why")]}
