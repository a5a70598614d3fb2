"""All that a report is made of, read from a run folder in two passes over its log.

Log, manifest, scenario.toml and host.jsonl; nothing else, and no clock: the same folder gives the same data. A run that
was cut is read to its last whole tick. Nothing of the user's own code is run.
"""

from __future__ import annotations

import fnmatch
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from flightsw.bus.log import LogHeader
from flightsw.bus.logreader import LogReader
from flightsw.errors import ConfigError, LogError
from flightsw.messages.faults import INJECTION, FaultInjection
from flightsw.messages.plant import IN_ECLIPSE
from flightsw.messages.signals import find_logged_signal
from flightsw.node.hostlog import HOST_LOG
from flightsw.node.requirementconfig import RequirementConfig
from flightsw.node.satellite import SatelliteConfig
from flightsw.node.tomlfile import load_toml
from flightsw.record.columns import Columns, FloatArray, field_of, read_columns
from flightsw.record.elements import Elements
from flightsw.record.folder import SCENARIO_FILE, Manifest, read_manifest
from flightsw.record.ledger import Ledgers, Residuals
from flightsw.record.summary import Hearer, Summary, tell
from flightsw.record.tally import Tally
from flightsw.regress.judging import judged_on
from flightsw.regress.requirement import Requirement, bind, signals_of, topics_of, vocabulary_of_log
from flightsw.regress.verdict import Verdict
from flightsw.report.results import HEARD, Results


class EventLine(msgspec.Struct, frozen=True):
    """An event, as events.jsonl has it."""

    tick: int
    t_s: float
    source: str
    severity: str
    id: str
    args: dict[str, Any]


@dataclass(frozen=True)
class RunData:
    """One run."""

    name: str
    """of its folder"""
    header: LogHeader
    manifest: Manifest | None
    """None: the folder has none that can be read"""
    plant: SatelliteConfig | None
    """None: the log's header tells of no spacecraft"""
    elements: Elements
    columns: Columns
    summary: Summary
    events: tuple[EventLine, ...]
    injected: tuple[tuple[int, FaultInjection], ...]
    """faults from outside, each with the tick in which it came in"""
    results: Results
    verdicts: tuple[Verdict, ...]
    not_judged: str
    """why there are no verdicts; empty: there are"""
    ledger: Residuals | None
    no_ledger: str
    """why the ledgers couldn't be drawn up; empty: they were"""
    complete: bool
    """the log was ended in order"""
    scenario_text: str
    """scenario.toml; empty: there is none"""
    host: tuple[dict[str, Any], ...]
    """lines of host.jsonl"""

    @property
    def scenario(self) -> dict[str, Any]:
        """As the log's header has it."""
        return self.header.scenario

    @property
    def end_s(self) -> float:
        """Simulated."""
        return len(self.columns) * self.columns.dt_s

    def get(self, name: str) -> FloatArray | None:
        """A column by its full name; None: the log has no such signal, or it was never said."""
        values = self.columns.values.get(name)
        return None if values is None or not len(values) or bool(np.isnan(values).all()) else values

    def setting(self, path: str, default: Any = None) -> Any:
        """A field of the scenario by path (`apps.power.reserve_soc`)."""
        found: Any = self.scenario
        for part in path.split("."):
            if not isinstance(found, dict) or part not in found:
                return default
            found = found[part]
        return found

    def eclipses(self) -> tuple[tuple[float, float], ...]:
        """Stretches with less than half of the Sun in view, from and to, in seconds."""
        lit = self.get("truth.plant.sunlit_fraction")
        return () if lit is None else stretches(lit < IN_ECLIPSE, self.columns.dt_s)


def stretches(flags: Any, dt_s: float) -> tuple[tuple[float, float], ...]:
    """Where flags hold, from and to, in seconds."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return tuple((float(a) * dt_s, float(b) * dt_s) for a, b in zip(edges[::2], edges[1::2], strict=True))


def read_run(run_dir: Path, signals: Sequence[str]) -> RunData:
    """Read it; of the signals those that the log has, lists element by element. Raises LogError."""
    header = LogReader(run_dir).header
    elements = Elements(header.scenario)
    text = _text(run_dir / SCENARIO_FILE)
    requirements, not_judged = _requirements(run_dir, header)
    formulas = [requirement.formula for requirement in requirements]
    wanted = [*known_signals(header, elements, signals), *signals_of(formulas)]
    columns = read_columns(run_dir, list(dict.fromkeys(wanted)), topics_of(formulas))
    sink, results = io.BytesIO(), Results(_schemas(run_dir))
    ledgers, no_ledger = _ledgers(header, run_dir)

    def told_truth(tick: int, _payload: msgspec.Raw, tally: Tally) -> None:
        if ledgers is not None and tally.truth is not None:
            ledgers.add(tick, tally.truth)

    injected: list[tuple[int, FaultInjection]] = []

    def told_fault(tick: int, payload: msgspec.Raw, _tally: Tally) -> None:
        injected.append((tick, msgspec.msgpack.decode(payload, type=FaultInjection)))
        if ledgers is not None:
            ledgers.inject(*injected[-1])

    hearers: dict[str, Hearer] = {topic: partial(results.hear, topic) for topic in HEARD}
    summary = tell(run_dir, sink, None, hearers | {"truth.plant": told_truth, INJECTION: told_fault})
    return RunData(
        name=run_dir.resolve().name,
        header=header,
        manifest=_manifest(run_dir),
        plant=_plant(header),
        elements=elements,
        columns=columns,
        summary=summary,
        events=tuple(msgspec.json.Decoder(EventLine).decode_lines(sink.getvalue())),
        injected=tuple(injected),
        results=results,
        verdicts=tuple(judged_on(run_dir, requirements, columns)) if len(columns) else (),
        not_judged=not_judged,
        ledger=ledgers.residuals() if ledgers is not None and summary.ticks else None,
        no_ledger=no_ledger if summary.ticks else "the log has no tick",
        complete=summary.exit == "complete",
        scenario_text=text,
        host=tuple(_lines(run_dir / HOST_LOG)),
    )


def known_signals(header: LogHeader, elements: Elements, wanted: Sequence[str]) -> list[str]:
    """Full names of those that the log has as numbers; a list stands for its elements, a pattern for what it fits."""
    fields = {f"{topic.name}.{one.name}": one for topic in header.topics for one in topic.fields}
    found: list[str] = []
    for name in (full for wish in wanted for full in fnmatch.filter(fields, wish)):
        parts = elements.of(fields[name])
        names = [f"{name}[{place}]" for place in range(len(parts or ()))] or [name]
        try:
            for one in names if parts is not None else ():
                field_of(find_logged_signal(one, header.topics), header.topics)
                found.append(one)
        except ConfigError:
            continue  # no number
    return found


def _schemas(run_dir: Path) -> Any:
    reader = LogReader(run_dir)
    reader.read_as_shipped()
    return reader.schemas


def _requirements(run_dir: Path, header: LogHeader) -> tuple[list[Requirement], str]:
    """What the scenario asks of its runs, and why nothing is judged. The scenario's own code isn't run."""
    if not (run_dir / SCENARIO_FILE).is_file():
        return [], f"the folder has no {SCENARIO_FILE}, which alone holds requirements"
    try:
        table = load_toml(run_dir / SCENARIO_FILE).get("requirements", [])
        configs = msgspec.convert(table, tuple[RequirementConfig, ...])
        vocabulary = vocabulary_of_log(header, msgspec.convert(header.scenario, SatelliteConfig))
        requirements = [bind(config, vocabulary) for config in configs]
    except (ConfigError, msgspec.ValidationError) as error:
        return [], f"the requirements can't be read: {error}"
    return requirements, "" if requirements else "the scenario states no requirements"


def _ledgers(header: LogHeader, run_dir: Path) -> tuple[Ledgers | None, str]:
    try:
        return Ledgers(header, run_dir.name), ""
    except LogError as error:
        return None, str(error)


def _plant(header: LogHeader) -> SatelliteConfig | None:
    try:
        return msgspec.convert(header.scenario, SatelliteConfig)
    except (msgspec.ValidationError, ConfigError):
        return None


def _manifest(run_dir: Path) -> Manifest | None:
    try:
        return read_manifest(run_dir)
    except LogError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _lines(path: Path) -> list[dict[str, Any]]:
    """Lines of JSON objects; one that isn't whole is left out."""
    found = []
    for line in _text(path).splitlines():
        try:
            found.append(msgspec.json.decode(line, type=dict[str, Any]))
        except msgspec.DecodeError:
            continue
    return found
