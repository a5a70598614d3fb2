"""One reference case, and what is found for it.

A case function reads `inputs` and what is `asked` for, as a row's name carries figures, too; and calls `found` for each
quantity, oftener where it has several roads to it. What isn't asked for is left out. What makes a case's answer
worthless (another constant than ours, an event that never came) it says by `require`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from flightsw.errors import FlightswError

NUMBER = r"(-?[0-9]+(?:\.[0-9]+)?)"


class Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reference value."""

    value: float
    tol: Annotated[float, Meta(ge=0.0)]
    """by which ours may be off; 0: not at all"""
    unit: str
    tol_kind: Literal["abs", "rel"]
    """`abs`, or `rel`: times the value"""

    @property
    def allowed(self) -> float:
        """Greatest error."""
        return self.tol * (abs(self.value) if self.tol_kind == "rel" else 1.0)


class CaseFile(msgspec.Struct, frozen=True):
    """A case as its file has it."""

    id: str
    title: str
    inputs: dict[str, Any]
    refs: dict[str, Reference]
    kind: str = ""
    """id of the shipped case that is answered alike; left out: this case's own"""
    method: str = ""
    """how the reference values were made"""
    notes: str = ""


class RequirementFailed(FlightswError):
    """The case's answer would mean nothing."""


class Case:
    """A case being answered."""

    def __init__(self, file: CaseFile) -> None:
        self.inputs = file.inputs
        self.rows = {name: {"value": reference.value} for name, reference in file.refs.items()}
        self.values: dict[str, list[float]] = {}

    def asked(self, pattern: str) -> list[tuple[str, ...]]:
        """(name, figures in it) of the rows whose whole name is `pattern`, in which # stands for a number."""
        wanted = re.compile(pattern.replace("#", NUMBER))
        return [(name, *match.groups()) for name in self.rows if (match := wanted.fullmatch(name))]

    def found(self, name: str, value: float) -> None:
        """Our value of a quantity."""
        self.values.setdefault(name, []).append(float(value))

    def require(self, holds: bool, what: str) -> None:
        """Raises RequirementFailed unless it holds."""
        if not holds:
            raise RequirementFailed(f"does not hold: {what}")
