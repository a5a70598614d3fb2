"""Silent errors: answers that left as good and were wrong, told by a clean copy of the network after the flight.

Every batch that was computed on board is computed again from what its result logs, on the ground, with the card's own
file. It was altered where the hash of the raw output differs, and wrong where what was told of it does: a cloud
fraction by more than `WRONG_BY` in any scene, a count of detections at all. A wrong answer that a later repair calls
suspect (`weights.repaired`: done since the last check that found nothing) is retracted; one that nobody calls so is
silent. Truth about flips (`hw.device`) is counted beside; flight software never sees any of this.

Fed with messages in the log's order. Called by `flightsw models audit` and by `flightsw bench upsets`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from flightsw.apps.inference.engine import Engine, OnnxEngine, Seen
from flightsw.bus.logreader import LogReader
from flightsw.devices.models import ModelCard, load_card
from flightsw.errors import LogError
from flightsw.messages.health import Event
from flightsw.messages.inference import InferenceResult
from flightsw.messages.plant import DeviceReadings
from flightsw.node.replay import scenario_of

WRONG_BY = 0.01
"""of a scene's cloud fraction: ten cells of 1,024"""


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a run's upsets and of its answers. Batches that were not computed are not judged."""

    upsets: int
    """bits that flipped in the whole footprint"""
    repaired_bits: int
    """in the networks' weights, spare copies included"""
    rewritten_bits: int
    """in the rest of the footprint"""
    by_scrub: int
    by_golden: int
    by_runtime: int
    """repairs, by what found the damage"""
    by_vote: int
    """of them, without a reload"""
    judged: int
    """batches computed on board and again here"""
    altered: int
    """raw output not bit for bit that of the clean network"""
    wrong: int
    retracted: int
    """of the wrong, called suspect afterwards"""

    @property
    def silent(self) -> int:
        """Wrong, and nobody ever said so."""
        return self.wrong - self.retracted


class Auditor:
    """Counts. `clean`: an engine of the flown model and seed that no upset reaches; `variants`: of the model, by place
    in its card."""

    def __init__(self, clean: Engine, variants: Sequence[str]) -> None:
        self._clean = clean
        self._variants = tuple(variants)
        self._uploaded = False
        """an image that came up flies: it is not the one that is at hand here"""
        self._wrong: set[int] = set()
        self._retracted: set[int] = set()
        self._found = {"scrub": 0, "golden": 0, "runtime": 0}
        self._upsets = self._repaired = self._rewritten = self._votes = self._judged = self._altered = 0

    def take(self, message: object) -> None:
        """The next message."""
        if type(message) is InferenceResult:
            self._judge(message)
        elif type(message) is DeviceReadings:
            self._upsets += len(message.upsets)
        elif type(message) is Event:
            self._hear(message)

    def audit(self) -> Audit:
        """What was counted."""
        return Audit(
            upsets=self._upsets,
            repaired_bits=self._repaired,
            rewritten_bits=self._rewritten,
            by_scrub=self._found["scrub"],
            by_golden=self._found["golden"],
            by_runtime=self._found["runtime"],
            by_vote=self._votes,
            judged=self._judged,
            altered=self._altered,
            wrong=len(self._wrong),
            retracted=len(self._retracted),
        )

    def _judge(self, result: InferenceResult) -> None:
        if result.output_sha256 is None or self._uploaded:
            return
        variant = self._variants[result.variant]
        truth = self._clean.look(result.first_scene, result.scenes, result.cos_zenith, result.latitude_deg, variant)
        self._judged += 1
        if truth.output_sha256 == result.output_sha256:
            return
        self._altered += 1
        if is_wrong(result, truth):
            self._wrong.add(result.batch)

    def _hear(self, event: Event) -> None:
        args: dict[str, Any] = event.args
        if event.id == "memory.rewritten":
            self._rewritten += args["bits"]
        elif event.id in ("model.activated", "model.rolled_back"):
            self._uploaded = args["image"] != "golden"
        elif event.id == "weights.repaired":
            self._found[args["found"]] += 1
            self._repaired += args["bits"]
            self._votes += args["by"] == "vote"
            self._retracted |= {batch for batch in self._wrong if args["suspect_from"] <= batch < args["batches_done"]}


def is_wrong(told: InferenceResult, truth: Seen) -> bool:
    """Whether what was told of a batch is not what the clean network says."""
    if told.detections != truth.detections:
        return True
    if told.cloud_fraction is None or truth.cloud_fraction is None:
        return told.cloud_fraction != truth.cloud_fraction
    pairs = zip(told.cloud_fraction, truth.cloud_fraction, strict=True)
    return any(abs(said - real) > WRONG_BY for said, real in pairs)


def audit_of(run_dir: Path) -> Audit:
    """Of a run folder. Raises LogError: no such log; ConfigError: its model is not here."""
    reader = LogReader(run_dir)
    scenario = scenario_of(reader)
    card: ModelCard = load_card(scenario.apps.inference.model)
    auditor = Auditor(OnnxEngine(card, scenario.seed), [one.name for one in card.variants])
    empty = True
    for _, _, message in reader.messages(["hw.device", "infer.result", "event.inference"]):
        empty = False
        auditor.take(message)
    if empty:
        raise LogError(f"{run_dir}: the log has no tick")
    return auditor.audit()
