"""Verdicts as JUnit XML, which CI servers show: a suite a scenario, a case a verdict. Called by `flightsw check`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as Xml

from flightsw.errors import ConfigError
from flightsw.record.folder import replaced
from flightsw.regress.basejudge import BASELINE_ID
from flightsw.regress.check import Checked
from flightsw.regress.shown import first_break, margin_text, name_of
from flightsw.regress.verdict import Verdict

_FORBIDDEN = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF])
"""What XML can't carry (XML 1.0, 2.2 Char)."""


def make_way(path: Path) -> None:
    """Take an earlier file away, so that none is taken for this one. Raises ConfigError where no file can be made."""
    if path.is_dir() or not path.parent.is_dir():
        what = "is a folder" if path.is_dir() else f"{path.parent} is no folder"
        raise ConfigError(f"junit = {path}: {what}: must be a file in a folder that exists")
    if path.is_file():
        try:
            path.unlink()
        except OSError as error:
            raise ConfigError(f"junit = {path}: the one that is there can't be replaced: {error.strerror}") from None


def write_junit(path: Path, results: Sequence[Checked]) -> None:
    """Write the file, whole or not at all. Raises ConfigError."""
    data = Xml.tostring(_suites(results), encoding="utf-8", xml_declaration=True)
    with replaced(path, "junit") as temporary:
        temporary.write_bytes(data + b"\n")


def _suites(results: Sequence[Checked]) -> Xml.Element:
    suites = Xml.Element("testsuites", name="flightsw check")
    for result in results:
        failures = sum(not one.passed for one in result.verdicts)
        broken, skipped = result.exit != "completed", result.not_compared is not None
        suite = Xml.SubElement(
            suites,
            "testsuite",
            name=name_of(result),
            tests=str(len(result.verdicts) + broken + skipped),
            failures=str(failures),
            errors=str(int(broken)),
            skipped=str(int(skipped)),
            time=f"{result.wall_s:.3f}",
        )
        properties = Xml.SubElement(suite, "properties")
        for name, value in (("seed", result.seed), ("ticks", result.ticks), ("log_hash", result.log_hash)):
            Xml.SubElement(properties, "property", name=name, value=str(value))
        if broken:
            case = Xml.SubElement(suite, "testcase", classname=name_of(result), name="run")
            Xml.SubElement(case, "error", type=result.exit, message=_clean(result.error or result.exit))
        for verdict in result.verdicts:
            _case(suite, name_of(result), verdict)
        if result.not_compared is not None:
            case = Xml.SubElement(suite, "testcase", classname=name_of(result), name=BASELINE_ID)
            Xml.SubElement(case, "skipped", message=_clean(result.not_compared))
    return suites


def _case(suite: Xml.Element, scenario: str, verdict: Verdict) -> None:
    case = Xml.SubElement(suite, "testcase", classname=scenario, name=_clean(f"{verdict.id}: {verdict.text}"))
    if verdict.passed:
        Xml.SubElement(case, "system-out").text = _clean(f"margin {margin_text(verdict)}\n{verdict.formula}")
        return
    said = first_break(verdict)
    failure = Xml.SubElement(case, "failure", type=verdict.outcome.value, message=_clean(said))
    failure.text = _clean("\n".join([said, verdict.formula, *verdict.excerpt]))


def _clean(text: str) -> str:
    return text.translate(_FORBIDDEN)
