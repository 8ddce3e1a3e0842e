"""Count over many seeds: planted truths that the demo states, claims that the null world makes.

python -m tests.demo.seeds 20
"""

import sys
import tempfile
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.demo.test_truth import world
from tests.truth import planted, told


def missed(seed: int) -> tuple[int, list[str]]:
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as place:
        engagement, found = world("demo", seed, Path(place))
        truths = planted(engagement)
        return len(truths), [key for key, truth in truths.items() if not told(truth, found)]


def claimed(seed: int) -> list[str]:
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as place:
        _, found = world("null", seed, Path(place))
        money = [key for key in ("first_action", "business_cases") if not found[key].silent]
        graded = [key for key, f in found.items() if f.grade in "AB" and not f.silent]
        return sorted({*money, *graded})


def main(seeds: int) -> None:
    with ProcessPoolExecutor(2) as pool:
        demo = list(pool.map(missed, range(seeds)))
        null = list(pool.map(claimed, range(seeds)))
    planted_all = sum(n for n, _ in demo)
    lost = Counter(key for _, keys in demo for key in keys)
    print(f"demo: {planted_all - lost.total()} of {planted_all} truths over {seeds} seeds")
    for key, times in lost.most_common():
        print(f"  {key}: missed {times} times")
    print(f"null: {sum(map(bool, null))} of {seeds} companies with a claim at A, B or spending")
    for seed, keys in enumerate(null):
        if keys:
            print(f"  seed {seed}: {', '.join(keys)}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
