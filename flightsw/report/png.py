"""A report's drawings as PNG pictures, one a file. Needs the extra `report` (resvg), and a font on the machine."""

from __future__ import annotations

from pathlib import Path

from flightsw.errors import ConfigError
from flightsw.report.page import drawings, styled
from flightsw.report.rundata import RunData

ZOOM = 2.0
_LETTER = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="12"><text y="11">{}</text></svg>'
"""styled as the drawings are: resvg's own default family is one that few machines have"""


def write_pictures(data: RunData, folder: Path, against: RunData | None = None) -> list[Path]:
    """Write them. Raises ConfigError: resvg isn't there, no font is, or the folder can't be written."""
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise ConfigError('png: needs resvg-py: pip install "flightsw[report]"') from None
    with_letter, without = (svg_to_bytes(svg_string=styled(_LETTER.format(text))) for text in ("W", " "))
    if with_letter == without:
        raise ConfigError("png: no font is installed, letters would be missing (Debian, Ubuntu: fonts-dejavu-core)")
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for key, drawn in drawings(data, against):
            path = folder / f"{key}.png"
            path.write_bytes(bytes(svg_to_bytes(svg_string=drawn, background="#ffffff", zoom=ZOOM)))
            written.append(path)
    except OSError as error:
        raise ConfigError(f"png = {folder}: can't be written: {error.strerror or error}") from None
    return written
