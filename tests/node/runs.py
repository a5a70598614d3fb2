"""Short runs in this process for the tests of replay and resume."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from flightsw.bus.application import Application, Inbox, Now
from flightsw.bus.log import LogWriter
from flightsw.bus.logreader import LogReader
from flightsw.messages.base import Message
from flightsw.node.build import build_application
from flightsw.node.resume import Resumption, Wanted, copy_log, prepare
from flightsw.node.run import RunOutcome, RunPlan, execute_run
from flightsw.node.scenario import Scenario, load_scenario

COMMANDED = (
    '{at="40s", name="thermal.set_chip_limit", args={limit_c=30.0}}',
    '{at="200s", name="power.set_reserve", args={soc=0.5}}',
)


def fly(run_dir: Path, *overrides: str, ticks: int = 300, commands: Sequence[str] = COMMANDED) -> RunOutcome:
    """A run of the default scenario under the PI that computes nothing, with two commands in it."""
    given = [
        f'duration="{ticks}s"',
        'apps.inference.execute="none"',
        "apps.thermal.law=pi",
        "plant.battery.initial_soc=0.85",
        f"commands=[{', '.join(commands)}]",
    ]
    run_dir.mkdir(parents=True)
    scenario = load_scenario("cubesat-6u-orin-nano", [*given, *overrides])
    outcome = execute_run(RunPlan(scenario=scenario, run_dir=run_dir, ticks=ticks, in_process=True))
    assert outcome.exit == "completed"
    assert outcome.ticks == ticks
    return outcome


def cut(source: Path, run_dir: Path, ticks: int, rest: bytes = b"") -> Path:
    """The run as kill -9 leaves it: so many whole ticks and a part of one."""
    run_dir.mkdir(parents=True)
    reader = LogReader(source)
    writer = LogWriter(run_dir, reader.header)
    for tick, data in enumerate(reader.raw_ticks()):
        if tick == ticks:
            rest = data[: len(data) // 2]
            break
        writer.append(data)
    writer.abandon()
    with (run_dir / "bus.log").open("ab") as tail:
        tail.write(rest)
    return run_dir


def take_up(source: Path, run_dir: Path, wanted: Wanted, *, in_process: bool = True) -> RunOutcome:
    """What `flightsw resume` does, in short."""
    found: Resumption = prepare(source, wanted)
    run_dir.mkdir(parents=True)
    copy_log(found, run_dir)
    plan = RunPlan(
        scenario=found.scenario, run_dir=run_dir, ticks=found.ticks, in_process=in_process, taken_up=found.taken_up
    )
    outcome = execute_run(plan)
    assert outcome.error is None
    return outcome


class Changed:
    """An application whose messages are changed on their way out: what another law would say."""

    def __init__(self, inner: Application, change: Callable[[Now, Sequence[Message]], Sequence[Message]]) -> None:
        self._inner = inner
        self._change = change

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        return self._change(now, self._inner.step(now, inbox))


def changing(
    app: str, change: Callable[[Now, Sequence[Message]], Sequence[Message]]
) -> Callable[[str, Scenario], Application]:
    """A `build` that changes what one application says."""

    def build(name: str, scenario: Scenario) -> Application:
        built = build_application(name, scenario)
        return Changed(built, change) if name == app else built

    return build
