"""The vote on the battery's two thermometers: who is out, after how long, and when it is let in again."""

from __future__ import annotations

import pytest

from flightsw.apps.health.voting import Vote, vote_step

APART_K, PERSISTENCE = 3.0, 5
Pair = tuple[float | None, float | None]
AGREED = (20.0, 22.0)
"""mean 21"""
FIRST_OFF, SECOND_OFF = (40.0, 21.0), (21.0, 40.0)


def voted(*pairs: Pair) -> list[int | None]:
    """Who is out after each sample."""
    vote, outs = Vote(), []
    for pair in pairs:
        vote = vote_step(vote, pair, APART_K, PERSISTENCE)
        outs.append(vote.out)
    return outs


@pytest.mark.parametrize(("off", "loser"), [(FIRST_OFF, 0), (SECOND_OFF, 1)])
def test_a_thermometer_is_voted_out_in_the_sample_that_completes_the_persistence(off: Pair, loser: int) -> None:
    assert voted(AGREED, *[off] * 6) == [None] * 5 + [loser] * 2


def test_a_disagreement_that_pauses_is_counted_anew() -> None:
    assert voted(AGREED, *[FIRST_OFF] * 4, AGREED, *[FIRST_OFF] * 5) == [None] * 10 + [0]


@pytest.mark.parametrize(("difference_k", "loser"), [(3.0, None), (3.001, 0)])
def test_thermometers_that_differ_by_no_more_than_is_allowed_agree(difference_k: float, loser: int | None) -> None:
    assert voted((0.0, 0.0), *[(difference_k, 0.0)] * 10)[-1] == loser


@pytest.mark.parametrize(
    ("agreed", "off", "loser"),
    [
        ((20.0, 22.0), (19.0, 24.5), 1),  # 2 and 3.5 from their mean of 21
        ((20.0, 22.0), (24.0, 19.5), 0),  # 3 and 1.5: measured from their mean, not from what each one said
        ((20.0, 22.0), (22.5, 18.0), 1),  # 1.5 and 3
        ((-22.0, -20.0), (-24.5, -19.0), 0),
        ((20.0, 20.0), (18.0, 22.0), 0),  # as far as each other: the battery's own is believed
    ],
)
def test_the_one_further_from_what_both_last_agreed_on_is_voted_out(agreed: Pair, off: Pair, loser: int) -> None:
    assert voted(agreed, *[off] * 5)[-1] == loser


def test_what_both_agreed_on_is_the_last_agreement_not_the_first() -> None:
    drifted = [(20.0 + k, 20.0 + k) for k in range(21)]
    assert voted(*drifted, *[(40.0, 20.0)] * 5)[-1] == 1


def test_two_that_never_agreed_are_not_judged_until_they_have() -> None:
    assert voted(*[FIRST_OFF] * 50) == [None] * 50
    assert voted(*[FIRST_OFF] * 50, AGREED, *[FIRST_OFF] * 5) == [None] * 55 + [0]


@pytest.mark.parametrize("missing", [(None, 20.0), (20.0, None), (None, None)])
def test_a_missing_reading_neither_counts_nor_lets_anybody_in(missing: Pair) -> None:
    assert voted(AGREED, *[FIRST_OFF] * 4, *[missing] * 9, FIRST_OFF) == [None] * 14 + [0]
    back = [(20.0, 20.0)] * 4
    assert voted(AGREED, *[FIRST_OFF] * 5, *back, *[missing] * 9, back[0])[5:] == [0] * 14 + [None]


def test_the_one_that_is_out_is_let_in_after_as_many_samples_of_agreement_in_a_row() -> None:
    out, agree = [AGREED, *[FIRST_OFF] * 5], (20.0, 20.0)
    assert voted(*out, *[agree] * 5)[5:] == [0] * 5 + [None]
    assert voted(*out, *[agree] * 4, FIRST_OFF, *[agree] * 5)[5:] == [0] * 10 + [None], "what was interrupted is nought"


@pytest.mark.parametrize(("difference_k", "loser"), [(1.5, None), (1.501, 0), (1.6, 0), (3.0, 0)])
def test_it_must_agree_to_half_of_the_difference_to_be_let_in(difference_k: float, loser: int | None) -> None:
    assert voted((0.0, 0.0), *[FIRST_OFF] * 5, *[(difference_k, 0.0)] * 20)[-1] == loser


def test_once_let_in_both_are_measured_from_their_new_agreement() -> None:
    warmed = [AGREED, *[FIRST_OFF] * 5, *[(30.0, 30.0)] * 5]
    assert voted(*warmed, *[(30.0, 22.0)] * 5)[-1] == 1
