"""`@method`: a pure typed function that may refuse, and whose result knows where it comes from."""

from __future__ import annotations

import functools
import hashlib
import inspect
import os
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, ParamSpec

from cxlib.core.table import Table, reading
from cxlib.core.types import NotFiniteError, Refuse, Result, Source, Value, caveat, refusal

if TYPE_CHECKING:
    import numpy as np

P = ParamSpec("P")
STRICT = "CX_STRICT"  # set by the tests: NaN from a method is then an error, not a refusal


@dataclass(frozen=True, slots=True)
class Declared:
    """What `@method` was told: the outcomes and value names that the function may return."""

    name: str
    outcomes: tuple[str, ...]
    values: tuple[str, ...]


METHODS: dict[str, Declared] = {}


def method(
    *, outcomes: Sequence[str], values: Sequence[str] = ()
) -> Callable[[Callable[P, Result]], Callable[P, Result]]:
    """Mark a pure, typed function as a method of the workbook.

    The wrapper checks Literal options, outcome and value names; turns `Refuse` and a missing
    Table or a refused Result argument into a refused Result (an argument typed `… | None` becomes
    None with a caveat instead); attaches `source`, in which chained results nest.
    """

    def decorate(function: Callable[P, Result]) -> Callable[P, Result]:
        name = f"{function.__module__.rsplit('.', 1)[-1]}.{function.__name__}"
        declared = Declared(name, tuple(outcomes), tuple(values))
        METHODS[name] = declared
        signature = inspect.signature(function)

        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> Result:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            hints = typing.get_type_hints(function)
            notes: list[Mapping[str, Value]] = []
            with reading() as reads:
                try:
                    for argument, given in list(bound.arguments.items()):
                        _check_literal(name, argument, given, hints.get(argument))
                        if _is_void(given):
                            if type(None) not in typing.get_args(hints.get(argument)):
                                raise _refuse_void(given)
                            bound.arguments[argument] = None
                            notes.append(_void_caveat(argument, given))
                    result = function(*bound.args, **bound.kwargs)
                except Refuse as no:
                    result = refusal(no)
                except NotFiniteError as bug:
                    if os.environ.get(STRICT):
                        raise
                    result = refusal(Refuse("numerical", missing=str(bug)))
            _check_declared(declared, result)
            arguments = dict(signature.bind(*args, **kwargs).arguments)
            defaults = {k: v for k, v in bound.arguments.items() if k not in arguments}
            source = _source(name, {**defaults, **arguments}, reads)
            return replace(result, caveats=(*result.caveats, *notes), source=source)

        run.declared = declared  # type: ignore[attr-defined]
        return run

    return decorate


def _is_void(given: object) -> bool:
    return (isinstance(given, Table) and given.missing) or (
        isinstance(given, Result) and given.refused
    )


def _refuse_void(given: Table | Result) -> Refuse:
    if isinstance(given, Table):
        return Refuse("table_missing", missing=given.name)
    values = dict(given.values)
    return Refuse(
        str(values.pop("reason")),
        missing=str(values.pop("missing", "")),
        **typing.cast("dict[str, Any]", values),
    )


def _void_caveat(argument: str, given: Table | Result) -> Mapping[str, Value]:
    if isinstance(given, Table):
        return caveat("table_missing", table=given.name)
    return caveat("input_refused", input=argument)


def _check_literal(name: str, argument: str, given: object, hint: object) -> None:
    if typing.get_origin(hint) is Literal and given not in typing.get_args(hint):
        allowed = ", ".join(map(str, typing.get_args(hint)))
        raise ValueError(f"{name}: {argument}={given!r}; one of {allowed}")


def _check_declared(declared: Declared, result: Result) -> None:
    if result.refused:
        return
    if result.outcome not in declared.outcomes:
        raise ValueError(f"{declared.name}: undeclared outcome {result.outcome!r}")
    unknown = sorted(set(result.values) - set(declared.values))
    if unknown:
        raise ValueError(f"{declared.name}: undeclared values {', '.join(unknown)}")


def _source(name: str, arguments: Mapping[str, Any], reads: list[dict[str, Any]]) -> Source:
    """Method, options and inputs, each input under the argument that took it."""
    inputs: list[Any] = []
    options: dict[str, Any] = {}
    for argument, given in arguments.items():
        parts = given.items() if _holds_inputs(given) else [("", given)]
        for key, part in parts:
            label = {"argument": argument} | ({"key": key} if key else {})
            if isinstance(part, Result):
                inputs.append({**label, **part.source})
            elif isinstance(part, Table):
                if not part.missing:
                    columns = {c for r in reads if r["table"] == part.name for c in r["columns"]}
                    inputs.append({**label, **part.describe(), "columns": sorted(columns)})
            elif part is not None:
                options[argument] = _plain(part)
    return {"method": name, "options": options, "inputs": inputs}


def _holds_inputs(given: Any) -> bool:
    return isinstance(given, Mapping) and any(
        isinstance(part, (Table, Result)) for part in given.values()
    )


def _plain(given: Any) -> Any:
    """Options as JSON holds them."""
    if isinstance(given, Mapping):
        return {str(key): _plain(value) for key, value in given.items()}
    if isinstance(given, (list, tuple, set, frozenset)):
        return [_plain(value) for value in given]
    if isinstance(given, (str, bool, int, float)):
        return given
    return str(given)


def rng(seed: int, *block: str) -> np.random.Generator:
    """Random numbers from the engagement's seed and the names of the method and its block.

    Equal arguments give equal draws, in any order and any number of processes.
    """
    import numpy as np

    digest = hashlib.sha256("|".join((str(seed), *block)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
