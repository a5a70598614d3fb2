"""Figures as text: with their unit, a dash for what is unknown. Pure; used by both views."""

from __future__ import annotations

UNKNOWN = "-"


def number(value: float | None, unit: str, digits: int = 1) -> str:
    """`31.2 W`; large powers in kW and MW; a percentage of a share with unit `%`."""
    if value is None:
        return UNKNOWN
    if unit == "W" and abs(value) >= 1e4:
        return f"{value / 1e6:.1f} MW" if abs(value) >= 1e6 else f"{value / 1e3:.1f} kW"
    if unit == "%":
        return f"{value:.{digits}%}".replace("%", " %")
    return f"{value:,.{digits}f} {unit}".rstrip()


def clock(duration_s: float | None) -> str:
    """`0:09:30`, `1d 02:09:30`."""
    if duration_s is None:
        return UNKNOWN
    minutes, seconds = divmod(int(max(0.0, duration_s)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days}d {hours:02}:{minutes:02}:{seconds:02}" if days else f"{hours}:{minutes:02}:{seconds:02}"


def amount(count: float | None) -> str:
    """A count that may be large: `4,648`, `1.24 M`."""
    if count is None:
        return UNKNOWN
    return f"{count / 1e6:.2f} M" if abs(count) >= 1e6 else f"{count:,.0f}"


def data_size(size_bytes: float | None) -> str:
    """`329.9 MB`."""
    if size_bytes is None:
        return UNKNOWN
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:,.1f} {unit}"
    return f"{size_bytes:.0f} B"


def data_rate(rate_bps: float | None) -> str:
    """`5.0 Mbit/s`."""
    if rate_bps is None:
        return UNKNOWN
    return f"{rate_bps / 1e6:.1f} Mbit/s" if rate_bps >= 1e6 else f"{rate_bps / 1e3:.1f} kbit/s"
