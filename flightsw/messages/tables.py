"""Messages of parameter tables (cFS TBL, PUS service 20): every application's tunable configuration, value by value.

Producer of `table.<app>` and `cds.<app>.table`: that application, when it is asked for a dump, and when a table was
activated. A path is like `reserve_soc`, `shed_soc.0` or `watchpoints.1.yellow_high`; a value is JSON text.
"""

from __future__ import annotations

from flightsw.messages.base import Label, Message, Text


class TableReport(Message, frozen=True):
    """One table, dumped."""

    which: Label
    """active or staged"""
    paths: tuple[Label, ...]
    values: tuple[Text, ...]


class TableCriticalData(Message, frozen=True):
    """What was activated, beyond what the scenario says: it survives a restart of its owner."""

    paths: tuple[Label, ...]
    values: tuple[Text, ...]
