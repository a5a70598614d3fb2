"""Holds computed values to a reference case: each at its own tolerance, and none of its rows left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Score:
    """Compares values with a case's references and knows which have been left out."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.inputs = case["inputs"]
        self.refs = dict(case["refs"])
        self._left = {name for name in self.refs if not name.startswith("info_")}

    def check(self, name: str, value: float) -> None:
        reference = self.refs[name]
        relative = reference["tol_kind"] == "rel"
        tolerance = reference["tol"] * (abs(reference["value"]) if relative else 1.0)
        assert abs(value - reference["value"]) <= tolerance, (
            f"{name} = {value}: must be {reference['value']} within {tolerance} {reference['unit']}"
        )
        self._left.discard(name)

    def finish(self) -> None:
        assert not self._left, f"never checked: {sorted(self._left)}"


def scores_of(file_name: str) -> Callable[[str], Score]:
    """Makes a fresh Score by case id, of the cases in a file of `data/`."""
    cases: dict[str, Any] = json.loads((Path(__file__).parent / "data" / file_name).read_text())
    return lambda case_id: Score(cases[case_id])
