"""Interlocks: the real board's temperature and power, whatever the emulated orbit says. Pure.

Over its limit the board idles until it has cooled by the hysteresis, or drawn less by a tenth. A temperature that was
there and is gone counts as over the limit: nobody knows any more. What was seen of a board outlives runs, and restarts
of the application. Called by `hil.hands`, with every sample.
"""

from __future__ import annotations

from dataclasses import dataclass

from flightsw.devices.board import BoardConfig, Sample

POWER_RESUME = 0.9
"""of the limit: a tenth is more than the ripple of a supply's reading"""


@dataclass(frozen=True)
class Interlock:
    """What holds the board, if anything."""

    hot: bool = False
    heavy: bool = False
    """it draws too much"""
    blind: bool = False
    """its temperature can't be seen any more"""
    saw: bool = False
    """a temperature was there once"""

    @property
    def holds(self) -> bool:
        """The board must idle."""
        return self.hot or self.heavy or self.blind


def step(state: Interlock, sample: Sample, config: BoardConfig) -> Interlock:
    """After a sample."""
    chip_c, power_w = sample.chip.value, sample.power.value
    release_c = config.max_chip_c - config.resume_below_k if state.hot else config.max_chip_c
    release_w = config.max_power_w * (POWER_RESUME if state.heavy else 1.0)
    return Interlock(
        hot=state.hot if chip_c is None else chip_c > release_c,
        heavy=state.heavy if power_w is None else power_w > release_w,
        blind=state.saw and chip_c is None,
        saw=state.saw or chip_c is not None,
    )


class Watch:
    """One board's interlock, for as long as its agent lives."""

    def __init__(self) -> None:
        self._state = Interlock()

    @property
    def holds(self) -> bool:
        """The board must idle."""
        return self._state.holds

    def look(self, sample: Sample, config: BoardConfig) -> None:
        """Take a sample into account."""
        self._state = step(self._state, sample, config)
