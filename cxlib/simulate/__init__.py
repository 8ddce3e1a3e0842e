"""Companies of known truth: the raw files that a client would send, and what is planted in them.

`make` draws a company from the parameters of a scenario (`scenarios.toml`) and writes an
engagement folder. The demo's files are generated at set-up, not stored: they take a few seconds,
they are always true to the code, and the repository stays small. Shares no formula with
`methods`: what a sound reading should find is known in closed form or from a large census.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

SCENARIOS = ("demo", "null", "tiny")


def make(
    scenario: str,
    into: Path,
    *,
    seed: int = 0,
    size: Literal["S", "M", "L"] = "M",
    language: str = "es",
) -> Path:
    """Write an engagement folder (engagement.yml, raw/, truth.json) and return it.

    scenario : of SCENARIOS; size : number of customers, cases and answers (S 0.4, L 4 times);
    language : of the messages. Equal arguments write equal bytes.

    Raises ValueError for an unknown scenario, size or language.
    """
    from cxlib.simulate import world
    from cxlib.simulate.write import write

    if scenario not in SCENARIOS:
        raise ValueError(f"unknown scenario {scenario!r}; one of {', '.join(SCENARIOS)}")
    if size not in world.SIZES:
        raise ValueError(f"unknown size {size!r}; one of {', '.join(world.SIZES)}")
    if language not in {"es", "en"}:
        raise ValueError(f"unknown language {language!r}; one of es, en")
    scale = 1.0 if scenario == "tiny" else world.SIZES[size]
    company = world.build(world.SCENARIOS[scenario], seed=seed, scale=scale)
    return write(company, Path(into), scenario=scenario, language=language)
