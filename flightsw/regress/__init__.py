"""Regression of control loops: requirements in signal temporal logic over a run's log, and what judges a finished run.

Stands on `record` (columns of a log) and `node` (scenarios); `cli` stands on it. docs/requirements.md is for people.
"""
