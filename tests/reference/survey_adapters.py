"""How vectors of this part reach the public functions: method -> (vector, fixtures) -> answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

ADAPTERS: dict[str, Callable[[dict[str, Any], Path], dict[str, Any]]] = {}
