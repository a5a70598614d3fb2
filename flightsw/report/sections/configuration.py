"""What flew: scenario, versions, hashes, and where the run came from."""

from __future__ import annotations

from flightsw.report.drawing import Html, Part, Section
from flightsw.report.rundata import RunData
from flightsw.report.sections.markup import code, details, note, pairs, plain, side_by_side, table

SIGNALS: tuple[str, ...] = ()


def section(data: RunData) -> Section:
    """Configuration and versions."""
    about = pairs(
        [
            ("scenario", data.summary.scenario),
            ("description", plain(data.setting("description"))),
            ("evidence", plain(data.setting("evidence"))),
            ("seed", plain(data.header.seed)),
            ("tick", f"{data.columns.dt_s:g} s"),
            ("run id", code(data.header.run_id)),
            ("log hash", code(data.summary.log_hash)),
            ("processes", ", ".join(one.name for one in data.header.processes) or plain(None)),
        ],
        "about",
    )
    parts: list[Part] = [side_by_side(about, _versions(data))]
    manifest = data.manifest
    if manifest is not None and manifest.hashes:
        rows = [(f"sha256 of the {name}", code(value)) for name, value in sorted(manifest.hashes.items())]
        parts.append(pairs(rows, "hashes"))
    if manifest is not None and manifest.own_code:
        own = [(one.field, one.path, one.folder, code(one.sha256[:16])) for one in manifest.own_code]
        parts.append(table(("own code", "path", "found in", "sha256"), own, key="own-code"))
    if manifest is not None and manifest.parent is not None:
        parent = manifest.parent
        changes = f", with {plain(parent.changes)}" if parent.changes else ""
        parts.append(note(f"Taken up from {parent.run} at tick {parent.tick}{changes}."))
    if data.scenario_text:
        parts.append(details("scenario.toml, resolved", data.scenario_text))
    return Section("configuration", "Configuration and versions", tuple(parts))


def _versions(data: RunData) -> Html:
    manifest = data.manifest
    if manifest is None:
        return note("The folder has no manifest: versions aren't known.", "warn")
    rows: list[tuple[str, object]] = [
        ("flightsw", manifest.flightsw_version),
        ("Python", manifest.python_version),
        ("machine", f"{manifest.machine}, {manifest.platform}"),
        ("started", manifest.started_utc),
        ("ended", plain(manifest.ended_utc)),
        ("outcome", manifest.outcome),
        ("live commands or branched", plain(manifest.perturbed)),
    ]
    return pairs([*rows, *sorted(manifest.package_versions.items())], "versions")
