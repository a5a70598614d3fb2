"""On-board model of the way from the chip to its sink: three nodes in a row, the structure beside them. Pure.

    C_chip  chip'  = P - G1 (chip - board)
    C_board board' = G1 (chip - board) - G2 (board - sink) - G3 (board - structure)
    C_sink  sink'  = G2 (board - sink) - G4 (sink - structure) - R (sink - sink now) + q

R: radiation, linear about the sink as it is now, where it is part of q, the heat from outside less what is radiated.
Linear, so that what a constant power does to the chip in h seconds is a sum of products, worked out once:

    chip(h) = a chip + b board + c sink + d structure + e q + f P

Valid over minutes, in which the structure and the light hardly change. Solved exactly, by the matrix exponential
(scaling and squaring: Moler & Van Loan, SIAM Review 45 (2003), method 3). Called by `predictive`.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Matrix = list[list[float]]
JoulesPerKelvin = Annotated[float, Meta(gt=0.0, le=1e9)]
WattsPerKelvin = Annotated[float, Meta(gt=0.0, le=1e6)]
WattsPerKelvinOrNone = Annotated[float, Meta(ge=0.0, le=1e6)]

CHIP, BOARD, SINK, SINK_NOW, STRUCTURE, HEAT, POWER = range(7)
TAYLOR_TERMS = 12
SMALLEST = 0.25
"""norm of the scaled matrix: twelve terms leave 1e-17 of it"""


class ChipPath(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Its figures. Defaults: the default scenario's 6U, from its own thermal analysis."""

    chip_j_k: JoulesPerKelvin = 6.0
    board_j_k: JoulesPerKelvin = 180.0
    sink_j_k: JoulesPerKelvin = 700.0
    chip_board_w_k: WattsPerKelvin = 1.2
    board_sink_w_k: WattsPerKelvin = 1.0
    board_structure_w_k: WattsPerKelvinOrNone = 0.4
    sink_structure_w_k: WattsPerKelvinOrNone = 0.5
    radiation_w_k: WattsPerKelvinOrNone = 0.26
    """4 eps sigma A T^3 of the sink: 0.86, 0.05 m2, 300 K"""


class Response(msgspec.Struct, frozen=True, gc=False):
    """The chip's temperature after `after_s` as a sum: kelvins per kelvin of each node, and per watt."""

    after_s: float
    of_chip: float
    of_board: float
    of_sink: float
    of_structure: float
    of_heat_k_w: float
    of_power_k_w: float


def response(path: ChipPath, after_s: float) -> Response:
    """What the chip is made of in so many seconds."""
    chip, board, sink, sink_now, structure, heat, power = _exponential(_rates(path), after_s)[CHIP]
    return Response(after_s, chip, board, sink + sink_now, structure, heat, power)


def _rates(path: ChipPath) -> Matrix:
    """The model as x' = A x; what stays constant are states, too, that don't move."""
    g1, g2, g3, g4 = path.chip_board_w_k, path.board_sink_w_k, path.board_structure_w_k, path.sink_structure_w_k
    rates = [[0.0] * 7 for _ in range(7)]
    for node, capacity_j_k, flows in (
        (CHIP, path.chip_j_k, {CHIP: -g1, BOARD: g1, POWER: 1.0}),
        (BOARD, path.board_j_k, {CHIP: g1, BOARD: -g1 - g2 - g3, SINK: g2, STRUCTURE: g3}),
        (
            SINK,
            path.sink_j_k,
            {
                BOARD: g2,
                SINK: -g2 - g4 - path.radiation_w_k,
                SINK_NOW: path.radiation_w_k,
                STRUCTURE: g4,
                HEAT: 1.0,
            },
        ),
    ):
        for other, w_k in flows.items():
            rates[node][other] = w_k / capacity_j_k
    return rates


def _exponential(rates: Matrix, after_s: float) -> Matrix:
    size, halvings = max(sum(abs(rate) for rate in row) for row in rates) * after_s, 0
    while size > SMALLEST:
        size, halvings = 0.5 * size, halvings + 1
    step_s = after_s / 2**halvings
    term = total = _unit(len(rates))
    for order in range(1, TAYLOR_TERMS + 1):
        term = [[value * step_s / order for value in row] for row in _product(term, rates)]
        total = [[a + b for a, b in zip(one, other, strict=True)] for one, other in zip(total, term, strict=True)]
    for _ in range(halvings):
        total = _product(total, total)
    return total


def _unit(size: int) -> Matrix:
    return [[float(row == column) for column in range(size)] for row in range(size)]


def _product(a: Matrix, b: Matrix) -> Matrix:
    columns = list(zip(*b, strict=True))
    return [[sum(x * y for x, y in zip(row, column, strict=True)) for column in columns] for row in a]
