"""A requirement as a scenario writes it, and which design cases it is meant for.

Where a case is out of a scenario's design, one requirement says what holds without it and another what is left in it,
so that each case has figures of its own and none is excused. `regress` reads the formula.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from flightsw.plant.cases import CASE_NAMES, CaseName

AS_IT_IS: Final = "nominal"
"""The scenario without a design case."""
Meant = CaseName | Literal["nominal"]
ALL: Final[tuple[Meant, ...]] = (AS_IT_IS, *CASE_NAMES)


class RequirementConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run of the scenario must keep, as written."""

    id: Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    text: Annotated[str, Meta(min_length=1, max_length=256)]
    """the requirement in words"""
    formula: Annotated[str, Meta(min_length=1, max_length=4000)]
    """what must hold, in the language of docs/requirements.md"""
    margin: Annotated[float, Meta(ge=0.0, le=1e18)] = 0.0
    """by how much it must hold at least, in the unit of what is compared"""
    cases: Annotated[tuple[Meant, ...], Meta(min_length=1)] = ALL
    """in which it is judged; nominal: the scenario as it is"""


def meant_in(requirements: Iterable[RequirementConfig], case: str | None) -> tuple[RequirementConfig, ...]:
    """Those that are judged in a design case (None: as it is). They say no more of cases: they are this one's."""
    name = AS_IT_IS if case is None else case
    return tuple(msgspec.structs.replace(one, cases=ALL) for one in requirements if name in one.cases)
