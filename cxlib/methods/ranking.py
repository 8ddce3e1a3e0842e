"""From importance to a ranking: what is key, what cannot be ordered, what may be said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cxlib.core import Estimate, Value, caveat
from cxlib.methods import cells, lmg
from cxlib.methods.compare import adjust
from cxlib.methods.importance import Importance
from cxlib.methods.lmg import Numbers


def key_table(found: Importance, *, level: float = 0.05) -> pd.DataFrame:
    """One row a topic, largest share first; shares are of the explained part, 0 to 1."""
    p_adjusted = adjust(found.p_values())
    joint, joint_draws = _joint(found)
    total, totals = found.r2, found.draws.sum(axis=1, keepdims=True)
    low, high = np.quantile(joint_draws / totals, [0.025, 0.975], axis=0)
    beats = np.quantile(joint_draws, 0.025, axis=0) > found.noise
    blocked = {i for block in found.blocks for i in block}
    own = (p_adjusted <= level) & (found.coefficients > 0)
    order = sorted(range(len(found.names)), key=lambda i: (-joint[i], found.names[i]))
    group = _groups(found, order, joint_draws)
    verdicts = [
        "noise" if not beats[i] else "together" if i in blocked else "key" if own[i] else "some"
        for i in range(len(found.names))
    ]
    table = pd.DataFrame(
        {
            "topic": found.names,
            "verdict": verdicts,
            "share": joint / total,
            "share_low": np.minimum(low, joint / total),
            "share_high": np.maximum(high, joint / total),
            "noise": found.noise / total,
            "rank_group": group,
            "coefficient": found.coefficients,
            "p_adjusted": p_adjusted,
            "n": found.bases.astype(int),
        }
    )
    return table.iloc[order].reset_index(drop=True)


def _joint(found: Importance) -> tuple[Numbers, Numbers]:
    """Shares and draws in which every member of a collinear block holds the block's sum."""
    shares, draws = found.shares.copy(), found.draws.copy()
    for block in found.blocks:
        members = list(block)
        shares[members] = found.shares[members].sum()
        draws[:, members] = found.draws[:, members].sum(axis=1, keepdims=True)
    return shares, draws


def _groups(found: Importance, order: Sequence[int], draws: Numbers) -> list[int]:
    """Rank group (1 = the leading one) of each topic, in the order of the names."""
    ranked = list(order)
    exceeds = lmg.exceedance(draws[:, ranked])
    names = [found.names[i] for i in ranked]
    number = {
        name: rank
        for rank, members in enumerate(lmg.rank_groups(names, exceeds), 1)
        for name in members
    }
    return [number[name] for name in found.names]


def key_outcome(
    found: Importance, *, key: int, groups: int, level: float, minimum_r2: float, halo: float
) -> str:
    """What may be said of a ranking: nothing before the gate, R² and the halo allow it."""
    if found.gate > level:
        return "no_driver"
    if found.r2 < minimum_r2:
        return "no_fit"
    if found.halo > halo:
        return "no_separation"
    return "none_stand_out" if key == 0 or groups == 1 else "key"


def block_notes(found: Importance) -> list[Mapping[str, Value]]:
    """Name the topics that cannot be told apart."""
    return [
        caveat("not_separable", topic=found.names[block[0]], other=found.names[i])
        for block in found.blocks
        for i in block[1:]
    ]


def suppressed(found: Importance, level: float) -> list[Mapping[str, Value]]:
    """Name topics whose own coefficient is negative although alone they go with more loyalty."""
    odd = (found.coefficients < 0) & (found.zero_order > 0) & (found.p_values() <= level)
    return [
        caveat("suppression", topic=name) for name, one in zip(found.names, odd, strict=True) if one
    ]


def share(value: float, draws: Numbers, found: Importance) -> Estimate:
    """Share with its percentile interval, on the base of the estimation.

    Near 0 and 1 resampling drags shares inwards; the interval is widened to hold the estimate.
    """
    return cells.held(cells.drawn(value, draws, "share", found.n, found.n_effective))
