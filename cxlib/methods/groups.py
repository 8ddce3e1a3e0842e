"""Natural groupings of people by what they need and do, or the word that there are none.

Satisfaction, NPS and the official segment never enter: groups are compared on them afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cxlib.core import Estimate, Refuse, Result, Table, Value, caveat, method, rng
from cxlib.methods import agreement, cells, distance
from cxlib.methods.distance import Labels
from cxlib.methods.lmg import Numbers
from cxlib.methods.topics import of_wave

NEEDS = "need_"  # how the columns of needs and behaviour begin
_NEVER = {"nps", "csat", "ces", "trust", "repurchase", "goal_support", "segment"}
_NULL_DRAWS, _FEWEST = 199, 100


@method(
    outcomes=("groups", "groups_alone", "pattern", "no_groups", "no_stable"),
    values=("k", "silhouette", "p_null", "stability", "ari", "ami", "smallest", "likeness", "n"),
)
def natural(  # noqa: PLR0913 - each threshold is an option, so that it is traced
    responses: Table,
    customers: Table | None = None,
    *,
    items: Sequence[str] = (),
    official: str = "segment",
    wave: str | None = None,
    most: int = 6,
    sample: int = 300,
    draws: int = _NULL_DRAWS,
    resamples: int = 50,
    level: float = 0.05,
    seed: int = 0,
) -> Result:
    """Natural groups of people by needs and behaviour: how many, how firm, against the segments.

    Gower distances, k-medoids for 2 to `most` groups on at most `sample` people; the best
    silhouette must beat `draws` (at most 199) companies of the same margins and correlations
    without groups (p_null ≤ `level`), and every group must come back in `resamples` bootstraps
    (mean Jaccard ≥ .75; ≥ .60 is a *pattern*). Everybody else joins the nearest medoid.

    items : columns of needs or behaviour; by default those that begin with `need_`.
    official : column of the official segment, in responses or customers; compared by the adjusted
    Rand index (ari) and mutual information (ami), with a bootstrap interval.
    Refuses `few_answers` under 100 people, `few_items` under 2, `not_a_need` for an outcome.
    Source: METHODS 5.1-5.6; Kaufman & Rousseeuw (1990); Hennig (2007).
    """
    names = _items(responses, items)
    optional = ("customer_id", "wave", "date", official)
    frame = of_wave(responses.need("response_id", *names, optional=optional), wave)
    people = _one_each(frame).dropna(subset=names).reset_index(drop=True)
    if len(people) < _FEWEST:
        raise Refuse("few_answers", missing="responses", have=len(people), need=_FEWEST)
    taken = _taken(len(people), sample, seed)
    drawn = people.loc[taken, names].reset_index(drop=True)
    apart = distance.gower(drawn)
    found, width, firm = _partition(apart, most, resamples, seed)
    k = len(found.medoids)
    p_null = agreement.null_p(drawn, range(2, most + 1), draws=min(draws, _NULL_DRAWS), seed=seed)
    values: dict[str, Value] = {
        "p_null": Estimate(p_null, n=len(drawn)),
        "silhouette": Estimate(width, n=len(drawn)),
        "stability": Estimate(float(firm.min()), unit="share", n=len(drawn)),
        "n": len(people),
    }
    notes = _sampled(taken, people)
    outcome = group_outcome(p_null, float(firm.min()), level=level)
    if outcome in ("no_groups", "no_stable"):
        return Result(outcome, values, table=gradient(people, names), caveats=notes)
    everyone = _assign(people[names], drawn, found.medoids)
    smallest = float(np.bincount(everyone, minlength=k).min()) / len(people)
    values |= {"k": k, "smallest": Estimate(smallest, unit="share", n=len(people))}
    values |= _agreement(everyone, _official(people, customers, official), seed)
    if outcome == "groups" and "ari" not in values:
        outcome = "groups_alone"
    table = _profile(people, names, everyone, firm)
    return Result(outcome, values, table=table, caveats=notes)


def group_outcome(p_null: float, stability: float, *, level: float = 0.05) -> str:
    """Groups only if they beat the shapeless company and come back in resamples."""
    if p_null > level:
        return "no_groups"
    if stability < 0.60:
        return "no_stable"
    return "groups" if stability >= 0.75 else "pattern"


def likeness(ari: float) -> str:
    """Word for an adjusted Rand index: unrelated under .1, same over .65, else partly."""
    return "unrelated" if ari < 0.1 else "same" if ari > 0.65 else "partly"


def _items(responses: Table, items: Sequence[str]) -> list[str]:
    wanted = list(items) or sorted(c for c in responses.frame.columns if c.startswith(NEEDS))
    wrong = _NEVER & set(wanted)
    if wrong:
        raise Refuse("not_a_need", missing=f"responses.{sorted(wrong)[0]}")
    if len(wanted) < 2:
        raise Refuse("few_items", missing="responses", have=len(wanted), need=2)
    return wanted


def _one_each(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the first answer of each customer: a person twice is not two people."""
    if "customer_id" not in frame:
        return frame
    unknown = frame["customer_id"].isna()
    return frame[unknown | ~frame["customer_id"].duplicated()]


def _taken(n: int, most: int, seed: int) -> Labels:
    if n <= most:
        return np.arange(n)
    return np.sort(rng(seed, "groups.sample").choice(n, most, replace=False))


def _sampled(taken: Labels, people: pd.DataFrame) -> tuple[Mapping[str, Value], ...]:
    if len(taken) == len(people):
        return ()
    return (caveat("groups_from_sample", n=len(taken), people=len(people)),)


def _partition(
    apart: Numbers, most: int, resamples: int, seed: int
) -> tuple[distance.Partition, float, Numbers]:
    """Groups, largest silhouette of all numbers of groups, stability of the chosen groups.

    The largest silhouette among those whose every group is stable; if none, the largest.
    """
    found = [distance.kmedoids(apart, k, seed=seed, exhaustive=False) for k in range(2, most + 1)]
    widths = [float(distance.silhouettes(apart, groups.labels).mean()) for groups in found]
    ranked = [found[i] for i in np.argsort(-np.array(widths), kind="stable")[:3]]
    firm: list[Numbers] = []
    for groups in ranked:
        firm.append(agreement.stability(apart, groups.labels, draws=resamples, seed=seed))
        if firm[-1].min() >= 0.75:
            return groups, max(widths), firm[-1]
    return ranked[0], max(widths), firm[0]


def _assign(items: pd.DataFrame, drawn: pd.DataFrame, medoids: Labels) -> Labels:
    """Group (n,) of everybody: that of the nearest medoid of the sample."""
    stacked = pd.concat([drawn.iloc[medoids], items], ignore_index=True)
    spread = pd.concat([drawn.iloc[medoids], items, drawn], ignore_index=True)
    return _to_medoids(stacked, spread, len(medoids))


def _to_medoids(stacked: pd.DataFrame, spread: pd.DataFrame, k: int) -> Labels:
    """Nearest of the first k rows for each row after them."""
    total = np.zeros((len(stacked) - k, k))
    for name, kind in distance.kinds(spread).items():
        column = stacked[name]
        if kind == "numeric":
            values = column.to_numpy(float)
            width = float(np.ptp(spread[name].to_numpy(float))) or 1.0
            total += np.abs(values[k:, None] - values[:k]) / width
        else:
            codes = pd.factorize(column)[0]
            total += codes[k:, None] != codes[:k]
    return np.asarray(total.argmin(axis=1), dtype=np.int64)


def _official(people: pd.DataFrame, customers: Table | None, official: str) -> pd.Series | None:
    if official in people and people[official].notna().any():
        return people[official]
    known = customers is not None and customers.has(official) and "customer_id" in people
    if not known or customers is None:
        return None
    by_customer = customers.need("customer_id", official).drop_duplicates("customer_id")
    return people["customer_id"].map(by_customer.set_index("customer_id")[official])


def _agreement(labels: Labels, official: pd.Series | None, seed: int) -> dict[str, Value]:
    """ARI and AMI against the official segments, the first with a bootstrap interval."""
    if official is None or official.nunique() < 2:
        return {"likeness": "segments_unknown"}
    given = official.notna().to_numpy()
    mine, theirs = labels[given], pd.factorize(official[given])[0]
    found = agreement.compare_partitions(list(mine), list(theirs))
    generator = rng(seed, "groups.ari")
    draws = []
    for _ in range(200):
        rows = generator.integers(0, len(mine), len(mine))
        draws.append(agreement.compare_partitions(list(mine[rows]), list(theirs[rows])).ari)
    n = int(given.sum())
    return {
        "ari": cells.drawn(found.ari, draws, "number", n),
        "ami": Estimate(found.ami, n=n),
        "likeness": likeness(found.ari),
    }


def _profile(people: pd.DataFrame, names: list[str], labels: Labels, firm: Numbers) -> pd.DataFrame:
    """One row a group and need: its mean, the group's size and stability; largest group first."""
    numbers = [n for n, kind in distance.kinds(people[names]).items() if kind != "nominal"]
    sizes = np.bincount(labels, minlength=len(firm))
    order = np.argsort(-sizes, kind="stable")
    rows = [
        {
            "group": f"group_{rank}",
            "need": need,
            "mean": float(people.loc[labels == group, need].mean()),
            "share": float(sizes[group] / len(people)),
            "stability": float(firm[group]),
            "n": int(sizes[group]),
        }
        for rank, group in enumerate(order, 1)
        for need in numbers
    ]
    return pd.DataFrame(rows)


def gradient(people: pd.DataFrame, names: list[str]) -> pd.DataFrame | None:
    """Thirds along the first dimension of the needs: what there is instead of groups."""
    numbers = [n for n, kind in distance.kinds(people[names]).items() if kind != "nominal"]
    if len(numbers) < 2:
        return None
    scaled = (people[numbers] - people[numbers].mean()) / people[numbers].std().replace(0, 1.0)
    _, vectors = np.linalg.eigh(np.cov(scaled.to_numpy().T))
    axis = scaled.to_numpy() @ vectors[:, -1] * (1 if vectors[:, -1].sum() >= 0 else -1)
    third = 1 + 3 * np.argsort(np.argsort(axis, kind="stable")) // len(axis)
    rows = [
        {
            "group": f"third_{part}",
            "need": need,
            "mean": float(people.loc[third == part, need].mean()),
            "n": int((third == part).sum()),
        }
        for part in (1, 2, 3)
        for need in numbers
    ]
    return pd.DataFrame(rows)
