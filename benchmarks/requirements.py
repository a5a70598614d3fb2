"""What judging costs: `python -m benchmarks.requirements`, processor seconds of ten formulas over 100,000 ticks.

Four wandering signals that aren't known in the first tick, as those of a run are; the best of three.
"""

from __future__ import annotations

import time

import numpy as np

from flightsw.messages.schema import FieldSchema, TopicSchema
from flightsw.record.columns import Columns
from flightsw.regress.binding import Vocabulary
from flightsw.regress.evaluate import Evaluator
from flightsw.regress.parser import parse_formula

TICKS = 100_000
FORMULAS = (
    "always(x.a >= -5)",
    "always(eventually[0s, 600s](x.b >= 0))",
    "eventually(always[0s, 1h](abs(x.a - x.b) <= 1))",
    "(x.a >= -9) until[0s, 1orbits] (x.b >= 1)",
    "(x.a >= -9) until (x.b >= 1)",
    "after(x.d >= 0, 0s..600s, x.c <= 3)",
    "always(rate(x.a, 60s) <= 1)",
    "always(count(x.a >= 0, 1orbits) <= 100)",
    "always(historically[10s, 600s](x.a + x.b >= 0))",
    "always(x.a >= 1 implies once[0s, 5000s](x.b >= 1))",
)


def main() -> None:
    """The command."""
    topic = TopicSchema("x", "x", "X", None, tuple(FieldSchema(name, "float", "") for name in "abcd"))
    words = Vocabulary((topic,), 1.0, 5700.0)
    formulas = [words.bound(parse_formula(text)) for text in FORMULAS]
    random = np.random.default_rng(1)
    values = {f"x.{name}": np.cumsum(random.normal(size=TICKS)) * 0.01 for name in "abcd"}
    for column in values.values():
        column[0] = np.nan
    columns = Columns(1.0, np.arange(TICKS, dtype=np.float64), values, {}, {}, {}, {}, (topic,))
    best = float("inf")
    for _ in range(3):
        begin_s = time.process_time()
        evaluator = Evaluator(columns)
        for formula in formulas:
            evaluator.band(formula)
        best = min(best, time.process_time() - begin_s)
    print(best)


if __name__ == "__main__":
    main()
