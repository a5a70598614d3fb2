"""The pytest plugin: fly a node in tests, hold it to requirements and baselines, replay it, break it.

    def test_the_charge_is_kept(fly, requirements, baseline, host):
        run = fly("cubesat-6u-orin-nano", duration="1orbits", host=host)
        assert run.summary.eclipses == 1
        requirements(run)
        baseline(run)

Fixtures: `fly`, `host` (in-process, processes), `requirements`, `baseline`, `replay`, `faults`. A flight is flown once
a session, also under pytest-xdist. A test that fails leaves its run folders and says how to open them; they lie in
pytest's temporary directory, or below `--flightsw-runs DIR`. docs/ci.md is for people.

Found by pytest through the entry point `pytest11`, so importing it costs next to nothing: what it needs is imported
by the fixtures.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Generator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flightsw.bus.fault_config import Crash
    from flightsw.node.faults import Fault
    from flightsw.node.replay import AppReplay, Replay
    from flightsw.regress.baseline import Comparison
    from flightsw.regress.flights import Flight, Flights, Host
    from flightsw.regress.verdict import Verdict

FLOWN: pytest.StashKey[list[Flight]] = pytest.StashKey()
"""of the test under way: what it has flown"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--flightsw-runs`."""
    group = parser.getgroup("flightsw")
    group.addoption("--flightsw-runs", metavar="DIR", type=Path, help="Keep run folders below DIR.")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test has flown nothing yet."""
    item.config.stash[FLOWN] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure says where its run folders are, and how to open them."""
    report = yield
    flown = _flown_by(item) if report.failed else []
    if flown:
        report.sections.append(("flightsw runs", "\n".join(line for run in flown for line in _how_to_open(run))))
    return report


def _flown_by(item: pytest.Item) -> list[Flight]:
    """What the test flew itself, and what its fixtures had flown before."""
    given = [value for value in getattr(item, "funcargs", {}).values() if _is_flight(value)]
    flown = [*item.config.stash[FLOWN], *given] if FLOWN in item.config.stash else given
    return list({run.run_dir: run for run in flown}.values())


def _is_flight(value: object) -> bool:
    """Told by name: the class may not have been imported."""
    return (type(value).__module__, type(value).__name__) == ("flightsw.regress.flights", "Flight")


def _how_to_open(run: Flight) -> list[str]:
    return [
        f"{run.scenario.name}, seed {run.scenario.seed}, {run.host}: {run.run_dir}",
        f"  flightsw log {run.run_dir} --topic health.mode",
        f"  flightsw replay {run.run_dir}",
    ]


class Fly:
    """What `fly` gives: call it with what `Flights.fly` takes."""

    def __init__(self, flights: Flights, config: pytest.Config) -> None:
        self._flights = flights
        self._config = config

    def __call__(self, scenario: str | Path, **options: Any) -> Flight:
        """The flight of a scenario. A run that fails is an error, with its folder told."""
        run = self._flights.fly(scenario, **options)
        self._config.stash.setdefault(FLOWN, []).append(run)
        return run


class Faults:
    """Faults as data, to be given to `fly`: a method a kind, by its name in docs/faults.md."""

    def crash(self, process: str, at: str) -> Crash:
        """A flight application is lost at this time, and comes back after its restart ticks."""
        from flightsw.bus.fault_config import Crash

        return Crash(process=process, at=at)

    def __getattr__(self, kind: str) -> Callable[..., Fault]:
        """`faults.sensor_bias(field=..., offset=..., at=...)`: the fields of its table. Raises ConfigError."""
        from flightsw.node.faults import KINDS, fault_of

        if kind not in KINDS:
            raise AttributeError(f"faults.{kind}: must be one of {', '.join(KINDS)}")
        return partial(fault_of, kind)


class HoldToBaseline:
    """What `baseline` gives."""

    def __call__(self, run: Flight, file: str | Path | None = None) -> Comparison:
        """Fail the test when a figure of the run has left its baseline; `file`: where it isn't kept as usual."""
        from flightsw.regress.baselinefile import accept_command, baseline_path, compare_run, told

        path = baseline_path(run.source) if file is None else Path(file)
        if not path.exists():
            pytest.fail(f"no baseline {path}; make one with: {accept_command(run.source, path)}", pytrace=False)
        comparison = compare_run(run.run_dir, run.source, path)
        if not comparison.same:
            pytest.fail("\n".join(told(comparison)), pytrace=False)
        return comparison


class HoldToRequirements:
    """What `requirements` gives."""

    def __call__(self, run: Flight, *formulas: str, ids: Collection[str] | None = None) -> Sequence[Verdict]:
        """Fail the test when the run breaks a requirement of its scenario, or one of these formulas, or lost an
        application that nothing in the scenario accounts for.

        `ids`: those of the scenario's that are meant; None: all of them.
        """
        import msgspec

        from flightsw.node.requirementconfig import RequirementConfig
        from flightsw.regress.judging import judged
        from flightsw.regress.losses import loss_verdict
        from flightsw.regress.requirement import resolve

        known = [one.id for one in run.scenario.requirements]
        unknown = [one for one in ids or () if one not in known]
        if unknown:
            pytest.fail(f"ids = {', '.join(unknown)}: must be among {', '.join(known) or 'none'}", pytrace=False)
        free = (name for name in map("TEST-{}".format, count(1)) if name not in known)
        more = [RequirementConfig(id=next(free), text=text, formula=text) for text in formulas]
        wanted = [one for one in run.scenario.requirements if ids is None or one.id in ids]
        meant = resolve(msgspec.structs.replace(run.scenario, requirements=(*wanted, *more)))
        if not meant:
            pytest.fail(f"{run.source}: no requirements, and none was given: there is nothing to hold it to")
        verdicts = [*judged(run.run_dir, meant), *loss_verdict(run.run_dir, run.manifest.lost)]
        failed = [verdict for verdict in verdicts if not verdict.passed]
        if failed:
            pytest.fail("\n".join(line for verdict in failed for line in _told(verdict)), pytrace=False)
        return verdicts


def _told(verdict: Verdict) -> list[str]:
    from flightsw.regress.shown import first_break

    head = f"{verdict.id} {verdict.text}: {first_break(verdict)}"
    return [head, *(f"  {line}" for line in (verdict.formula, *verdict.excerpt))]


class ReplayRun:
    """What `replay` gives."""

    def __call__(self, run: Flight | Path, app: str | None = None) -> Replay | AppReplay:
        """Run a log again, whole or one application of it; fail the test when it says something else."""
        from flightsw.node.replay import replay_application, replay_run
        from flightsw.record.completion import require_promised_log

        run_dir = run if isinstance(run, Path) else run.run_dir
        require_promised_log(run_dir)
        again = replay_run(run_dir) if app is None else replay_application(run_dir, app)
        first = again.divergence
        if first is not None:
            lines = [f"the replay differs from the log at tick {first.tick}, {first.topic}.{first.field}:"]
            pytest.fail(
                "\n".join([*lines, f"  logged   {first.logged}", f"  replayed {first.replayed}"]), pytrace=False
            )
        return again


def _session_root(config: pytest.Config, temporary: pytest.TempPathFactory) -> Path:
    """The folder that all workers of this session share, and nobody else: no flight is taken from an earlier one."""
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    base = temporary.getbasetemp()
    kept: Path | None = config.getoption("--flightsw-runs")
    if kept is None:
        return (base if worker is None else base.parent) / "flightsw"
    session: str = uuid.uuid4().hex if worker is None else worker["testrunuid"]
    return kept.absolute() / f"session-{session[:12]}"


@pytest.fixture(scope="session")
def fly(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Fly:
    """`fly(scenario, duration=, seed=, overrides=, faults=, case=, execute=, host=)`: a flight, once a session."""
    from flightsw.regress.flights import Flights

    return Fly(Flights(_session_root(pytestconfig, tmp_path_factory)), pytestconfig)


@pytest.fixture(params=["in-process", "processes"])
def host(request: pytest.FixtureRequest) -> Host:
    """Runs the test on each host in turn: `fly(..., host=host)`."""
    name: Host = request.param
    return name


@pytest.fixture(scope="session")
def faults() -> Faults:
    """`faults.crash("thermal", at="300s")`, `faults.sensor_bias(field=..., offset=0.5, when="eclipse 1")`, ..."""
    return Faults()


@pytest.fixture(scope="session")
def baseline() -> HoldToBaseline:
    """`baseline(run)`: every figure of the run is within its tolerance."""
    return HoldToBaseline()


@pytest.fixture(scope="session")
def requirements() -> HoldToRequirements:
    """`requirements(run, *formulas, ids=)`: the run keeps its scenario's requirements, and these."""
    return HoldToRequirements()


@pytest.fixture(scope="session")
def replay() -> ReplayRun:
    """`replay(run, app=)`: the log follows again from its outside inputs, or an application's part from its inboxes."""
    return ReplayRun()
