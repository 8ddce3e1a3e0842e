"""Every adapter: the method that a vector names -> what the public function answers to it.

An adapter takes the vector and the folder of its fixtures, and returns the keys of `expected`
(more are allowed). Where the vector expects a refusal it lets `Refuse` rise, returns a refused
Result, or returns the deciding rule's {"outcome": "refuse"}.
"""

from __future__ import annotations

from tests.reference.drivers_adapters import ADAPTERS as DRIVERS
from tests.reference.journey_adapters import ADAPTERS as JOURNEY
from tests.reference.money_adapters import ADAPTERS as MONEY
from tests.reference.survey_adapters import ADAPTERS as SURVEY

PARTS = (SURVEY, DRIVERS, JOURNEY, MONEY)
ADAPTERS = {method: adapter for part in PARTS for method, adapter in part.items()}
assert len(ADAPTERS) == sum(map(len, PARTS)), "one method has two adapters"
