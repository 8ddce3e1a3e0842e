"""Ours and a named rival on the same work in the same run; prints how many times faster ours is.

python -m benchmarks
"""

import math
import time
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd

from cxlib.core import Table
from cxlib.methods import journey, lmg

ROUNDS = 3


def shares_of_twelve() -> tuple[str, Callable[[], object], Callable[[], object]]:
    """Exact R² shares of 12 drivers; rival: numpy's least squares over every subset."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(500, 12)) + rng.normal(size=(500, 1))
    y = x @ np.linspace(0.1, 0.5, 12) + rng.normal(size=500)
    joint = np.corrcoef(np.column_stack([x, y]), rowvar=False)  # the outcome last

    def brute() -> np.ndarray:
        r2 = {(): 0.0}
        for size in range(1, 13):
            for subset in combinations(range(12), size):
                block = joint[np.ix_(subset, subset)]
                link = joint[-1, list(subset)]
                r2[subset] = float(link @ np.linalg.solve(block, link))
        shares = np.zeros(12)
        for subset, value in r2.items():
            weight = math.factorial(len(subset)) * math.factorial(max(0, 11 - len(subset)))
            for j in set(range(12)) - set(subset):
                gain = r2[tuple(sorted((*subset, j)))] - value
                shares[j] += weight / math.factorial(12) * gain
        return shares

    if not np.allclose(lmg.shares(joint), brute()):
        raise SystemExit("lmg.shares differs from its rival")
    return "exact shares of 12 drivers against every subset", lambda: lmg.shares(joint), brute


def follows_of_a_log() -> tuple[str, Callable[[], object], Callable[[], object]]:
    """Paths of a log of 300,000 events; rival: pandas, sort and join by case."""
    rng = np.random.default_rng(2)
    cases = np.sort(rng.integers(0, 50_000, 300_000))
    log = pd.DataFrame(
        {
            "case_id": cases.astype(str),
            "activity": rng.choice(list("abcdefgh"), 300_000),
            "start": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(300_000), unit="min"),
        }
    )
    table = Table.of(log, "events")

    def rival() -> pd.Series:
        ordered = log.sort_values(["case_id", "start"], kind="stable")
        return ordered.groupby("case_id")["activity"].agg(">".join).value_counts()

    ours = journey.variants(table)
    if ours["variants"] != len(rival()):
        raise SystemExit("journey.variants differs from its rival")
    return (
        "all that event_journey says of 300,000 events against the paths alone in pandas",
        lambda: journey.variants(table),
        rival,
    )


def seconds(work: Callable[[], object]) -> float:
    """Best of the rounds."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    """Print a ratio a line."""
    for prepare in (shares_of_twelve, follows_of_a_log):
        name, ours, rival = prepare()
        print(f"{seconds(rival) / seconds(ours):6.1f}x  {name}")


if __name__ == "__main__":
    main()
