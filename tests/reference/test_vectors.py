"""One test over all reference vectors, each answered by a public function of cxlib.methods.

Vectors lie in `$CX_VECTORS`, else in the shared folder; vectors whose method is not built yet
stand by id in `pending.txt`, and leave it as soon as they pass.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from cxlib.core import Refuse, Result
from tests.reference.adapters import ADAPTERS

SHARED = Path(os.environ.get("CX_SHARED", Path(__file__).parents[2].parent / "shared"))
VECTORS = Path(os.environ.get("CX_VECTORS", SHARED / "reference" / "vectors.json"))
KNOWN = json.loads(VECTORS.read_text("utf-8"))["vectors"] if VECTORS.is_file() else []
PENDING = {
    line.split("#")[0].strip()
    for line in (Path(__file__).parent / "pending.txt").read_text("utf-8").splitlines()
} - {""}

pytestmark = pytest.mark.skipif(not KNOWN, reason=f"no vectors at {VECTORS}; set CX_VECTORS")


def answer(vector: dict[str, Any]) -> Mapping[str, Any]:
    if vector["method"] not in ADAPTERS:
        raise LookupError(f"no adapter for {vector['method']}")
    try:
        got = ADAPTERS[vector["method"]](vector, VECTORS.parent)
    except Refuse as no:
        return {"outcome": "refuse", **no.values}
    if isinstance(got, Result):
        return {**got.values, "outcome": "refuse" if got.refused else got.outcome}
    return got


def differences(got: object, expected: object, tol: float, at: str) -> list[str]:
    """Places where `got` is further from `expected` than tol allows."""
    if isinstance(expected, Mapping):
        if not isinstance(got, Mapping):
            return [f"{at}: got {got!r}, expected keys {sorted(expected)}"]
        wrong = [differences(got.get(k), e, tol, f"{at}.{k}") for k, e in expected.items()]
        return list(chain.from_iterable(wrong))
    if isinstance(expected, list):
        items = list(got) if hasattr(got, "__iter__") and not isinstance(got, str) else None
        if items is None or len(items) != len(expected):
            return [f"{at}: got {got!r}, expected {expected!r}"]
        pairs = enumerate(zip(items, expected, strict=True))
        wrong = [differences(g, e, tol, f"{at}[{i}]") for i, (g, e) in pairs]
        return list(chain.from_iterable(wrong))
    return [] if equal(got, expected, tol) else [f"{at}: got {got!r}, expected {expected!r}"]


def equal(got: Any, expected: Any, tol: float) -> bool:
    if expected is None:
        return got is None or got != got
    if isinstance(expected, bool) or not isinstance(expected, (int, float)):
        return bool(got == expected)
    if got is None or isinstance(got, str):
        return False
    return math.isfinite(got) and abs(got - expected) <= tol * max(1, abs(expected))


def check(vector: dict[str, Any]) -> list[str]:
    expected = {k: v for k, v in vector["expected"].items() if k != "because"}
    return differences(answer(vector), expected, vector["tol"], vector["id"])


@pytest.mark.parametrize(
    "vector", [v for v in KNOWN if v["id"] not in PENDING], ids=lambda v: str(v["id"])
)
def test_vector(vector: dict[str, Any]) -> None:
    assert check(vector) == []


@pytest.mark.parametrize(
    "vector", [v for v in KNOWN if v["id"] in PENDING], ids=lambda v: str(v["id"])
)
def test_pending_vector_is_not_met_yet(vector: dict[str, Any]) -> None:
    try:
        wrong = check(vector)
    except Exception as error:  # any failure keeps it pending
        wrong = [repr(error)]
    assert wrong, f"{vector['id']} passes: take it out of pending.txt"


def test_every_pending_id_is_a_vector() -> None:
    assert sorted(PENDING - {v["id"] for v in KNOWN}) == []
