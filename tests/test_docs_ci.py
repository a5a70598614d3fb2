"""The tests of docs/ci.md, collected here as they are shown there; they share the flights of this session."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

SHOWN = re.findall(r"```python\n(.*?)```", (Path(__file__).resolve().parents[1] / "docs/ci.md").read_text(), re.DOTALL)
for block in SHOWN:
    exec(block)


def test_all_of_the_page_is_here() -> None:
    assert len(SHOWN) == 2
    named = re.findall(r"^def (test_\w+)\(", "\n".join(SHOWN), re.MULTILINE)
    assert len(named) == 4
    for name in named:
        assert inspect.isfunction(globals()[name])
