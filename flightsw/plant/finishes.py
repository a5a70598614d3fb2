"""Optical finishes: solar absorptance and infrared emittance of a surface by its name and age.

At the beginning of life from Fortescue, Swinerd and Stark, Spacecraft Systems Engineering (4th ed.), table 11.3, and
Gilmore, Spacecraft Thermal Control Handbook (2nd ed.), ch. 4 and app. A. How fast a finish degrades depends on orbit
and contamination: every figure at the end of life is an estimate for some ten years, and between both ends the values
are linear in age. `thermal_config` lets a surface name its finish, `thermal_elements` asks for its values.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


class Finish(enum.Enum):
    """The outermost layer of a surface."""

    WHITE_PAINT = "white-paint"
    BLACK_PAINT = "black-paint"
    OSR = "osr"
    """optical solar reflector: silvered quartz tiles"""
    SILVER_TEFLON = "silver-teflon"
    BARE_ALUMINIUM = "bare-aluminium"
    MLI = "mli"
    """multilayer insulation under Kapton, by its effective values"""


@dataclass(frozen=True)
class Optical:
    """What a finish takes of sunlight and what it gives of a black body's infrared, at both ends of its life."""

    absorptance: tuple[float, float]
    emittance: tuple[float, float]

    def at(self, age: float) -> tuple[float, float]:
        """(absorptance, emittance); `age` from 0, the beginning of life, to 1, its end."""
        (a0, a1), (e0, e1) = self.absorptance, self.emittance
        return a0 + age * (a1 - a0), e0 + age * (e1 - e0)


def _behind_mli(effective: float, absorptance: float, emittance: float) -> float:
    """Share of the sunlight on a blanket that reaches the node: the outer layer radiates what it takes but for what
    the blanket conducts, so that its sigma T^4 is a S / e and e* of that flows inwards."""
    return effective * absorptance / emittance


FINISHES: Final = MappingProxyType(
    {
        # Silicate paints start at 0.12-0.20 and silicones at 0.26; 0.4 after years of ultraviolet and contamination.
        Finish.WHITE_PAINT: Optical((0.20, 0.40), (0.88, 0.88)),
        Finish.BLACK_PAINT: Optical((0.95, 0.95), (0.90, 0.90)),
        Finish.OSR: Optical((0.08, 0.13), (0.80, 0.80)),
        Finish.SILVER_TEFLON: Optical((0.08, 0.16), (0.78, 0.78)),
        Finish.BARE_ALUMINIUM: Optical((0.24, 0.28), (0.08, 0.08)),
        # e* of a good blanket to one with many seams, under Kapton of 0.40 / 0.63 that darkens to 0.50.
        Finish.MLI: Optical((_behind_mli(0.02, 0.40, 0.63), _behind_mli(0.05, 0.50, 0.63)), (0.02, 0.05)),
    }
)
