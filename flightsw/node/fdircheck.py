"""What FDIR's configuration names must exist: signals, monitors, applications, loads. Called by `scenario`."""

from __future__ import annotations

from collections.abc import Collection

from flightsw.apps.health.fdirconfig import FdirConfig
from flightsw.apps.health.ladders import PAYLOAD
from flightsw.apps.health.signals import watched
from flightsw.apps.health.steps import StepKind, parse_step
from flightsw.errors import ConfigError
from flightsw.messages.topics import FLIGHT_APPS


def check_fdir(
    signals: Collection[str], fdir: FdirConfig, own: Collection[str], loads: Collection[str], sequences: Collection[str]
) -> None:
    """`signals`: of the watchpoints; `own`: users' processes with a heartbeat. Raises ConfigError."""
    for signal in signals:
        try:
            watched(signal)
        except ConfigError as error:
            raise ConfigError(f"apps.health.watchpoints: {error}") from None
    apps = [*(app for app in FLIGHT_APPS if app != "health"), *own]
    _check("apps.health.fdir.criticality", fdir.criticality, apps)
    _check("apps.health.fdir.ladders: monitor", [ladder.monitor for ladder in fdir.ladders], [PAYLOAD, *apps])
    known = {StepKind.RESTART: [*apps, "health"], StepKind.CYCLE_RAIL: loads, StepKind.SEQUENCE: sequences}
    steps = [(f"ladders: {ladder.monitor}", step) for ladder in fdir.ladders for step in ladder.steps]
    steps += [(f"actionpoints: {point.name}", point.step) for point in fdir.actionpoints]
    for where, text in steps:
        step = parse_step(text, where)
        if step.kind in known:
            _check(f"apps.health.fdir.{where}: {step.kind.value}", [step.target], known[step.kind])


def _check(where: str, names: Collection[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise ConfigError(f"{where} {name!r}: must be one of {', '.join(known) or '(none)'}")
