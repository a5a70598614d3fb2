"""Silent errors: what is altered, wrong, retracted and silent, by a clean network's word."""

from __future__ import annotations

import msgspec
import pytest

from flightsw.apps.inference.engine import Seen
from flightsw.messages.health import Event, Severity
from flightsw.messages.inference import InferenceResult
from flightsw.record.silent import Auditor, is_wrong
from tests.apps.payload import board_up

CLEAN = Seen((0.5, 0.25), "c" * 16)


class Ground:
    """A clean network that always says the same."""

    def look(self, first_scene, scenes, cos_zenith, latitude_deg, variant=None) -> Seen:
        return CLEAN


def result(batch: int, fractions=(0.5, 0.25), sha: str | None = "c" * 16) -> InferenceResult:
    return InferenceResult(batch, "m", 0, 2, 0.5, 10.0, 1, 0, 1, 0.0, fractions, sha, 0, 0, 1.0)


def repaired(suspect_from: int, batches_done: int, **args) -> Event:
    told = {"variant": "large", "found": "scrub", "by": "reload", "bits": 2, **args}
    return Event(
        Severity.WARNING_HI, "weights.repaired", told | {"suspect_from": suspect_from, "batches_done": batches_done}
    )


def audited(*messages):
    auditor = Auditor(Ground(), ["only"])
    for message in messages:
        auditor.take(message)
    return auditor.audit()


def test_answers_of_a_sound_network_are_judged_and_found_good():
    audit = audited(*(result(batch) for batch in range(5)), result(5, None, None))
    assert (audit.judged, audit.altered, audit.wrong, audit.silent) == (5, 0, 0, 0)


def test_what_differs_in_bits_alone_is_altered_and_what_is_told_wrongly_is_wrong():
    audit = audited(result(0), result(1, sha="d" * 16), result(2, (0.5, 0.255), "e" * 16), result(3, (0.52, 0.25), "f"))
    assert (audit.judged, audit.altered, audit.wrong, audit.silent) == (4, 3, 1, 1)


def test_a_repair_retracts_what_was_done_since_the_last_good_check_and_nothing_before_or_after():
    wrong = [result(batch, (0.9, 0.9), "bad") for batch in (3, 4, 5, 6)]
    audit = audited(*wrong[:3], repaired(4, 6), wrong[3])
    assert (audit.wrong, audit.retracted, audit.silent) == (4, 2, 2)
    assert (audit.by_scrub, audit.repaired_bits) == (1, 2)


def test_upsets_and_repairs_are_counted_by_what_found_them():
    audit = audited(
        msgspec.structs.replace(board_up(), upsets=(1, 2, 3)),
        msgspec.structs.replace(board_up(), upsets=(4,)),
        repaired(0, 0, found="golden"),
        repaired(0, 0, found="runtime"),
        repaired(0, 0, by="vote", bits=5),
        Event(Severity.WARNING_LO, "memory.rewritten", {"bits": 7}),
        Event(Severity.ACTIVITY_LO, "device.on", {}),
    )
    assert (audit.upsets, audit.repaired_bits, audit.rewritten_bits) == (4, 9, 7)
    assert (audit.by_scrub, audit.by_golden, audit.by_runtime, audit.by_vote) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("fractions", "detections", "truth", "wrong"),
    [
        ((0.5,), None, Seen((0.509,), "x"), False),
        ((0.5,), None, Seen((0.511,), "x"), True),
        (None, (2,), Seen(None, "x", (2,)), False),
        (None, (2,), Seen(None, "x", (3,)), True),
        (None, None, Seen((0.5,), "x"), True),
    ],
)
def test_an_answer_is_wrong_by_a_hundredth_of_a_scene_or_by_any_detection(fractions, detections, truth, wrong):
    told = msgspec.structs.replace(result(0, fractions), detections=detections)
    assert is_wrong(told, truth) is wrong
