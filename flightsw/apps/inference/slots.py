"""Model slots: which image is where, how far it has come, and which one flies. A table of transitions. Pure.

Two slots take uploads; the golden image is the scenario's own model, always there and never written. A slot's image is
loaded, verified, run as a canary beside the active one, and activated. Whatever goes wrong with the active image leads
back: to the one before it where that is still good, else to the golden image. Called by `modelops`.
"""

from __future__ import annotations

import enum
from typing import Literal

import msgspec
from msgspec.structs import replace

SlotName = Literal["a", "b"]
ImageName = Literal["a", "b", "golden"]


class Phase(enum.IntEnum):
    """How far a slot's image has come."""

    EMPTY = 0
    """nothing in it"""
    LOADED = 1
    """all of its bytes are there, by their hashes"""
    VERIFIED = 2
    """its card, its networks and their golden answers are good"""
    CANARY = 3
    """looks at what the active one looks at; nothing of it is told"""
    PASSED = 4
    """good to be activated, or to come back to"""
    ACTIVE = 5
    """what flies"""
    FAILED = 6
    """found bad: to be loaded anew"""


class Step(enum.IntEnum):
    """What happens to a slot."""

    LOAD = 0
    VERIFY = 1
    CANARY = 2
    PASS = 3
    ACTIVATE = 4
    LEAVE = 5
    """another one becomes active"""
    FAIL = 6


_LOADABLE = (Phase.EMPTY, Phase.LOADED, Phase.VERIFIED, Phase.PASSED, Phase.FAILED)
TRANSITIONS: dict[tuple[Phase, Step], Phase] = {
    **{(phase, Step.LOAD): Phase.LOADED for phase in _LOADABLE},
    (Phase.LOADED, Step.VERIFY): Phase.VERIFIED,
    (Phase.VERIFIED, Step.CANARY): Phase.CANARY,
    (Phase.CANARY, Step.PASS): Phase.PASSED,
    (Phase.PASSED, Step.ACTIVATE): Phase.ACTIVE,
    (Phase.ACTIVE, Step.LEAVE): Phase.PASSED,
    **{(phase, Step.FAIL): Phase.FAILED for phase in Phase if phase is not Phase.EMPTY},
}
"""What isn't here is refused."""


class SlotState(msgspec.Struct, frozen=True):
    """One slot. `sha256`: of the card that it was loaded by; `left`: batches that its canary is still to see."""

    phase: Phase = Phase.EMPTY
    sha256: str = ""
    left: int = 0


class Slots(msgspec.Struct, frozen=True):
    """Both slots, and what flies. `before`: what flew before it, to come back to."""

    a: SlotState = SlotState()
    b: SlotState = SlotState()
    active: ImageName = "golden"
    before: ImageName = "golden"

    def __getitem__(self, name: SlotName) -> SlotState:
        return self.a if name == "a" else self.b


def stepped(slots: Slots, name: SlotName, step: Step, *, sha256: str | None = None, left: int = 0) -> Slots | str:
    """After a step of one slot; or why it can't be taken. Use `activated` and `rolled_back` for what flies."""
    slot = slots[name]
    phase = TRANSITIONS.get((slot.phase, step))
    if phase is None:
        able = ", ".join(before.name for before, possible in TRANSITIONS if possible is step)
        return f"slot {name} is {slot.phase.name}: {step.name} needs it to be {able}"
    return _with(slots, name, SlotState(phase, slot.sha256 if sha256 is None else sha256, left))


def activated(slots: Slots, name: SlotName) -> Slots | str:
    """With this slot's image flying, and the one before it kept to come back to; or why not."""
    after = stepped(slots, name, Step.ACTIVATE)
    if isinstance(after, str):
        return after
    if slots.active != "golden":
        left = stepped(after, slots.active, Step.LEAVE)
        assert not isinstance(left, str), "what flies may always be left"
        after = left
    return replace(after, active=name, before=slots.active)


def rolled_back(slots: Slots) -> Slots | str:
    """With the image before flying again where it is good, else the golden one, and the active one failed."""
    if slots.active == "golden":
        return "the golden image flies: there is nothing before it"
    after = stepped(slots, slots.active, Step.FAIL)
    assert not isinstance(after, str), "what flies may always fail"
    back = slots.before
    if back != "golden":
        returned = stepped(after, back, Step.ACTIVATE)
        if not isinstance(returned, str):
            return replace(returned, active=back, before="golden")
    return replace(after, active="golden", before="golden")


def failed(slots: Slots, name: SlotName) -> Slots:
    """With a slot's image found bad; what flies is rolled back."""
    after = rolled_back(slots) if slots.active == name else stepped(slots, name, Step.FAIL)
    return slots if isinstance(after, str) else after


def _with(slots: Slots, name: SlotName, slot: SlotState) -> Slots:
    return replace(slots, a=slot) if name == "a" else replace(slots, b=slot)
