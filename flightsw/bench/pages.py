"""Pages of the documentation that carry a bench's tables between two marks. Called by the commands' `--page`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from flightsw.errors import ConfigError


class Marks(NamedTuple):
    """The comments that a bench's tables stand between."""

    bench: str

    @property
    def begin(self) -> str:
        """Above the tables."""
        return f"<!-- {self.bench}: begin -->\n"

    @property
    def end(self) -> str:
        """Below them."""
        return f"<!-- {self.bench}: end -->\n"

    def read_page(self, page: Path) -> str:
        """A page that has a place for the tables. Raises ConfigError."""
        try:
            text = page.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"page = {page}: can't be read: {error}") from None
        begin, end = self.begin, self.end
        if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
            raise ConfigError(f"page = {page}: must have one line {begin.strip()!r} and below it one {end.strip()!r}")
        return text

    def renewed(self, page: str, tables: str) -> str:
        """The page with these tables."""
        head, tail = page.split(self.begin, maxsplit=1)[0], page.split(self.end)[1]
        return f"{head}{self.begin}\n{tables}\n{self.end}{tail}"


def write_page(page: Path, text: str) -> None:
    """Raises ConfigError: it can't be written."""
    try:
        page.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{page}: can't be written: {error.strerror}") from None
