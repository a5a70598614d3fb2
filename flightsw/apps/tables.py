"""Parameter tables: an application's tunable configuration, changed in flight. Load, validate, activate, dump.

cFS TBL and PUS service 20 are the models. Values are loaded one by one into a staging copy. Its owner checks it whole
by the declarations that a scenario is checked by (types, ranges, values against each other) and by what it alone knows,
and makes it its configuration at the beginning of its own tick. What was activated is critical data: it survives a
restart of its owner. Every application has one of these, by `handlers`; nothing is done where no command comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from flightsw.apps.own import AppConfig
from flightsw.apps.telecommands import NOT_MINE, Executed, Handlers, Outcome
from flightsw.bus.application import Inbox
from flightsw.errors import ConfigError
from flightsw.messages.base import Scalar
from flightsw.messages.commands import TableAbort, TableActivate, TableDump, TableLoad, TableValidate
from flightsw.messages.health import Event, Severity
from flightsw.messages.tables import TableCriticalData, TableReport

C = TypeVar("C", bound=AppConfig)

CODE = ("law", "law_config", "app", "app_config")
"""whose code flies is no parameter"""
LONGEST = 256


class ParameterTable(Generic[C]):
    """One application's table. `apply` makes a checked configuration the active one; `refuse` says why it can't be.

    `fixed`: fields that only a start can set.
    """

    def __init__(
        self,
        app: str,
        config: C,
        apply: Callable[[C], None],
        *,
        refuse: Callable[[C], str | None] = lambda _: None,
        fixed: tuple[str, ...] = (),
    ) -> None:
        self._app = app
        self._kind = type(config)
        self._active = config
        self._apply = apply
        self._refuse = refuse
        self._fixed = (*CODE, *fixed)
        self._changed: dict[str, Scalar] = {}
        """of the active table, by what the scenario says"""
        self._staged: dict[str, Scalar] = {}
        self._validated: C | None = None
        steps: dict[type[Any], Callable[[Any], Outcome]] = {
            TableLoad: self._load,
            TableValidate: lambda _: self._validate(),
            TableActivate: lambda _: self._activate(),
            TableAbort: lambda _: self._abort(),
            TableDump: self._dump,
        }
        self.handlers: Handlers = {kind: self._mine(step) for kind, step in steps.items()}

    def restore(self, inbox: Inbox) -> None:
        """A warm start, from the first inbox after it: the active table is what it was; nothing is staged."""
        if (kept := inbox.last(TableCriticalData)) is not None:
            self._changed = {
                path: msgspec.json.decode(value) for path, value in zip(kept.paths, kept.values, strict=True)
            }
            self._active = self._with(self._changed)
            self._apply(self._active)

    def _mine(self, step: Callable[[Any], Outcome]) -> Callable[[Any], Outcome]:
        return lambda command: step(command) if command.app == self._app else NOT_MINE

    def _load(self, command: TableLoad) -> str | None:
        paths = [path for path, _ in leaves(self._active)]
        if command.path not in paths:
            near = [path for path in paths if path.startswith(command.path.partition(".")[0])] or paths
            return f"{command.path}: unknown parameter: must be one of {', '.join(near)}"[:LONGEST]
        if command.path.partition(".")[0] in self._fixed:
            return f"{command.path}: set by the scenario alone: it takes effect at a start only"
        try:
            self._with({command.path: command.value})
        except msgspec.ValidationError as error:
            return f"{command.path} = {command.value!r}: {error}"[:LONGEST]
        except ConfigError:
            pass  # by itself against the others' values: judged when the table is whole
        self._staged[command.path] = command.value
        self._validated = None
        return None

    def _validate(self) -> str | None:
        if not self._staged:
            return f"no table of {self._app} is staged"
        try:
            config = self._with(self._staged)
        except (msgspec.ValidationError, ConfigError) as error:
            return str(error)[:LONGEST]
        reason = self._refuse(config)
        self._validated = config if reason is None else None
        return reason

    def _activate(self) -> Outcome:
        if self._validated is None:
            return f"the staged table of {self._app} is not validated" if self._staged else self._validate()
        values = len(self._staged)
        self._changed = {**self._changed, **self._staged}
        self._active = self._validated
        self._abort()
        self._apply(self._active)
        kept = TableCriticalData(tuple(self._changed), tuple([_text(value) for value in self._changed.values()]))
        return Executed((Event(Severity.ACTIVITY_HI, "table.activated", {"values": values}), kept))

    def _abort(self) -> None:
        self._staged, self._validated = {}, None

    def _dump(self, command: TableDump) -> Outcome:
        if command.which == "active":
            rows = [(path, value) for path, value in leaves(self._active) if path.partition(".")[0] not in CODE]
        else:
            rows = list(self._staged.items())
        return Executed((_report(command.which, rows),))

    def _with(self, values: Mapping[str, Scalar]) -> C:
        """The active configuration with other values. Raises ConfigError, msgspec.ValidationError."""
        table = msgspec.json.decode(msgspec.json.encode(self._active))  # unlike to_builtins, of lists: to be changed
        for path, value in values.items():
            *steps, last = path.split(".")
            holder: Any = table
            for step in steps:
                holder = holder[_key(holder, step)]
            holder[_key(holder, last)] = value
        return msgspec.convert(table, self._kind)


def leaves(config: AppConfig) -> Iterator[tuple[str, object]]:
    """(path, value) of every parameter."""
    yield from _leaves(msgspec.to_builtins(config), "")


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        inner = [(str(key), below) for key, below in value.items()]
    elif isinstance(value, list | tuple):
        inner = [(str(place), below) for place, below in enumerate(value)]
    else:
        yield path, value
        return
    for step, below in inner:
        yield from _leaves(below, f"{path}.{step}" if path else step)


def _key(holder: object, step: str) -> str | int:
    return int(step) if isinstance(holder, list) else step


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _report(which: str, rows: list[tuple[str, Any]]) -> TableReport:
    return TableReport(which, tuple([path for path, _ in rows]), tuple([_text(value) for _, value in rows]))
