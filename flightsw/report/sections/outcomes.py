"""What became of the payload's work: by what it was done with, by source, and what was missed and why.

Whatever labels a result carries part it into kinds; power modes and variants are told by name. Used by `inference`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flightsw.devices.models import load_card
from flightsw.devices.profiles import load_profile
from flightsw.errors import ConfigError
from flightsw.messages.descriptions import spelt_out
from flightsw.messages.inference import Refusal
from flightsw.report.drawing import RED, Bars, Html
from flightsw.report.results import ACCOUNT, STATUS, Kind
from flightsw.report.rundata import RunData
from flightsw.report.sections.markup import number, plain, table

MISSED = ("dropped_", "missed_", "rejected_", "expired_", "lost_", "refused_", "shed_")
"""How counters of what was missed begin; the rest of the name is the reason."""


def mode_names(data: RunData) -> tuple[str, ...]:
    """Power modes of the device, by place; empty: its profile isn't here."""
    try:
        return tuple(mode.name for mode in load_profile(str(data.setting("plant.profile"))).silicon().modes)
    except ConfigError:
        return ()


def is_missing(name: str) -> bool:
    """A signal counts what was missed."""
    return name.rpartition(".")[2].startswith(MISSED)


def reason(name: str) -> str:
    """Why, by the signal's name."""
    return name.rpartition(".")[2].partition("_")[2].replace("_", " ")


def kinds(data: RunData) -> Html | None:
    """Results parted by what they were made with."""
    found = data.results.kinds
    if not found:
        return None
    names = list(dict.fromkeys(name for key in found for name, _ in key))
    amounts = list(dict.fromkeys(name for kind in found.values() for name in kind.amounts))
    modes, variants = mode_names(data), _variant_names(data)
    heads = [
        *(spelt_out(name) for name in names),
        "batches",
        "scenes",
        "busy",
        "J each",
        "p50",
        "p95",
        *map(spelt_out, amounts),
    ]
    rows = []
    for key, kind in sorted(found.items()):
        said = dict(key)
        latency_s = np.array(kind.latency_s)
        rows.append(
            [
                *(_kind_word(name, said, modes, variants) for name in names),
                f"{kind.batches:,}",
                f"{kind.scenes:,}",
                number(kind.busy_s, 1, "s"),
                number(_each_j(data, said.get("mode"), kind), 2),
                number(float(np.percentile(latency_s, 50)), 1, "s"),
                number(float(np.percentile(latency_s, 95)), 1, "s"),
                *(number(kind.amounts.get(name), 2) for name in amounts),
            ]
        )
    return table(heads, rows, numeric=range(len(names), len(heads)), key="kinds")


def _each_j(data: RunData, mode: str | None, kind: Kind) -> float | None:
    """What the device drew at work in this power mode, by busy time and scene."""
    power, modes, busy = (
        data.get(name) for name in ("hw.device.power_w", "hw.device.mode", "infer.status.busy_fraction")
    )
    if power is None or modes is None or busy is None or mode is None or not mode.isdigit() or not kind.scenes:
        return None
    at_work = (modes == float(mode)) & (busy > 0.0)
    mean_w = float(np.nanmean(power[at_work])) if at_work.any() else None
    return None if mean_w is None else mean_w * kind.busy_s / kind.scenes


def _variant_names(data: RunData) -> Mapping[str, tuple[str, ...]]:
    """By model: of the one that the scenario names, where its card is here."""
    try:
        card = load_card(str(data.setting("apps.inference.model")))
    except ConfigError:
        return {}
    return {card.name: tuple(one.name for one in card.variants)}


def _kind_word(
    name: str, said: Mapping[str, str], modes: tuple[str, ...], variants: Mapping[str, tuple[str, ...]]
) -> str:
    value = said.get(name)
    names = modes if name == "mode" else variants.get(said.get("model", ""), ()) if name == "variant" else ()
    if value is not None and value.isdigit() and int(value) < len(names):
        return names[int(value)]
    return plain(value)


def _refused(account: Mapping[str, Any], source: int | None = None) -> dict[str, int]:
    """By reason; of one source or of all."""
    by_source = account["refused"]
    wanted = by_source if source is None else by_source[source * len(Refusal) : (source + 1) * len(Refusal)]
    return {f"refused: {one.name.lower()}": sum(wanted[one :: len(Refusal)]) for one in Refusal}


def sources(data: RunData) -> Html | None:
    """What became of the work, source by source."""
    account = data.results.last(ACCOUNT)
    if not account:
        return None
    named = [str(one.get("name", "")) for one in data.setting("apps.inference.sources", [])] or ["all"]
    totals = ("arrived", "done", "in_time", "late", "lost", "waiting", "in_flight")
    reasons = [name for name, scenes in _refused(account).items() if scenes]
    rows = []
    for place, value in enumerate(account["value"]):
        refused = _refused(account, place)
        rows.append(
            [
                named[place] if place < len(named) else str(place),
                *(f"{account[name][place]:,}" for name in totals),
                *(f"{refused[name]:,}" for name in reasons),
                number(value, 2),
            ]
        )
    heads = ["source", *map(spelt_out, totals), *reasons, "value"]
    made = table(heads, rows, numeric=range(1, len(heads)), key="sources")
    return Html(f"<h3>What became of the scenes, by source, as last told</h3>{made.text}")


def misses(data: RunData) -> Bars | None:
    """Scenes by the reason why they came to nothing; those turned away by why they were."""
    last, account = data.results.last(STATUS), data.results.last(ACCOUNT)
    counters = {reason(name): value for name, value in last.items() if is_missing(name) and _is_count(value)}
    if account:
        counters = {name: value for name, value in counters.items() if name != "refused"} | _refused(account)
    found = [(name, float(scenes)) for name, scenes in counters.items() if scenes]
    if not any(value for _, value in found):
        return None
    return Bars("misses", "Missed, by reason", "scenes", tuple(sorted(found, key=lambda one: -one[1])), RED)


def _is_count(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
