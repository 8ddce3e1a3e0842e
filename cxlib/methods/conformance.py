"""How well observed sequences follow a proposed one, parallel steps included.

Pure functions on sequences of names: fitness is 1 − (insertions + deletions) / (length of the
trace + length of the model), the least over the orders that the proposal allows. It equals the
alignment fitness of a sequential net.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cxlib.core import Refuse

MAX_ORDERS = 5_000
Steps = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fit:
    """How one trace fits: edits needed, fitness 0 to 1, and what went wrong by step.

    skipped : steps that never occur; displaced : steps that occur, but not where they should;
    unexpected : activities that the proposal does not know.
    """

    cost: int
    fitness: float
    skipped: Steps
    displaced: Steps
    unexpected: Steps


def layers(order: Sequence[tuple[str, float]]) -> list[tuple[str, str]]:
    """Edges (earlier, later) of steps with a rank; steps of equal rank are parallel."""
    ranks = sorted({rank for _, rank in order})
    groups = [[step for step, own in order if own == rank] for rank in ranks]
    return [
        (one, two) for k in range(len(groups) - 1) for one in groups[k] for two in groups[k + 1]
    ]


def orders(steps: Iterable[str], edges: Iterable[tuple[str, str]]) -> list[Steps]:
    """All orders of the steps that respect the edges (earlier, later).

    Refuses `too_many_orders` above 5,000 and `order_circular` when there is none.
    """
    before: dict[str, set[str]] = {step: set() for step in steps}
    for one, two in edges:
        before.setdefault(one, set())
        before.setdefault(two, set()).add(one)
    found: list[Steps] = []
    stack: list[Steps] = [()]
    while stack:
        done = stack.pop()
        if len(done) == len(before):
            found.append(done)
            if len(found) > MAX_ORDERS:
                raise Refuse("too_many_orders", missing="journey.order", need=MAX_ORDERS)
            continue
        ready = sorted(s for s in before if s not in done and before[s] <= set(done))
        stack += [(*done, step) for step in reversed(ready)]
    if not found:
        raise Refuse("order_circular", missing="journey.order")
    return found


def common(trace: Sequence[str], model: Sequence[str]) -> list[int]:
    """Positions in `model` of a longest common subsequence; the earliest where there are many."""
    n, m = len(trace), len(model)
    best = [[0] * (m + 1) for _ in range(n + 1)]
    for i in range(n - 1, -1, -1):
        row, below = best[i], best[i + 1]
        for j in range(m - 1, -1, -1):
            same = trace[i] == model[j]
            row[j] = below[j + 1] + 1 if same else max(below[j], row[j + 1])
    i = j = 0
    matched = []
    while i < n and j < m:
        if trace[i] == model[j]:
            matched.append(j)
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return matched


def fit(trace: Sequence[str], models: Sequence[Steps]) -> Fit:
    """Fit of one trace to the best of the allowed orders."""
    matched, model = max(
        ((common(trace, order), order) for order in models), key=lambda found: len(found[0])
    )
    inside, seen = {model[j] for j in matched}, set(trace)
    lost = [step for step in model if step not in inside]
    total = len(trace) + len(model)
    cost = total - 2 * len(matched)
    return Fit(
        cost,
        1 - cost / total if total else 1.0,
        tuple(step for step in lost if step not in seen),
        tuple(step for step in lost if step in seen),
        tuple(sorted(seen - set(model))),
    )
