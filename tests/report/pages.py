"""A report's HTML as a test reads it: tables by id, drawings by id, sections, and whether it is well-formed."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = frozenset({"meta", "br", "link", "img", "input"})


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.sections: list[str] = []
        self.anchors: list[str] = []
        self.drawings: list[str] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.fetched: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self._table = ""
        self.feed(text)
        self.close()
        assert self._open == [], f"not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._open += [] if tag in VOID else [tag]
        self.fetched += [value or "" for name, value in attrs if name in ("src", "data", "srcset", "action")]
        name = given.get("id") or ""
        if tag == "section":
            self.sections.append(name)
        elif tag == "a":
            self.anchors.append((given.get("href") or "").removeprefix("#"))
        elif tag == "svg" and given.get("class"):
            self.drawings.append(name)
        elif tag == "table":
            self._table = name
            self.tables[name] = []
        elif tag == "tr" and self._table:
            self.tables[self._table].append([])
        elif tag in ("td", "th") and self._table:
            self.tables[self._table][-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [value or "" for name, value in attrs if name in ("src", "data")]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag == "table":
            self._table = ""

    def handle_data(self, data: str) -> None:
        if self._open[-1:] in (["script"], ["style"]):
            return
        self.text += data
        if self._table and self.tables[self._table] and self.tables[self._table][-1]:
            self.tables[self._table][-1][-1] += data

    def pairs(self, name: str) -> dict[str, str]:
        return {row[0]: row[1] for row in self.tables[name]}


def figure(text: str) -> float:
    found = re.match(r"-?[\d,.]+", text)
    assert found is not None, text
    return float(found[0].replace(",", ""))
