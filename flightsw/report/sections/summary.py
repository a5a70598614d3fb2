"""First: what came of it. Verdict, banner of what the figures rest on, key figures, requirements with their margins."""

from __future__ import annotations

import math
from html import escape

import numpy as np

from flightsw.regress.shown import first_break, margin_text, when_text
from flightsw.regress.verdict import Outcome, Verdict
from flightsw.report.drawing import Html, Part, Section
from flightsw.report.rundata import RunData
from flightsw.report.sections.markup import badge, cards, code, counted, details, note, number, table

SIGNALS: tuple[str, ...] = ()
EVIDENCE = {
    "measured": "Figures that decide the result were measured on the thing itself, and published.",
    "press-derived": "PRESS-DERIVED: a few headline figures from reports in the press, the rest estimates around them. "
    "Nothing here was confirmed by those who build it.",
    "estimate": "Figures are estimates, each derived in the scenario's comments.",
}
_KINDS = {Outcome.PASSED: "good", Outcome.FAILED: "bad", Outcome.VACUOUS: "warn"}


def section(data: RunData) -> Section:
    """Summary and verdicts."""
    return Section("summary", "Summary", (*_banners(data), _cards(data)))


def margins(data: RunData) -> Section:
    """Each requirement with its margin."""
    parts: list[Part] = []
    if data.not_judged:
        parts.append(note(f"Nothing was judged: {data.not_judged}."))
    elif not data.verdicts:
        parts.append(note("Nothing was judged: the log has no tick.", "warn"))
    else:
        heads = ("id", "requirement", "verdict", "margin", "", "tightest at")
        rows = [
            (
                one.id,
                Html(_text(one)),
                badge(one.outcome.value, _KINDS[one.outcome]),
                margin_text(one),
                _bar(one),
                when_text(one),
            )
            for one in data.verdicts
        ]
        parts.append(table(heads, rows, numeric=(3, 5), key="margins", wide=(1,)))
    return Section("margins", "Requirement margins", tuple(parts))


def outcome(data: RunData) -> tuple[str, str]:
    """(what became of the run, kind of badge)."""
    if not data.complete:
        return "cut", "bad"
    told = "complete" if data.manifest is None else data.manifest.outcome
    return told, {"complete": "good", "completed": "good", "failed": "bad"}.get(told, "warn")


def kept(data: RunData) -> str:
    """How many requirements were kept, in words."""
    if not data.verdicts:
        return "not judged"
    passed = sum(one.passed for one in data.verdicts)
    return f"{passed} of {len(data.verdicts)} requirements kept"


def _banners(data: RunData) -> list[Part]:
    told, kind = outcome(data)
    all_kept = bool(data.verdicts) and all(one.passed for one in data.verdicts)
    verdict = badge(kept(data), "good" if all_kept else "bad" if data.verdicts else "plain")
    parts: list[Part] = [Html(f'<p class="verdict">{badge(f"run {told}", kind).text} {verdict.text}</p>')]
    if not data.complete:
        ticks = data.summary.ticks
        last = f"All here is up to its last whole tick, {ticks - 1}." if ticks else "No tick of it is whole."
        parts.append(note(f"This run was cut, or is under way: its log has no end mark. {last}", "bad"))
    parts += [
        note(f"{one.id}, {one.text}: {first_break(one)}", _KINDS[one.outcome])
        for one in data.verdicts
        if not one.passed
    ]
    evidence = data.setting("evidence")
    if evidence is not None:
        parts.append(note(EVIDENCE.get(evidence, str(evidence)), "warn" if evidence == "press-derived" else "plain"))
    if data.manifest is not None and data.manifest.error:
        parts.append(note(f"The run ended with an error: {data.manifest.error}", "bad"))
    return parts


def figures(data: RunData) -> list[tuple[str, float | None, int, str, str]]:
    """Key figures: (name, value, digits, unit, remark)."""
    one = data.summary
    dropped = one.inferences_dropped / max(1, one.inferences + one.inferences_dropped)
    latency = data.results.latency_s
    return [
        ("simulated", one.simulated_s / 3600.0, 2, "h", f"{one.ticks:,} ticks, {counted(one.eclipses, 'eclipse')}"),
        ("lowest state of charge", one.soc_min, 3, "", f"{number(one.soc_end, 3)} at the end"),
        ("hottest chip", one.chip_c_max, 1, "°C", f"limit {number(data.setting('apps.thermal.chip_limit_c'), 1)} °C"),
        ("inferences", float(one.inferences), 0, "", f"{one.inferences_executed:,} computed for real"),
        ("dropped", 100.0 * dropped, 2, "%", f"{one.inferences_dropped:,} scenes"),
        ("energy an inference", _each_j(data), 2, "J", f"{number(one.energy_wh, 2)} Wh of payload"),
        ("latency, median", _median(latency), 1, "s", f"{len(latency):,} results"),
        ("held back by power", _percent(one.power_capped_fraction), 1, "%", "of the time with work"),
        ("held back by heat", _percent(one.thermal_capped_fraction), 1, "%", "of the time with work"),
        (
            "downlinked",
            one.downlinked_bytes / 1e6,
            1,
            "MB",
            f"{counted(one.passes, 'pass', 'passes')}, {one.products:,} results",
        ),
        ("warnings and worse", float(_warnings(data)), 0, "", f"{one.events:,} events, {len(one.lost)} lost"),
        ("changes of mode", float(one.mode_changes), 0, "", "commanded and own"),
    ]


def _cards(data: RunData) -> Part:
    return cards((name, number(value, digits, unit), remark) for name, value, digits, unit, remark in figures(data))


def _text(one: Verdict) -> str:
    why = "" if one.passed else note(first_break(one), "bad").text
    more = details("excerpt of the log", "\n".join(one.excerpt)).text if one.excerpt else ""
    return f"{escape(one.text)}<br>{code(one.formula).text}{why}{more}"


def _bar(one: Verdict) -> Html:
    """How the margin compares with what must be kept; nothing where neither is a number."""
    if one.margin is None or one.required <= 0.0:
        return Html("")
    share = max(0.0, min(1.0, one.margin / (4.0 * one.required)))
    kind = "good" if one.passed else "bad"
    filled = f'<i class="{kind}" style="width:{100 * share:.1f}%"></i>'
    return Html(f'<span class="margin" title="the mark is what must be kept">{filled}<b style="left:25%"></b></span>')


def _each_j(data: RunData) -> float | None:
    one = data.summary
    return None if one.energy_wh is None or not one.inferences else one.energy_wh * 3600.0 / one.inferences


def _median(values: object) -> float | None:
    found = np.asarray(values, dtype=np.float64)
    return float(np.median(found)) if found.size else None


def _percent(share: float | None) -> float | None:
    return None if share is None or not math.isfinite(share) else 100.0 * share


def _warnings(data: RunData) -> int:
    return sum(count for name, count in data.summary.events_by_severity.items() if "WARNING" in name or name == "FATAL")
