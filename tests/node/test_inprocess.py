"""The in-process host: what it prepares for the applications is what they would make themselves."""

from __future__ import annotations

from typing import Any

import pytest

from flightsw.bus.application import Inbox
from flightsw.messages.comms import TcRequest
from flightsw.messages.health import Event
from flightsw.node import inprocess
from flightsw.node.scenario import load_scenario


def test_an_inbox_s_index_is_the_one_that_it_would_make_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[dict[Any, Any], dict[Any, Any]]] = []

    class Checked(Inbox):
        def __init__(self, items: Any, newest: Any) -> None:
            super().__init__(items)
            seen.append((newest, self._by_kind))
            super().__init__(items, newest)

    monkeypatch.setattr(inprocess, "Inbox", Checked)
    node = inprocess.InProcessNode(load_scenario("cubesat-6u-orin-nano", ["apps.inference.execute=none"]))
    node.enter(TcRequest(1, "health.ping", {}), 20)
    node.enter(TcRequest(2, "power.set_reserve", {"soc": 0.35}), 20)
    events = [entry for _ in range(60) for entry in node.run_tick().entries if isinstance(entry[3], Event)]
    assert len(seen) >= 6 * 60
    assert events
    assert max(len(made) for _, made in seen) >= 5
    for given, made in seen:
        assert given == made
        assert all(given[kind] is made[kind] for kind in made)
