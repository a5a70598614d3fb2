"""Parameter tables: load, validate, activate, dump; what is wrong changes nothing; what is active survives."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.apps.comms.config import CommsConfig
from flightsw.apps.health.config import HealthConfig
from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.own import AppConfig
from flightsw.apps.power.config import PowerConfig
from flightsw.apps.tables import CODE, ParameterTable, leaves
from flightsw.apps.telecommands import NOT_MINE, Executed, execute_own
from flightsw.apps.thermal.app import ThermalApp
from flightsw.apps.thermal.config import ThermalConfig
from flightsw.bus.application import Inbox, Now
from flightsw.messages.base import Message
from flightsw.messages.commands import (
    Command,
    TableAbort,
    TableActivate,
    TableDump,
    TableLoad,
    TableValidate,
    ThermalSetChipLimit,
)
from flightsw.messages.comms import TcDispatch, TcReport, TcStage
from flightsw.messages.tables import TableCriticalData, TableReport
from flightsw.messages.thermal import ThermalCriticalData, ThermalStatus

POWER = PowerConfig(capacity_ah=5.0, array_peak_w=30.0)


class Owner:
    """An application that has a table and nothing else."""

    def __init__(self, config: AppConfig = POWER, fixed: tuple[str, ...] = ()) -> None:
        self.scenario = config
        self.fixed = fixed
        self.boot()

    def boot(self) -> None:
        self.config = self.scenario
        self.table = ParameterTable("power", self.scenario, self.apply, fixed=self.fixed)

    def apply(self, config: AppConfig) -> None:
        self.config = config

    def do(self, command: Command) -> object:
        return self.table.handlers[type(command)](command)

    def load(self, path: str, value: bool | float | str) -> object:
        return self.do(TableLoad("power", path, value))

    def activate(self) -> TableCriticalData:
        assert self.do(TableValidate("power")) is None
        done = self.do(TableActivate("power"))
        assert isinstance(done, Executed)
        (kept,) = [message for message in done.told if isinstance(message, TableCriticalData)]
        return msgspec.msgpack.decode(msgspec.msgpack.encode(kept), type=TableCriticalData)

    def dump(self, which: str = "active") -> dict[str, object]:
        done = self.do(TableDump("power", which))
        assert isinstance(done, Executed)
        (report,) = done.told
        assert isinstance(report, TableReport)
        return {path: msgspec.json.decode(value) for path, value in zip(report.paths, report.values, strict=True)}


def test_a_table_is_loaded_validated_and_active_only_then():
    owner = Owner()
    assert owner.load("reserve_soc", 0.4) is None
    assert owner.load("shed_soc.1", 0.22) is None
    assert owner.config is POWER
    assert owner.dump("staged") == {"reserve_soc": 0.4, "shed_soc.1": 0.22}
    owner.activate()
    assert owner.config == msgspec.structs.replace(POWER, reserve_soc=0.4, shed_soc=(0.28, 0.22))
    assert owner.dump()["reserve_soc"] == 0.4
    assert owner.dump("staged") == {}


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("reserve_soc", 1.4, "<= 1.0"),
        ("reserve_soc", "much", "reserve_soc"),
        ("reserve_soc", True, "reserve_soc"),
        ("reserve_socs", 0.4, "unknown parameter"),
        ("shed_soc.2", 0.1, "must be one of shed_soc.0, shed_soc.1"),
        ("shed_soc", 0.1, "unknown parameter"),
        ("ocv_v.0", 12.0, "set by the scenario alone"),
        ("law", "my:Law", "unknown parameter"),
    ],
)
def test_a_value_that_is_wrong_is_refused_with_the_reason_and_nothing_is_staged(path, value, reason):
    owner = Owner(fixed=("ocv_v",))
    refusal = owner.load(path, value)
    assert isinstance(refusal, str)
    assert reason in refusal
    assert owner.dump("staged") == {}


def test_values_that_contradict_each_other_are_refused_as_a_table_and_accepted_once_they_agree():
    owner = Owner()
    assert owner.load("shed_soc.0", 0.5) is None
    refusal = owner.do(TableValidate("power"))
    assert refusal == "apps.power.release_soc of tier 1 = 0.45: must be above shed_soc = 0.5"
    assert owner.do(TableActivate("power")) == "the staged table of power is not validated"
    assert owner.config is POWER
    assert owner.load("release_soc.0", 0.6) is None
    owner.activate()
    assert isinstance(owner.config, PowerConfig)
    assert owner.config.shed_soc[0] == 0.5


def test_a_table_loaded_into_after_its_validation_must_be_validated_anew():
    owner = Owner()
    owner.load("reserve_soc", 0.4)
    assert owner.do(TableValidate("power")) is None
    owner.load("reserve_soc", 0.5)
    assert "not validated" in str(owner.do(TableActivate("power")))
    assert owner.config is POWER


def test_an_aborted_table_leaves_nothing_to_validate_or_activate():
    owner = Owner()
    owner.load("reserve_soc", 0.4)
    assert owner.do(TableAbort("power")) is None
    for command in (TableValidate("power"), TableActivate("power")):
        assert owner.do(command) == "no table of power is staged"


def test_a_table_of_another_application_is_left_to_it():
    assert Owner().do(TableLoad("thermal", "heater_on_c", 3.0)) is NOT_MINE
    inbox = Inbox([("comms", TcDispatch(1, TableDump("thermal", "active")))])
    assert execute_own(inbox, Owner().table.handlers) == []


def test_what_was_activated_survives_a_restart_and_what_was_staged_does_not():
    owner = Owner()
    owner.load("reserve_soc", 0.4)
    owner.activate()
    owner.load("shed_soc.1", 0.22)
    kept = owner.activate()
    owner.load("lcl_retries", 7)
    active = owner.config
    owner.boot()
    assert owner.config is POWER
    owner.table.restore(Inbox([("power", kept)]))
    assert owner.config == active
    assert owner.dump("staged") == {}


@pytest.mark.parametrize("config", [POWER, ThermalConfig(), InferenceConfig(), CommsConfig(), HealthConfig()])
def test_every_parameter_of_every_application_can_be_loaded_as_it_is_and_changes_nothing(config):
    owner = Owner(config)
    rows = dict(leaves(config))
    assert len(rows) >= 6
    assert not set(CODE) & set(rows)
    for path, value in rows.items():
        if value is not None:
            assert owner.load(path, value) is None, path
    owner.activate()
    assert owner.config == config


@settings(max_examples=200, deadline=None)
@given(
    values=st.lists(
        st.tuples(
            st.sampled_from(sorted(path for path, _ in leaves(ThermalConfig()))),
            st.one_of(st.floats(-300.0, 300.0), st.integers(-5, 200), st.booleans(), st.text(max_size=3)),
        ),
        max_size=8,
    )
)
def test_whatever_is_loaded_the_active_table_is_one_that_a_scenario_could_have(values):
    owner = Owner(ThermalConfig())
    for path, value in values:
        owner.load(path, value)
    before = owner.config
    if owner.do(TableValidate("power")) is None:
        assert isinstance(owner.do(TableActivate("power")), Executed)
    else:
        assert isinstance(owner.do(TableActivate("power")), str)
        assert owner.config is before
    assert msgspec.convert(msgspec.to_builtins(owner.config), ThermalConfig) == owner.config


class Thermal:
    """The real application, told by telecommand."""

    def __init__(self) -> None:
        self.app = ThermalApp(ThermalConfig(), 1.0)
        self.tick = 0
        self.kept: dict[type[Message], Message] = {}

    def step(self, *items: Message) -> list[Message]:
        out = list(self.app.step(Now(self.tick, self.tick * 10**9, 1.0), Inbox([("x", item) for item in items])))
        self.kept |= {type(one): one for one in out if isinstance(one, ThermalCriticalData | TableCriticalData)}
        self.tick += 1
        return out

    def command(self, command: Command) -> TcReport:
        (report,) = [one for one in self.step(TcDispatch(self.tick, command)) if isinstance(one, TcReport)]
        return report

    def limit_c(self) -> float:
        (status,) = [one for one in self.step() if isinstance(one, ThermalStatus)]
        return status.chip_limit_c


def test_the_owner_refuses_what_it_alone_knows_to_be_wrong():
    thermal = Thermal()
    assert thermal.command(TableLoad("thermal", "chip_limit_c", 99.0)).stage is TcStage.COMPLETED
    report = thermal.command(TableValidate("thermal"))
    assert report.stage is TcStage.FAILED
    assert "95.0" in (report.reason or "")
    assert thermal.limit_c() == 75.0


def test_the_table_takes_effect_in_its_owner_and_ground_s_own_word_stands_beside_it():
    thermal = Thermal()
    for command in (
        TableLoad("thermal", "chip_limit_c", 60.0),
        TableValidate("thermal"),
        TableActivate("thermal"),
    ):
        assert thermal.command(command).stage is TcStage.COMPLETED
    assert thermal.limit_c() == 60.0
    assert thermal.command(ThermalSetChipLimit(55.0)).stage is TcStage.COMPLETED
    for command in (TableLoad("thermal", "gain_w_k", 1.0), TableValidate("thermal"), TableActivate("thermal")):
        assert thermal.command(command).stage is TcStage.COMPLETED
    assert thermal.limit_c() == 55.0
    thermal.app = ThermalApp(ThermalConfig(), 1.0)
    thermal.step(*thermal.kept.values())
    assert thermal.limit_c() == 55.0
    assert thermal.app._config.gain_w_k == 1.0
