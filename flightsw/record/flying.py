"""A run with its record: the resolved scenario and the manifest around what the host does.

Called by the command line and by `regress`. The dates are for people; nothing reads them back into a run.
"""

from __future__ import annotations

import datetime as dt
import hashlib

from flightsw.devices.models import load_card
from flightsw.node.processes import process_table, table_hash
from flightsw.node.run import OnProgress, RunOutcome, RunPlan, execute_run
from flightsw.node.scenario import scenario_to_toml
from flightsw.record.folder import (
    SCENARIO_FILE,
    Manifest,
    broken_manifest,
    first_manifest,
    last_manifest,
    utc_now,
    write_manifest,
)


def fly_recorded(plan: RunPlan, started: dt.datetime, on_progress: OnProgress | None = None) -> RunOutcome:
    """Run to the plan's end between two manifests. Raises what `execute_run` raises, after noting it."""
    manifest = _begin_record(plan, started)
    try:
        outcome = execute_run(plan, on_progress)
    except BaseException as error:
        write_manifest(plan.run_dir, broken_manifest(manifest, error, utc_now()))
        raise
    write_manifest(plan.run_dir, last_manifest(manifest, outcome, utc_now()))
    return outcome


def _begin_record(plan: RunPlan, started: dt.datetime) -> Manifest:
    """Write the resolved scenario and the first manifest."""
    scenario = plan.scenario
    text = scenario_to_toml(scenario)
    (plan.run_dir / SCENARIO_FILE).write_text(text, encoding="utf-8")
    manifest = first_manifest(
        scenario.name,
        scenario.seed,
        ticks=plan.ticks,
        speed=plan.speed,
        in_process=plan.in_process,
        started=started,
        hashes={
            "scenario": hashlib.sha256(text.encode()).hexdigest(),
            "schema": table_hash(process_table()),
            "model": load_card(scenario.apps.inference.model).sha256,
        },
    )
    write_manifest(plan.run_dir, manifest)
    return manifest
