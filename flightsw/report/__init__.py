"""The report of a run: one self-contained HTML file that an engineer would put into a review.

`rundata` reads the run, a module of `sections` says what is shown of each subject, `drawing` is what there is to draw,
`panels`, `strips`, `charts` and `groundtrack` draw it (ADR 0021), `page` puts it together. Made of the log, the
manifest, the scenario and the host log of the run folder alone: the same run gives the same bytes.
"""
