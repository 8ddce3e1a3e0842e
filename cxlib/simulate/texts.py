"""What customers write: short Spanish texts, each from a theme with a known share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlib.simulate.world import LEXICON, NAMES, World, pick


def write(world: World, responses: pd.DataFrame) -> pd.DataFrame:
    """Texts by answer: response_id, helped, hindered; blank where nobody wrote."""
    p, dice = world.part("survey"), world.random("texts")
    written = responses[["response_id"]].copy()
    for question in ("helped", "hindered"):
        themes = pick(dice, p[question], len(responses))
        writes = dice.random(len(responses)) < p["writes"]
        written[question] = [
            _text(dice, question, theme, topic) if wrote else ""
            for theme, topic, wrote in zip(themes, responses["interaction"], writes, strict=True)
        ]
    _plant(world)
    return written


def _text(dice: np.random.Generator, question: str, theme: str, topic: str) -> str:
    """One text: an opening, a sentence of the theme, an ending."""
    common = LEXICON["common"]
    parts = (common["openings"], LEXICON[question][theme]["texts"], common["endings"])
    text = "".join(str(options[int(dice.integers(len(options)))]) for options in parts)
    text = text.replace("{topic}", NAMES["topic"][topic][0].lower())
    return text[0].upper() + text[1:]


def _plant(world: World) -> None:
    p = world.part("survey")
    first = {"agent": ["amable", "asesora"], "overcharge": ["cobro", "factura"]}
    for question, name in (("helped", "top_helped"), ("hindered", "top_hindered")):
        shares = p[question]
        top = max(shares, key=lambda theme: shares[theme])
        if len(set(shares.values())) > 1:
            world.plant(
                f"text.{question}", "helped_hindered", "names", first[top], name=name,
                how=f"words of the theme {top}, the most frequent",
            )  # fmt: skip
