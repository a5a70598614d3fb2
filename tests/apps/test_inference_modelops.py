"""Model operations: only what passed flies, what is bad is refused with a reason, and what flies is never harmed."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.engine import OnnxEngine, Seen
from flightsw.apps.inference.modelops import ModelOps, disagreement
from flightsw.apps.inference.slots import Phase, Slots, Step, activated, failed, rolled_back, stepped
from flightsw.devices.blobs import FolderBlobs, pack
from flightsw.devices.models import load_card
from flightsw.errors import OutputRefused
from flightsw.messages.commands import ModelActivate, ModelCanary, ModelLoad, ModelRollback, ModelVerify
from flightsw.messages.comms import TcDispatch, TcReport, TcStage
from flightsw.messages.health import Event
from flightsw.messages.inference import InferenceCriticalData, InferenceResult
from flightsw.messages.topics import shipped_topics
from tests.apps.payload import Payload, of

CARD = load_card("wildfire:small")
GOLDEN = OnnxEngine(CARD, 3)
LOOK = (0, 4, 0.7, 10.0)


@pytest.fixture
def store(tmp_path) -> Path:
    return tmp_path / "store"


def sha_of(store: Path) -> str:
    return pack(CARD.folder, store)


def operations(store: Path | None) -> ModelOps:
    return ModelOps(CARD, 3, GOLDEN, None if store is None else FolderBlobs(store))


def done(ops: ModelOps, *commands) -> None:
    """Each is executed."""
    for command in commands:
        assert ops.handlers[type(command)](command) is None


def to_canary(ops: ModelOps, slot, sha256: str, batches: int = 2) -> None:
    done(ops, ModelLoad(slot, sha256), ModelVerify(slot), ModelCanary(slot, batches))


def flying(ops: ModelOps, slot, sha256: str) -> None:
    to_canary(ops, slot, sha256, 1)
    ops.look(*LOOK)
    done(ops, ModelActivate(slot))


def told(ops: ModelOps) -> list[str]:
    return [event.id for event in ops.check(0, 1.0, 0)]


class Broken:
    """An image that can't answer any more, and says why."""

    def __init__(self, why: str = "not finite") -> None:
        self.why = why

    def look(self, *_asked) -> Seen:
        raise OutputRefused(self.why)


def test_an_image_goes_from_load_to_flight_step_by_step_and_answers_all_the_way(store):
    ops, clean = operations(store), GOLDEN.look(*LOOK)
    to_canary(ops, "a", sha_of(store))
    assert ops.slots.a.phase is Phase.CANARY
    assert ops.look(*LOOK) == clean
    assert ops.handlers[ModelActivate](ModelActivate("a")) == "slot a is CANARY: ACTIVATE needs it to be PASSED"
    ops.look(*LOOK)
    assert ops.slots.a.phase is Phase.PASSED
    done(ops, ModelActivate("a"))
    assert (ops.slots.active, ops.slots.before) == ("a", "golden")
    assert ops.look(*LOOK) == clean
    assert told(ops) == ["model.canary_passed", "model.activated"]
    done(ops, ModelRollback())
    assert (ops.slots.active, ops.slots.a.phase) == ("golden", Phase.FAILED)


@pytest.mark.parametrize("cut", ["card", "network"])
def test_an_upload_that_was_cut_in_the_middle_is_refused_and_what_flies_goes_on(store, cut):
    sha, ops = sha_of(store), operations(store)
    blob = store / (sha if cut == "card" else CARD.sha256)
    whole = blob.read_bytes()
    blob.write_bytes(whole[: len(whole) // 2])
    reason = ops.handlers[ModelLoad](ModelLoad("a", sha))
    assert f"blob {blob.name[:12]}: its {len(whole) // 2} bytes have sha256" in reason
    assert reason.endswith("cut, or altered")
    assert ops.slots == Slots()
    assert ops.look(*LOOK) == GOLDEN.look(*LOOK)
    blob.write_bytes(whole)
    done(ops, ModelLoad("a", sha))


def test_a_card_that_is_none_is_refused(store):
    store.mkdir()
    data = b"name = "
    sha = hashlib.sha256(data).hexdigest()
    (store / sha).write_bytes(data)
    reason = operations(store).handlers[ModelLoad](ModelLoad("a", sha))
    assert "not a model card" in reason
    assert f"blob {sha[:12]}: " in reason


def test_what_is_not_in_the_store_and_a_node_without_one_refuse_to_load(store):
    store.mkdir()
    load = ModelLoad("b", "0" * 64)
    assert operations(store).handlers[ModelLoad](load) == "blob 000000000000: not in the store"
    assert "names no store" in operations(None).handlers[ModelLoad](load)


def spoilt(tmp_path, store, change) -> str:
    """A copy of the model with something wrong in it, packed; the hash of its card."""
    folder = Path(shutil.copytree(CARD.folder, tmp_path / "spoilt", ignore=shutil.ignore_patterns("*.py")))
    card = folder / "card.toml"
    card.write_text(change(card.read_text(), folder))
    return pack(str(folder), store)


def corrupt(text: str, folder: Path) -> str:
    """A network whose hash the card states, and which is none."""
    path = folder / CARD.file
    data = path.read_bytes()[:5000] + bytes(5000)
    path.write_bytes(data)
    return text.replace(CARD.sha256, hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text, _: text.replace("golden_mean = 0.3", "golden_mean = 0.4"), "golden_mean"),
        (lambda text, _: text.replace("cells = 32", "cells = 16"), "card: cells = 16: must be 32, as flown"),
        (lambda text, _: text.replace("work_gop = 95.6", "work_gop = 200.0"), "card: ladder"),
        (corrupt, "not a model that onnxruntime loads"),
    ],
    ids=["golden answer", "shape", "work", "corrupt network"],
)
def test_a_bad_image_is_refused_at_load_or_verification_and_never_flies(tmp_path, store, change, reason):
    sha, ops = spoilt(tmp_path, store, change), operations(store)
    said = ops.handlers[ModelLoad](ModelLoad("a", sha)) or ops.handlers[ModelVerify](ModelVerify("a"))
    assert reason in said
    assert ops.slots.a.phase in (Phase.EMPTY, Phase.FAILED)
    assert ops.handlers[ModelActivate](ModelActivate("a")) is not None
    assert ops.look(*LOOK) == GOLDEN.look(*LOOK)


def test_a_canary_that_disagrees_or_breaks_fails_and_nothing_of_it_is_told(store):
    for broken in (Broken(), Elsewhere()):
        ops = operations(store)
        to_canary(ops, "a", sha_of(store))
        ops._engines["a"] = broken
        assert ops.look(*LOOK) == GOLDEN.look(*LOOK)
        assert ops.slots.a.phase is Phase.FAILED
        assert told(ops) == ["model.failed"]


class Elsewhere:
    """An image that always finds nine fires."""

    def look(self, _first, scenes, *_asked) -> Seen:
        return Seen(None, "x", (9,) * scenes)


class Told:
    """An image, or the golden one, that finds fires in so many scenes of a batch, and remembers what it was asked."""

    def __init__(self, burning: int = 0) -> None:
        self.burning = burning
        self.asked: list[tuple[object, ...]] = []

    def look(self, *asked) -> Seen:
        self.asked.append(asked)
        return Seen(None, "x", tuple(int(scene < self.burning) for scene in range(asked[1])))


@pytest.mark.parametrize(
    ("scenes", "burning", "fails"), [(5, 0, ""), (5, 1, ""), (14, 3, "0.214"), (4, 1, "0.250"), (4, 4, "1.000")]
)
def test_a_canary_may_differ_in_a_fifth_of_a_batch_s_scenes(store, scenes, burning, fails):
    ops = ModelOps(CARD, 3, Told(), FolderBlobs(store))
    to_canary(ops, "a", sha_of(store), 1)
    ops._engines["a"] = Told(burning)
    ops.look(0, scenes, 0.7, 10.0)
    (event,) = ops.check(0, 1.0, 0)
    if fails:
        why = f"canary: {fails} from the active image: must be within 0.2"
        assert (event.id, event.args) == ("model.failed", {"image": "a", "why": why})
    else:
        assert (event.id, event.args) == ("model.canary_passed", {"image": "a"})


@pytest.mark.parametrize("variant", [None, "large"])
def test_the_images_are_asked_for_the_variant_that_flies(store, variant):
    golden, canary = Told(), Told()
    ops = ModelOps(CARD, 3, golden, FolderBlobs(store))
    to_canary(ops, "a", sha_of(store), 1)
    ops._engines["a"] = canary
    ops.look(*LOOK, variant)
    assert golden.asked == canary.asked == [(*LOOK, variant or "small")]


def seen(*detections: int, clouds: tuple[float, ...] | None = None) -> Seen:
    return Seen(clouds, "x", detections or None)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (seen(1, 2, 3, 4), seen(1, 2, 3, 4), 0.0),
        (seen(1, 2, 3, 4), seen(1, 2, 4, 3), 0.5),
        (seen(clouds=(0.5, 0.25)), seen(clouds=(0.25, 0.5)), 0.25),
        (seen(clouds=(0.5, 0.5)), seen(clouds=(0.5, 0.5)), 0.0),
        (seen(clouds=(0.5,)), seen(1), 1.0),
        (seen(1), seen(clouds=(0.5,)), 1.0),
        (seen(1, clouds=(0.5,)), seen(clouds=(0.25,)), 0.25),
        (seen(clouds=(0.5,)), seen(1, clouds=(0.25,)), 0.25),
    ],
)
def test_answers_are_apart_by_scenes_of_other_counts_or_by_mean_cloud(one, other, apart):
    assert disagreement(one, other) == pytest.approx(apart)


def test_answers_to_another_batch_can_not_be_compared():
    for one, other in ((seen(1, 2), seen(1)), (seen(clouds=(0.5, 0.5)), seen(clouds=(0.5,)))):
        with pytest.raises(ValueError, match="shorter"):
            disagreement(one, other)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (ModelVerify("a"), "slot a is EMPTY: VERIFY needs it to be LOADED"),
        (ModelCanary("b", 3), "slot b is EMPTY: CANARY needs it to be VERIFIED"),
        (ModelRollback(), "the golden image flies: there is nothing before it"),
    ],
)
def test_a_step_out_of_turn_is_refused_and_changes_nothing(store, command, reason):
    ops = operations(store)
    assert ops.handlers[type(command)](command) == reason
    assert ops.slots == Slots()
    assert told(ops) == []


def test_a_node_that_never_loaded_anything_keeps_nothing_and_starts_from_nothing():
    ops = operations(None)
    assert ops.stored() == ""
    ops.restore("")
    assert ops.slots == Slots()


def test_a_long_complaint_of_the_runtime_is_cut(store):
    ops = operations(store)
    to_canary(ops, "a", sha_of(store))
    ops._engines["a"] = Broken(300 * "x")
    ops.look(*LOOK)
    (event,) = ops.check(0, 1.0, 0)
    assert event.args["why"] == 256 * "x"


def test_an_active_image_that_breaks_is_left_for_the_one_before_it_and_then_for_the_golden_one(store):
    ops, sha = operations(store), sha_of(store)
    flying(ops, "a", sha)
    flying(ops, "b", sha)
    assert (ops.slots.active, ops.slots.before, ops.slots.a.phase) == ("b", "a", Phase.PASSED)
    told(ops)
    ops._engines["b"] = Broken()
    assert ops.look(*LOOK) == GOLDEN.look(*LOOK)
    assert (ops.slots.active, ops.slots.b.phase) == ("a", Phase.FAILED)
    assert told(ops) == ["model.failed", "model.rolled_back"]
    ops._engines["a"] = Broken()
    assert ops.look(*LOOK) == GOLDEN.look(*LOOK)
    assert ops.slots.active == "golden"


@pytest.mark.parametrize("steps", [1, 2, 4, 5])
def test_a_kill_in_the_middle_of_any_operation_is_gone_on_from(store, steps):
    sha = sha_of(store)
    ops = operations(store)
    course = [
        lambda ops: done(ops, ModelLoad("a", sha)),
        lambda ops: done(ops, ModelVerify("a")),
        lambda ops: done(ops, ModelCanary("a", 2)),
        lambda ops: ops.look(*LOOK),
        lambda ops: ops.look(*LOOK),
        lambda ops: done(ops, ModelActivate("a")),
    ]
    for step in course[:steps]:
        step(ops)
    again = operations(store)
    again.restore(ops.stored())
    assert again.slots == ops.slots
    for step in course[steps:]:
        step(again)
    assert again.slots.active == "a"
    assert again.look(*LOOK) == GOLDEN.look(*LOOK)


def test_after_a_kill_an_image_whose_bytes_are_gone_is_left_for_the_golden_one(store):
    ops, sha = operations(store), sha_of(store)
    flying(ops, "a", sha)
    (store / CARD.sha256).unlink()
    again = operations(store)
    again.restore(ops.stored())
    assert (again.slots.active, again.slots.a.phase) == ("golden", Phase.FAILED)
    assert told(again) == ["model.failed", "model.rolled_back"]
    assert again.look(*LOOK) == GOLDEN.look(*LOOK)


STEPS = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([*Step, "rollback", "failed"])), min_size=1, max_size=30
)


@given(STEPS)
def test_whatever_is_asked_exactly_one_image_flies_and_it_had_passed(steps):
    slots = Slots()
    for name, step in steps:
        if step is Step.ACTIVATE:
            after = activated(slots, name)
        elif step == "rollback":
            after = rolled_back(slots)
        elif step == "failed":
            after = failed(slots, name)
        elif step is Step.LEAVE:
            continue  # never asked for by itself
        elif step is Step.FAIL and slots.active == name:
            continue  # what flies fails by `failed`
        else:
            after = stepped(slots, name, step)
        if isinstance(after, str):
            assert after
            continue
        if step is Step.ACTIVATE:
            assert slots[name].phase is Phase.PASSED
        slots = after
        flying_slots = [one for one in ("a", "b") if slots[one].phase is Phase.ACTIVE]
        assert flying_slots == ([] if slots.active == "golden" else [slots.active])


def test_the_application_takes_model_commands_answers_them_and_keeps_them_in_critical_data(store):
    payload = Payload(InferenceConfig(frame_scenes=9, batch_scenes=4, execute="every"), card=load_card("wildfire"))
    ops = operations(store)
    app = payload.app
    app._models, app._guard, app._workshop._engine = ops, ops, ops
    app._handlers |= ops.handlers
    sha = sha_of(store)
    reports = []
    for request, command in enumerate(
        (ModelActivate("a"), ModelLoad("a", sha), ModelVerify("a"), ModelCanary("a", 1)), start=1
    ):
        reports += of(payload.step(TcDispatch(request, command)), TcReport)
    assert [report.stage for report in reports] == [TcStage.FAILED, *3 * [TcStage.COMPLETED]]
    assert reports[0].reason == "slot a is EMPTY: ACTIVATE needs it to be PASSED"
    out = payload.run(6)
    assert of(out, InferenceResult)[0].detections is not None
    assert [event.id for event in of(out, Event) if event.id.startswith("model.")] == ["model.canary_passed"]
    payload.step(TcDispatch(9, ModelActivate("a")))
    stored = of(payload.sent, InferenceCriticalData)[-1]
    assert '"active":"a"' in stored.models
    assert {topic.kind for topic in shipped_topics()} >= {InferenceCriticalData}


def test_where_nothing_is_computed_models_can_not_be_operated():
    payload = Payload()
    (report,) = of(payload.step(TcDispatch(1, ModelVerify("a"))), TcReport)
    assert (report.stage, report.reason) == (TcStage.FAILED, "apps.inference.execute = none: no network runs here")
