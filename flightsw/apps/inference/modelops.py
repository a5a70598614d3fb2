"""Model operations: an image comes up, is verified, runs as a canary, flies, and is left again when it fails.

An image is a card and its networks, fetched by their hashes. It replaces the networks of the model that the scenario
flies, retrained or repaired, and not its work: name, ports, ladder and what each rung costs must be the same, since
governor and device go on with those. Verified means what it means before a run: hashes, card, ports, golden answers.
A canary looks at the same batches as the active image; nothing of it is told, and it must agree with what is. The
active image is left by itself where it can't answer any more. Decisions are `slots`'; this does what they say.

It is the application's engine. What it remembers is critical data: after a restart images are fetched and verified
again, and one that is gone or bad is left for the one before it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from flightsw.apps.inference.engine import Engine, OnnxEngine, Seen, check_golden
from flightsw.apps.inference.guard import Guard
from flightsw.apps.inference.network import Network
from flightsw.apps.inference.slots import (
    ImageName,
    Phase,
    SlotName,
    Slots,
    Step,
    activated,
    failed,
    rolled_back,
    stepped,
)
from flightsw.apps.telecommands import Handlers
from flightsw.devices.blobs import BlobSource
from flightsw.devices.models import ModelCard, card_of
from flightsw.errors import ConfigError, InferenceError
from flightsw.messages.base import Message, Scalar
from flightsw.messages.commands import ModelActivate, ModelCanary, ModelLoad, ModelRollback, ModelVerify
from flightsw.messages.health import Event, Severity

AGREES_WITHIN = 0.2
"""of a scene's cloud fraction, in the mean over a batch: a retrained network differs a little, a wrong one a lot"""
LONGEST = 256
NEEDS_ENGINE = (Phase.VERIFIED, Phase.CANARY, Phase.PASSED, Phase.ACTIVE)
NEVER_LOADED = Slots()
COMMANDS = (ModelLoad, ModelVerify, ModelCanary, ModelActivate, ModelRollback)


def refuse(_command: object) -> str:
    """Where nothing is computed, there is no model to operate."""
    return "apps.inference.execute = none: no network runs here"


class ModelOps:
    """The engine of an application whose model can be replaced in flight. `golden`: the scenario's own."""

    def __init__(self, card: ModelCard, seed: int, golden: Engine, blobs: BlobSource | None) -> None:
        self._card = card
        self._seed = seed
        self._blobs = blobs
        self._golden = golden
        self._engines: dict[str, Engine] = {}
        self._slots = Slots()
        self._told: list[Message] = []
        self.handlers: Handlers = {
            ModelLoad: self._load,
            ModelVerify: lambda command: self._verify(command.slot),
            ModelCanary: lambda command: self._step(command.slot, Step.CANARY, left=command.batches),
            ModelActivate: lambda command: self._activate(command.slot),
            ModelRollback: lambda _: self._roll_back("commanded"),
        }

    @property
    def slots(self) -> Slots:
        """What is where."""
        return self._slots

    def stored(self) -> str:
        """What must survive a restart; empty: nothing was ever loaded."""
        return "" if self._slots == NEVER_LOADED else msgspec.json.encode(self._slots).decode()

    def restore(self, stored: str) -> None:
        """A warm start: images are fetched and verified anew."""
        self._slots = msgspec.json.decode(stored, type=Slots) if stored else Slots()
        slots: tuple[SlotName, ...] = ("a", "b")
        for name in slots:
            if self._slots[name].phase in NEEDS_ENGINE:
                reason = self._made(name)
                if reason is not None:
                    self._fail(name, reason)

    def look(
        self, first_scene: int, scenes: int, cos_zenith: float, latitude_deg: float, variant: str | None = None
    ) -> Seen:
        """What the active image sees; where it can't answer, it is left for the one before it."""
        flown = self._card.default_variant if variant is None else variant  # an image's card may have another default
        asked = (first_scene, scenes, cos_zenith, latitude_deg, flown)
        while self._slots.active != "golden":
            try:
                seen = self._engines[self._slots.active].look(*asked)
                break
            except (ConfigError, InferenceError) as error:
                self._fail(self._slots.active, str(error))
        else:
            seen = self._golden.look(*asked)
        canaries: tuple[SlotName, ...] = ("a", "b")
        for name in canaries:
            if self._slots[name].left:
                self._compare(name, asked, seen)
        return seen

    def check(self, t_ns: int, dt_s: float, batches_done: int) -> list[Message]:
        """Events since the last call."""
        del t_ns, dt_s, batches_done  # nothing is due by the clock
        told, self._told = self._told, []
        return told

    def _load(self, command: ModelLoad) -> str | None:
        reason = self._refusal(lambda: self._images(command.sha256))
        return reason or self._step(command.slot, Step.LOAD, sha256=command.sha256)

    def _verify(self, name: SlotName) -> str | None:
        after = stepped(self._slots, name, Step.VERIFY)
        if isinstance(after, str):
            return after
        reason = self._made(name)
        if reason is not None:
            self._fail(name, reason)
            return reason
        self._slots = after
        return None

    def _activate(self, name: SlotName) -> str | None:
        after = activated(self._slots, name)
        if isinstance(after, str):
            return after
        self._slots = after
        self._tell("model.activated", {"image": name})
        return None

    def _roll_back(self, why: str) -> str | None:
        after = rolled_back(self._slots)
        if isinstance(after, str):
            return after
        self._engines.pop(self._slots.active, None)
        self._slots = after
        self._tell("model.rolled_back", {"image": after.active, "why": why})
        return None

    def _tell(self, event: str, args: dict[str, Scalar], severity: Severity = Severity.ACTIVITY_HI) -> None:
        self._told.append(Event(severity, event, args))

    def _step(self, name: SlotName, step: Step, **figures: Any) -> str | None:
        after = stepped(self._slots, name, step, **figures)
        if isinstance(after, str):
            return after
        self._slots = after
        return None

    def _fail(self, name: ImageName, why: str) -> None:
        assert name != "golden", "the golden image is never given up"
        was_active = self._slots.active == name
        self._slots = failed(self._slots, name)
        self._engines.pop(name, None)
        self._tell("model.failed", {"image": name, "why": why[:LONGEST]}, Severity.WARNING_HI)
        if was_active:
            told: dict[str, Scalar] = {"image": self._slots.active, "why": f"image {name} failed"}
            self._tell("model.rolled_back", told, Severity.WARNING_HI)

    def _compare(self, name: SlotName, asked: tuple[int, int, float, float, str], seen: Seen) -> None:
        """The canary's word on a batch against what was told of it."""
        try:
            other = self._engines[name].look(*asked)
        except (ConfigError, InferenceError) as error:
            self._fail(name, str(error))
            return
        apart = disagreement(seen, other)
        if apart > AGREES_WITHIN:
            self._fail(name, f"canary: {apart:.3f} from the active image: must be within {AGREES_WITHIN}")
            return
        slot = self._slots[name]
        left = slot.left - 1
        step = msgspec.structs.replace(slot, left=left)
        self._slots = msgspec.structs.replace(self._slots, **{name: step})
        if left == 0:
            self._step(name, Step.PASS)
            self._tell("model.canary_passed", {"image": name})

    def _made(self, name: SlotName) -> str | None:
        """Make a slot's engine; why not."""

        def make() -> None:
            card, files = self._images(self._slots[name].sha256)
            networks = {}
            for variant in card.variants:
                network = Network(card, files[variant.name], f"image {name}, variant {variant.name}")
                check_golden(card, variant, network)
                networks[variant.name] = network
            self._engines[name] = OnnxEngine(card, self._seed, networks=networks)

        return self._refusal(make)

    def _images(self, sha256: str) -> tuple[ModelCard, dict[str, bytes]]:
        """The card by this hash and its networks' files, by theirs. Raises ConfigError."""
        if self._blobs is None:
            raise ConfigError("apps.inference.blobs: the scenario names no store")
        card = card_of(self._blobs.fetch(sha256), f"blob {sha256[:12]}", ModelCard)
        if (wrong := difference(card, self._card)) is not None:
            raise ConfigError(wrong)
        return card, {variant.name: self._blobs.fetch(variant.sha256) for variant in card.variants}

    def _refusal(self, action: Callable[[], object]) -> str | None:
        try:
            action()
        except (ConfigError, InferenceError) as error:
            return str(error)[:LONGEST]
        return None


class Both:
    """Two guards as one: the golden image's memory, and the model operations' own events."""

    def __init__(self, *guards: Guard) -> None:
        self._guards = guards

    def check(self, t_ns: int, dt_s: float, batches_done: int) -> list[Message]:
        """What either tells."""
        return [message for guard in self._guards for message in guard.check(t_ns, dt_s, batches_done)]


def disagreement(one: Seen, other: Seen) -> float:
    """Between two answers to a batch: mean difference of cloud fractions, or share of scenes with other counts."""
    if one.detections is not None and other.detections is not None:
        return sum(a != b for a, b in zip(one.detections, other.detections, strict=True)) / len(one.detections)
    if one.cloud_fraction is None or other.cloud_fraction is None:
        return 1.0
    pairs = zip(one.cloud_fraction, other.cloud_fraction, strict=True)
    return sum(abs(a - b) for a, b in pairs) / len(one.cloud_fraction)


def difference(card: ModelCard, flown: ModelCard) -> str | None:
    """In what an image may not differ from the model that the scenario flies; None: in nothing."""
    for field in ("name", "input_name", "output_name", "bands", "cells", "camera", "result"):
        ours, theirs = getattr(flown, field), getattr(card, field)
        if ours != theirs:
            return f"card: {field} = {theirs!r}: must be {ours!r}, as flown"
    rungs = [(one.name, one.precision, one.work_gop, one.network_gop) for one in card.variants]
    flown_rungs = [(one.name, one.precision, one.work_gop, one.network_gop) for one in flown.variants]
    return None if rungs == flown_rungs else f"card: ladder {rungs}: must be {flown_rungs}, as flown"
