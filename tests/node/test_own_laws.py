"""A user's law, or whole application, in place of a shipped one: found, checked, told, flown, restored."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest

from flightsw.bus.records import LOST, REJOIN
from flightsw.cli import main
from flightsw.errors import ConfigError
from flightsw.node.laws import STANDARD
from flightsw.node.scenario import identities, load_scenario
from tests.loop.runs import summary_from
from tests.node.own_code import QUICK, flown, load, said, write

COUNTING = """
    import msgspec
    from msgspec.structs import replace
    from flightsw.apps.thermal.interface import Outputs, StandardThermalLaw, State, ThermalCriticalData

    class Counted(ThermalCriticalData, frozen=True):
        steps: int

    class CountingState(State, frozen=True):
        steps: int = 0

    class Counting(StandardThermalLaw):
        CriticalData = Counted

        class Config(msgspec.Struct, frozen=True):
            cap_w: float = 7.0

            def __post_init__(self):
                if self.cap_w > 30.0:
                    raise ValueError(f"cap_w = {self.cap_w}: must be at most 30")

        def __init__(self, own):
            self.own = own

        def initial(self, config):
            return CountingState(config.cap_max_w, False, config.chip_limit_c)

        def step(self, state, inputs, config, dt_s):
            return replace(state, steps=state.steps + 1), Outputs(self.own.cap_w, False, 0.5)

        def stored(self, state, standard):
            return Counted(standard.chip_limit_c, standard.integral_w, standard.battery_heater_on, state.steps)

        def restored(self, state, stored):
            return replace(super().restored(state, stored), steps=stored.steps)
"""


def test_a_users_law_decides_with_what_its_own_table_tells(tmp_path: Path) -> None:
    file = write(tmp_path, COUNTING, thermal='law = "mine:Counting"\nlaw_config = { cap_w = 9.5 }')
    statuses = said(flown(load(file), 20), "ThermalStatus")
    assert len(statuses) == 20
    assert {status.chip_cap_w for _, status in statuses} == {9.5}
    statuses = said(flown(load(file, "apps.thermal.law_config={}"), 20), "ThermalStatus")
    assert {status.chip_cap_w for _, status in statuses} == {7.0}


def test_a_users_laws_own_memory_survives_the_loss_of_its_application(tmp_path: Path) -> None:
    file = write(tmp_path, COUNTING, thermal='law = "mine:Counting"')
    records = flown(load(file), 90, lose={45: ["thermal"]})
    assert [item[:2] for record in records for item in record.inputs] == [(LOST, "thermal"), (REJOIN, "thermal")]
    stored = said(records, "Counted")
    before, after = [one for one in stored if one[0] < 45][-1], next(one for one in stored if one[0] > 45)
    assert before == (40, msgspec.structs.replace(before[1], steps=41))
    assert (after[0], after[1].steps) == (55, 42)


def test_subclasses_of_all_shipped_laws_that_change_nothing_give_the_same_ticks(tmp_path: Path) -> None:
    code = "\n".join(
        f"from {standard.__module__} import {standard.__name__}\nclass {app.title()}({standard.__name__}): pass"
        for app, (_, standard) in STANDARD.items()
    )
    file = write(tmp_path, code, **{app: f'law = "mine:{app.title()}"' for app in STANDARD})
    own = [(record.inputs, [entry[:2] for entry in record.entries]) for record in flown(load(file), 300)]
    shipped_scenario = load_scenario(
        "cubesat-6u-orin-nano", [*QUICK, "apps.thermal.law=pi", "apps.inference.law=drain"]
    )
    shipped = [(record.inputs, [entry[:2] for entry in record.entries]) for record in flown(shipped_scenario, 300)]
    assert len(own) == 300
    assert own == shipped


@pytest.mark.parametrize(
    ("thermal", "says"),
    [
        ('law = "mine"', 'apps.thermal.law = "mine": must be like "package.module:Class"'),
        ('law = "nowhere.laws:Law"', "no module nowhere: must be on sys.path or stand in "),
        ('law = "mine.laws:Law"', "no module mine.laws: must be on sys.path"),
        ('law = "mine:Mising"', "no class Mising in "),
        ('law = "mine:Mising"', "did you mean Missing?"),
        ('law = "mine:function"', "function is a function: must be a class"),
        ('law = "mine:Missing"', "has no initial: must have initial(config), see flightsw.apps.thermal.interface"),
        ('law = "mine:Short"', "step(state, inputs): must take step(state, inputs, config, dt_s)"),
        ('law = "mine:Raising"', "can't be made: ValueError: not today (mine.py, line "),
        ('law = "mine:Shapeless"', "its first tick fails: TypeError"),
        ('law = "mine:Forgetful"', "its CriticalData is <class 'int'>: must be ThermalCriticalData or a subclass"),
        ('law = "mine:Odd"', "its Config is <class 'dict'>: must be a msgspec.Struct"),
        ('law = "mine:Hot"', "its first tick fails: MessageError: thermal: ThermalStatus: Expected `float` >= 0.0"),
        ('law = "broken:Law"', "broken can't be imported: SyntaxError"),
        ('law = "leaving:Law"', "leaving can't be imported: SystemExit: 5"),
        ('law = "mine:Listing"', "Listed: more: must be a tuple"),
        ('law = "needy:Law"', "needy can't be imported: ModuleNotFoundError: No module named 'not_installed'"),
        ('law = "mine:Fine"\nlaw_config = { a = 1 }', "law_config: given, but mine:Fine declares no Config"),
        ("law_config = { a = 1 }", "apps.thermal.law_config: given without apps.thermal.law: must be left out"),
        ('law = "mine:Fine"\napp = "mine:Fine"', "apps.thermal.law: given beside apps.thermal.app"),
        ('law = "mine:Told"\nlaw_config = { capw = 1 }', "law_config: capw: unknown key; did you mean cap_w?"),
        ('law = "mine:Told"\nlaw_config = { inner = { b = 1 } }', "law_config: inner.b: unknown key"),
        ('law = "mine:Told"\nlaw_config = { cap_w = "x" }', 'law_config: cap_w = "x": must be a number'),
        ('law = "mine:Told"\nlaw_config = { cap_w = 31 }', "cap_w = 31.0: must be at most 30"),
        ('app = "mine:Fine"', "has no step: must have step(now, inbox)"),
    ],
)
def test_what_is_wrong_with_a_users_law_is_said_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], thermal: str, says: str
) -> None:
    code = """
        import msgspec
        from flightsw.apps.thermal.interface import Outputs, StandardThermalLaw

        def function(): pass
        class Missing: CriticalData = StandardThermalLaw.CriticalData
        class Fine(StandardThermalLaw): pass
        class Short(StandardThermalLaw):
            def step(self, state, inputs): ...
        class Raising(StandardThermalLaw):
            def __init__(self): raise ValueError("not today")
        class Shapeless(StandardThermalLaw):
            def step(self, state, inputs, config, dt_s): return state
        class Forgetful(StandardThermalLaw): CriticalData = int
        class Listed(StandardThermalLaw.CriticalData, frozen=True): more: list[int] = []
        class Listing(StandardThermalLaw): CriticalData = Listed
        class Odd(StandardThermalLaw): Config = dict
        class Hot(StandardThermalLaw):
            def step(self, state, inputs, config, dt_s): return state, Outputs(-1.0, False, 0.0)
        class Inner(msgspec.Struct, frozen=True): a: int = 0
        class Told(StandardThermalLaw):
            class Config(msgspec.Struct):
                cap_w: float = 1.0
                inner: Inner = Inner()
                def __post_init__(self):
                    if self.cap_w > 30: raise ValueError(f"cap_w = {self.cap_w}: must be at most 30")
            def __init__(self, own): ...
    """
    if 'app = "mine:Fine"' in thermal and "law" not in thermal:
        code = code.replace(
            "class Fine(StandardThermalLaw): pass", "class Fine:\n            def __init__(self, *_): ..."
        )
    (tmp_path / "broken.py").write_text("def (:\n")
    (tmp_path / "leaving.py").write_text("raise SystemExit(5)\n")
    (tmp_path / "needy.py").write_text("import not_installed\n")
    file = write(tmp_path, code, thermal=thermal)
    out = tmp_path / "out"
    assert main(["run", str(file), "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_a_law_that_raises_in_flight_is_lost_and_comes_back(tmp_path: Path) -> None:
    code = """
        from flightsw.apps.thermal.interface import StandardThermalLaw
        class Raising(StandardThermalLaw):
            def step(self, state, inputs, config, dt_s):
                if inputs.chip_c is not None and inputs.chip_c > 20.5: raise RuntimeError("too hot for me")
                return super().step(state, inputs, config, dt_s)
    """
    file = write(tmp_path, code, thermal='law = "mine:Raising"')
    records = flown(load(file), 60)
    events = [(event.kind.name, event.process) for _, event in said(records, "BusEvent")]
    assert events[:2] == [("APP_LOST", "thermal"), ("REJOIN", "thermal")]


def test_a_law_that_always_raises_is_tried_ever_more_rarely_and_the_run_goes_on_in_either_host(tmp_path: Path) -> None:
    code = """
        from flightsw.apps.thermal.interface import StandardThermalLaw
        class Raising(StandardThermalLaw):
            def step(self, state, inputs, config, dt_s):
                assert inputs.chip_c is None
                return super().step(state, inputs, config, dt_s)
    """
    file = write(tmp_path, code, thermal='law = "mine:Raising"')
    hashes = []
    for place, host in enumerate(((), ("--in-process",))):
        out = ("--out", str(tmp_path / f"out-{place}"), "--duration", "1200s", "--execute", "none", "--json")
        summary = summary_from(["run", str(file), *out, *host])
        assert summary["ticks"] == 1200
        assert summary["lost"] == ["thermal"] * 7, "the sixth locks out, one more try after that"
        hashes.append(summary["log_hash"])
    assert hashes[0] == hashes[1]


def test_a_users_whole_application_stands_in_for_ours_with_the_same_topics(tmp_path: Path) -> None:
    code = """
        import msgspec
        from flightsw.messages.plant import ThermalSensors
        from flightsw.messages.thermal import HeaterCommand, ThermalStatus

        class Simple:
            class Config(msgspec.Struct): cap_w: float
            def __init__(self, config, dt_s, own):
                self.limit_c, self.cap_w = config.chip_limit_c, own.cap_w
            def step(self, now, inbox):
                sensors = inbox.last(ThermalSensors)
                chip_c = sensors.chip_c if sensors else None
                status = ThermalStatus(self.cap_w, chip_c, self.limit_c, 0.0, 0.0, False)
                return [status, HeaterCommand(False)]
    """
    file = write(tmp_path, code, thermal='app = "mine:Simple"\napp_config = { cap_w = 11.0 }')
    records = flown(load(file), 30)
    statuses = said(records, "ThermalStatus")
    assert len(statuses) == 30
    assert {status.chip_cap_w for _, status in statuses} == {11.0}
    assert {status.chip_limit_c for _, status in statuses} == {65.0}
    assert said(records, "ThermalCriticalData") == []


def test_two_scenarios_with_modules_of_one_name_each_get_their_own(tmp_path: Path) -> None:
    for name, cap_w in (("one", 6.0), ("two", 8.0), ("one", 6.0)):
        file = write(tmp_path / name, COUNTING.replace("7.0", str(cap_w)), thermal='law = "mine:Counting"')
        scenario = load(file)
        assert said(flown(scenario, 2), "ThermalStatus")[-1][1].chip_cap_w == cap_w
        assert [one.folder for one in identities(scenario)] == [str(tmp_path / name)]


def test_a_file_beside_the_scenario_shadows_nothing_that_is_installed(tmp_path: Path) -> None:
    file = write(tmp_path, COUNTING, thermal='law = "mine:Counting"')
    (tmp_path / "colorsys.py").write_text("raise SystemExit('shadowed')")
    load(file)
    assert sys.path[-1] == str(tmp_path)
    sys.modules.pop("colorsys", None)
    import colorsys

    assert Path(colorsys.__file__).parent != tmp_path


def test_a_scenario_without_users_code_says_nothing_of_it_in_its_resolved_form() -> None:
    resolved = msgspec.to_builtins(load_scenario("cubesat-6u-orin-nano"))
    assert "processes" not in resolved
    assert len(resolved["apps"]) == 5
    assert resolved["apps"]["thermal"].pop("law") == "predictive", "a shipped one"
    assert resolved["apps"]["inference"].pop("law") == "budget", "another"
    for app in resolved["apps"].values():
        assert not {"law", "law_config", "app", "app_config"} & set(app)


def test_a_law_without_a_scenarios_file_is_found_on_the_path_alone(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no module nowhere"):
        load_scenario("cubesat-6u-orin-nano", ["apps.thermal.law=nowhere:Law"])


@pytest.mark.parametrize(
    ("law", "table", "says"),
    [
        (
            "predictiv",
            "{}",
            'must be like "package.module:Class", or one of hysteresis, pi, power-allocator, predictive',
        ),
        ("hysteresis", "{ low_w = -1.0 }", "apps.thermal.law_config: low_w = -1.0: must be"),
        ("predictive", "{ horizon = 9.0 }", "unknown key; did you mean horizon_s?"),
        ("pi", "{ a = 1 }", "given, but pi declares no Config"),
    ],
)
def test_what_is_wrong_with_a_shipped_laws_name_or_figures_is_said_at_once(law: str, table: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_scenario("cubesat-6u-orin-nano", [f'apps.thermal.law="{law}"', f"apps.thermal.law_config={table}"])
    assert says in str(refused.value)


def test_a_shipped_law_by_its_name_is_no_code_of_the_users_and_the_default_one_changes_nothing() -> None:
    named = load_scenario("cubesat-12u-orin-nx", [*QUICK, 'apps.thermal.law="pi"', 'apps.power.law="predictive"'])
    assert identities(named) == ()
    by_name = [(record.inputs, [entry[:2] for entry in record.entries]) for record in flown(named, 200)]
    shipped = load_scenario("cubesat-12u-orin-nx", QUICK)
    assert by_name == [(record.inputs, [entry[:2] for entry in record.entries]) for record in flown(shipped, 200)]
    assert len(by_name) == 200


@pytest.mark.parametrize("law", ["hysteresis", "step-wise", "power-allocator", "predictive"])
def test_every_shipped_law_decides_and_keeps_its_memory_through_the_loss_of_its_application(law: str) -> None:
    scenario = load_scenario("cubesat-6u-orin-nano", [*QUICK, f'apps.thermal.law="{law}"'])
    records = flown(scenario, 120, lose={60: ["thermal"]})
    assert [item[:2] for record in records for item in record.inputs] == [(LOST, "thermal"), (REJOIN, "thermal")]
    statuses = said(records, "ThermalStatus")
    assert len(statuses) > 90
    assert statuses[-1][1].chip_c is not None
    assert statuses[-1][1].chip_cap_w > 20.0
