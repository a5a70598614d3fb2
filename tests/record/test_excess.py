"""What the payload drew over its grant: which grant is in force, and when none is."""

from __future__ import annotations

from flightsw.record.excess import Excess


def test_a_grant_is_in_force_from_a_cycle_and_a_tick_later_on_for_a_cycle() -> None:
    """Cycles of three ticks: what is granted in tick 3 is drawn on in ticks 7 to 9."""
    for tick, worst_w in ((6, 6.0), (7, 1.0), (8, 1.0), (9, 1.0), (10, 4.0)):
        excess = Excess(cycle_ticks=3)
        for now in range(11):
            if now % 3 == 0:
                excess.grant({0: 2.0, 3: 7.0, 6: 4.0, 9: 0.0}[now], working=True)
            excess.drawn_w = 8.0 if now == tick else None
            excess.end_tick()
        assert (excess.worst_working_w, excess.worst_idle_w) == (worst_w, None), f"tick {tick}"


def test_a_grant_lapses_where_the_next_one_never_came() -> None:
    unheard = Excess(cycle_ticks=3)
    unheard.grant(7.0, working=True)
    for now in range(9):  # the next one never came
        unheard.drawn_w = 8.0 if now >= 7 else None
        unheard.end_tick()
    assert unheard.worst_working_w is None
