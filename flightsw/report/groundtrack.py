"""Draws the ground track on an equirectangular map: sunlit and eclipsed stretches, where the payload worked, passes."""

from __future__ import annotations

from html import escape

import numpy as np
import numpy.typing as npt

from flightsw.record.coast import LAND
from flightsw.report.drawing import BLUE, GREEN, ORANGE, RED, FloatArray, Track
from flightsw.report.frame import BOLD_PX, LEFT, PLOT, TOP, WIDTH, polygon, text_px

MAP_WIDTH, MAP_HEIGHT = PLOT, PLOT // 2
MOST_POINTS = 6000
"""of a run's track"""
CURSOR_POINTS = 1500
DARK = "#3d4663"


def track_svg(track: Track, dt_s: float) -> str:
    """The map."""
    height = TOP + MAP_HEIGHT + 20
    step = max(1, round(20.0 / dt_s), -(-len(track.latitude_deg) // MOST_POINTS))
    x, y = _px(track.longitude_deg), _py(track.latitude_deg)
    lit = np.asarray(track.sunlit)
    body = [_ground(track), *_stretch(x, y, track.worked, step, GREEN, "worked")]
    body += _stretch(x, y, lit, step, ORANGE, "lit")
    body += _stretch(x, y, ~lit, step, DARK, "dark-track")
    body += _stretch(x, y, track.in_pass, max(1, step // 2), BLUE, "pass")
    body += [_station(*one) for one in track.stations]
    legend = (("sunlit", ORANGE), ("in eclipse", DARK), ("payload at work", GREEN), ("ground pass", BLUE), ("SAA", RED))
    every = max(1, -(-len(x) // CURSOR_POINTS))
    cursor = " ".join(f"{a:.0f},{b:.0f}" for a, b in zip(x[::every].tolist(), y[::every].tolist(), strict=True))
    return (
        f'<svg class="map" id="{escape(track.key)}" viewBox="0 0 {WIDTH} {height}" xmlns="http://www.w3.org/2000/svg" '
        f'role="img" aria-label="{escape(track.title)}" data-every="{every * dt_s!r}" data-track="{cursor}">'
        f'<text class="title" x="{LEFT}" y="13">{escape(track.title)}</text>{_keys(legend, track.title)}'
        f'{"".join(body)}<rect class="edge" x="{LEFT}" y="{TOP}" width="{MAP_WIDTH}" height="{MAP_HEIGHT}"/></svg>'
    )


def _px(longitude_deg: FloatArray) -> FloatArray:
    wrapped: FloatArray = (np.asarray(longitude_deg) + 180.0) % 360.0
    return LEFT + MAP_WIDTH * wrapped / 360.0


def _py(latitude_deg: FloatArray) -> FloatArray:
    return TOP + MAP_HEIGHT * (90.0 - np.asarray(latitude_deg)) / 180.0


def _ground(track: Track) -> str:
    parts = [f'<rect x="{LEFT}" y="{TOP}" width="{MAP_WIDTH}" height="{MAP_HEIGHT}" fill="#f6f8fa"/>']
    for outline in LAND:
        lon, lat = np.array(outline, dtype=np.float64).T
        x, y = LEFT + MAP_WIDTH * (lon + 180.0) / 360.0, _py(lat)
        parts.append(f'<path class="land" d="{polygon(x, y)}Z"/>')
    south, north, west, east = track.saa_deg
    (left, right), (top, bottom) = _px(np.array([west, east])), _py(np.array([north, south]))
    parts.append(
        f'<rect class="saa" x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}"/>'
        f'<text class="saa-text" x="{left + 5:.1f}" y="{bottom - 6:.1f}">South Atlantic Anomaly</text>'
    )
    for longitude in range(-150, 180, 30):
        x_ = LEFT + MAP_WIDTH * (longitude + 180.0) / 360.0
        parts.append(f'<path class="grid" d="M{x_:.1f},{TOP}v{MAP_HEIGHT}"/>')
        text = f"{abs(longitude)}°{'W' if longitude < 0 else 'E' if longitude else ''}"
        parts.append(f'<text class="tt" x="{x_:.1f}" y="{TOP + MAP_HEIGHT + 13}">{text}</text>')
    for latitude in range(-60, 90, 30):
        y_ = TOP + MAP_HEIGHT * (90.0 - latitude) / 180.0
        parts.append(f'<path class="grid" d="M{LEFT},{y_:.1f}h{MAP_WIDTH}"/>')
        text = f"{abs(latitude)}°{'S' if latitude < 0 else 'N' if latitude else ''}"
        parts.append(f'<text class="yt" x="{LEFT - 6}" y="{y_ + 3.5:.1f}">{text}</text>')
    return "".join(parts)


def _stretch(x: FloatArray, y: FloatArray, where: npt.NDArray[np.bool_], step: int, color: str, kind: str) -> list[str]:
    """A path of every `step`th point where a flag holds, cut at the map's edge."""
    flags = np.asarray(where)
    places = np.arange(0, len(x), step)
    edges = np.flatnonzero(np.diff(flags.astype(np.int8)))
    places = np.unique(np.concatenate([places, edges, edges + 1]))
    places = places[places < len(x)]
    if not places.size or not flags[places].any():
        return []
    shown_x, shown_y = x[places], np.where(flags[places], y[places], np.nan)
    jumps = np.flatnonzero(np.abs(np.diff(shown_x)) > MAP_WIDTH / 2) + 1
    data = polygon(np.insert(shown_x, jumps, 0.0), np.insert(shown_y, jumps, np.nan))
    return [f'<path class="{kind}" stroke="{color}" d="{data}"/>']


def _station(name: str, latitude_deg: float, longitude_deg: float) -> str:
    x, y = float(_px(np.array(longitude_deg))), float(_py(np.array(latitude_deg)))
    left = x > LEFT + MAP_WIDTH - 80
    anchor = ' text-anchor="end"' if left else ""
    return (
        f'<path class="station" d="M{x:.1f},{y - 6:.1f}l5,9h-10z"/>'
        f'<text class="station-text" x="{x + (-8 if left else 8):.1f}" y="{y + 3:.1f}"{anchor}>{escape(name)}</text>'
    )


def _keys(entries: tuple[tuple[str, str], ...], title: str) -> str:
    x = LEFT + len(title) * BOLD_PX + 18.0
    parts = []
    for label, color in entries:
        wide = ' stroke-width="6" stroke-opacity=".45"' if label == "payload at work" else ' stroke-width="2.5"'
        parts.append(
            f'<path d="M{x:.1f},9h15" stroke="{color}"{wide}/><text class="key" x="{x + 19:.1f}" y="13">{label}</text>'
        )
        x += 34.0 + text_px(label)
    return "".join(parts)
