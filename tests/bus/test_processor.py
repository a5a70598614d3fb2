"""What the system says of processors that were withheld; asking for them raises nothing, whatever comes of it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from flightsw.bus.processor import (
    FIRST,
    SECOND,
    go_first,
    grown,
    is_first,
    queued_s,
    stolen_s,
    take_turns,
    work_beside,
)

OUTCOMES = ("real-time", "nice", "as others")


def in_a_thread(what: object) -> list[object]:
    """Results of what is called, in a thread that ends with it: priorities are a thread's own."""
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.extend(what()))  # type: ignore[operator]
    thread.start()
    thread.join(20.0)
    return found


def test_the_want_of_a_processor_is_read_from_the_kernel_s_counts(tmp_path: Path) -> None:
    (tmp_path / "schedstat").write_text("52000000 1500000000 17\n")
    (tmp_path / "stat").write_text("cpu  811344 202357 57379 4045892 3190 0 736 387 0 0\ncpu0 1 2 3 4 5 6 7 8 9 0\n")
    assert queued_s(tmp_path / "schedstat") == 1.5
    assert stolen_s(tmp_path / "stat") == 3.87


@pytest.mark.parametrize("text", [None, "", "1", "a b c", "cpu 1 2 3"])
def test_a_system_that_does_not_say_gives_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "file").write_text(text)
    assert stolen_s(tmp_path / "file") is None
    assert text == "cpu 1 2 3" or queued_s(tmp_path / "file") is None


def test_growth_needs_two_looks() -> None:
    assert grown(1.0, 3.5) == 2.5
    assert grown(None, 1.0) is None
    assert grown(1.0, None) is None


def test_what_was_given_is_told_and_held_by_those_that_are_started_behind_it() -> None:
    def ask() -> list[object]:
        given = go_first()
        heirs = in_a_thread(lambda: [is_first(), go_first(SECOND)])
        return [given, is_first(), *heirs]

    given, first, heir_first, heir_given = in_a_thread(ask)
    assert str(given).startswith(OUTCOMES)
    assert first == heir_first == (given == f"real-time {FIRST}")
    assert str(heir_given).startswith(OUTCOMES)
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_where_nothing_may_be_asked_all_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    assert in_a_thread(lambda: [go_first()])[0] in ("nice -10", "as others")
    monkeypatch.setattr(os, "setpriority", refuse)
    assert in_a_thread(lambda: [go_first(), is_first()]) == ["as others", False]


def test_who_takes_turns_has_those_that_it_starts_take_turns_too() -> None:
    def ask() -> list[object]:
        take_turns()
        return [os.sched_getscheduler(0), *in_a_thread(lambda: [os.sched_getscheduler(0)])]

    assert in_a_thread(ask) == [os.SCHED_BATCH, os.SCHED_BATCH]
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_a_thread_works_beside_the_others_alone() -> None:
    allowed = os.sched_getaffinity(0)

    def ask() -> list[object]:
        work_beside({max(allowed)})
        return [os.sched_getaffinity(0)]

    assert in_a_thread(ask) == [{max(allowed)}]
    assert os.sched_getaffinity(0) == allowed


def test_a_core_that_is_not_there_leaves_a_thread_where_it_is() -> None:
    def ask() -> list[object]:
        work_beside({4095})
        return [os.sched_getaffinity(0)]

    assert in_a_thread(ask) == [os.sched_getaffinity(0)]
