"""Runs reference cases and holds what is found to the references, each row at its own tolerance, none left out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec

from flightsw.errors import ConfigError, FlightswError
from flightsw.validation import (
    battery_cases,
    device_cases,
    heat_cases,
    law_cases,
    light_cases,
    link_cases,
    node_cases,
    node_inputs,
    orbit_cases,
    sky_inputs,
)
from flightsw.validation.case import Case, CaseFile

MAX_BYTES = 4 << 20
_MODULES = (orbit_cases, light_cases, heat_cases, battery_cases, device_cases, link_cases, law_cases, node_cases)
CASES: Final = MappingProxyType(
    {
        name.upper(): function
        for module in _MODULES
        for name, function in sorted(vars(module).items())
        if name[0] == "p" and name[1:].isdigit()
    }
)
"""The case functions by id. P24 is no case of the plant's: it holds a flight law."""

_INPUTS: Final[MappingProxyType[str, Any]] = MappingProxyType(
    {
        name: getattr(module, f"{name}Inputs")
        for module in (sky_inputs, node_inputs)
        for name in CASES
        if hasattr(module, f"{name}Inputs")
    }
)

INFO = "info_"
"""Rows of this prefix tell how to choose a tolerance; they are not judged."""


class Row(msgspec.Struct, frozen=True):
    """A quantity of a case, held to its reference."""

    case: str
    quantity: str
    reference: float
    ours: float | None
    """the worst, where there are several roads to it; None: not found"""
    error: float | None
    tolerance: float
    unit: str
    passed: bool
    why: str = ""

    @property
    def share(self) -> float:
        """Error as a share of the tolerance."""
        if self.error is None:
            return math.inf
        if self.tolerance == 0.0:
            return 0.0 if self.error == 0.0 else math.inf
        return abs(self.error) / self.tolerance


def shipped_cases() -> list[CaseFile]:
    """The cases that come with flightsw."""
    return _decode((resources.files("flightsw.validation") / "data" / "reference.json").read_bytes(), "reference.json")


def cases_from(path: Path) -> list[CaseFile]:
    """Cases of a file of the same layout. Raises ConfigError: missing, too long, not such a file."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: longer than {MAX_BYTES} bytes: must be a file of reference cases")
    return _decode(data, str(path))


def _decode(data: bytes, where: str) -> list[CaseFile]:
    try:
        files = msgspec.json.decode(data, type=list[CaseFile])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where}: {error}") from None
    ids = [file.id for file in files]
    for file in files:
        if ids.count(file.id) > 1:
            raise ConfigError(f"{where}: {file.id}: given twice")
        _check(file, where)
    return files


def kind_of(file: CaseFile) -> str:
    """Which shipped case it is answered like."""
    return (file.kind or file.id).upper()


def _check(file: CaseFile, where: str) -> None:
    """Raises ConfigError: a case of no known id, nothing to judge, or inputs that it can't be answered for."""
    if kind_of(file) not in CASES:
        which = "kind" if file.kind else "id"
        raise ConfigError(f"{where}: {which} = {kind_of(file)!r}: must be one of {', '.join(CASES)}")
    if all(name.startswith(INFO) for name in file.refs):
        raise ConfigError(f"{where}: {file.id}: refs: has no quantity to judge")
    try:
        msgspec.convert(file.inputs, type=_INPUTS[kind_of(file)])
    except (msgspec.ValidationError, ConfigError) as error:
        raise ConfigError(f"{where}: {file.id}: inputs: {error}") from None


def chosen(files: Sequence[CaseFile], ids: Sequence[str]) -> list[CaseFile]:
    """The cases asked for, all of them without `ids`. Raises ConfigError: no such case, or nothing here answers it."""
    known = {file.id.upper(): file for file in files if kind_of(file) in CASES}
    if not known:
        raise ConfigError(f"no case that is known here: must be of {', '.join(CASES)}")
    for wanted in ids:
        if wanted.upper() not in known:
            raise ConfigError(f"case {wanted!r}: must be one of {', '.join(known)}")
    return [known[wanted.upper()] for wanted in ids] if ids else list(known.values())


def run_case(file: CaseFile, answer: Callable[[Case], None] | None = None) -> list[Row]:
    """Answer a case, by its own function unless another is given; a row a reference, in the file's order."""
    case, trouble = Case(file), ""
    try:
        (answer or CASES[kind_of(file)])(case)
    except (FlightswError, ArithmeticError, AssertionError, LookupError, ValueError, TypeError) as error:
        trouble = f"{type(error).__name__}: {error}"  # the case is answered no further: its other rows say so
    return [_row(file, name, case.values.get(name, ()), trouble) for name in file.refs]


def _row(file: CaseFile, name: str, values: Sequence[float], trouble: str) -> Row:
    reference = file.refs[name]
    judged = not name.startswith(INFO)
    if not values:
        why = trouble or ("not judged" if not judged else "not found")
        return Row(
            file.id, name, reference.value, None, None, reference.allowed, reference.unit, passed=not judged, why=why
        )
    worst = max(values, key=lambda value: math.inf if math.isnan(value) else abs(value - reference.value))
    error = worst - reference.value
    return Row(
        file.id,
        name,
        reference.value,
        worst,
        error,
        reference.allowed,
        reference.unit,
        passed=not judged or abs(error) <= reference.allowed,
        why="" if judged else "not judged",
    )
