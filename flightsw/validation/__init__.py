"""Physics held to references that are not ours: cases, the plant's answers, and the verdict.

`data/reference.json` has the cases with inputs, reference values and tolerances; the `*_cases` modules answer them by
calling the functions that the plant steps; `runner` compares. Called by `flightsw validate-physics` and by the tests.
"""
