"""A run between its two manifests: the run folder as it is before the first tick and after the last.

Called by `flightsw run`, `resume` and `check` and by tests; the run itself is `node.run`'s.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from contextlib import suppress

import msgspec

from flightsw.devices.models import load_card
from flightsw.devices.profiles import profile_sha256
from flightsw.devices.telemetry_model import TelemetryCard
from flightsw.errors import RunError
from flightsw.node.again import table_of
from flightsw.node.processes import table_hash
from flightsw.node.run import OnProgress, RunOutcome, RunPlan, execute_run, was_perturbed
from flightsw.node.scenario import identities, scenario_to_toml
from flightsw.record.folder import (
    SCENARIO_FILE,
    Manifest,
    Parent,
    broken_manifest,
    first_manifest,
    last_manifest,
    utc_now,
    write_manifest,
    write_whole,
)


def recorded_run(
    plan: RunPlan, started: dt.datetime, on_progress: OnProgress | None = None, parent: Parent | None = None
) -> RunOutcome:
    """Run a plan and leave a whole run folder, whatever comes. Raises as `execute_run`."""
    manifest = begin_record(plan, started, parent)
    try:
        outcome = execute_run(plan, on_progress)
    except BaseException as error:
        with suppress(RunError):  # what is under way is worse than an old manifest
            write_manifest(plan.run_dir, broken_manifest(manifest, error, utc_now()))
        raise
    write_manifest(plan.run_dir, last_manifest(manifest, outcome, utc_now()))
    return outcome


def begin_record(plan: RunPlan, started: dt.datetime, parent: Parent | None = None) -> Manifest:
    """Write the resolved scenario and the first manifest."""
    scenario = plan.scenario
    watch = scenario.apps.health.watched_telemetry
    text = scenario_to_toml(scenario)
    write_whole(plan.run_dir / SCENARIO_FILE, text.encode())
    manifest = first_manifest(
        scenario.name,
        scenario.seed,
        ticks=plan.ticks,
        speed=plan.speed,
        in_process=plan.in_process,
        started=started,
        hashes={
            "scenario": hashlib.sha256(text.encode()).hexdigest(),
            "schema": table_hash(table_of(scenario)),
            "profile": profile_sha256(scenario.plant.profile),
            "model": load_card(scenario.apps.inference.model).sha256,
            **({} if watch is None else {"telemetry_model": load_card(watch.model, TelemetryCard).sha256}),
        },
        own_code=identities(scenario),
    )
    if parent is not None:
        manifest = msgspec.structs.replace(manifest, parent=parent, perturbed=was_perturbed(plan))
    write_manifest(plan.run_dir, manifest)
    return manifest
