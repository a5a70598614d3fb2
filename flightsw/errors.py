"""Every error that flightsw raises on purpose, in one tree.

    FlightswError
    ├── ConfigError      bad input: scenario, profile, command line, model card    (exit code 2)
    ├── PhysicsError     a plant model was asked for something outside its valid range
    ├── BusError
    │   ├── TableError   the process or topic table contradicts itself
    │   ├── JoinRefused  a process may not join: unknown, wrong schema, twice
    │   └── MessageError a message breaks its own declaration
    ├── LogError         a run log is missing, foreign, corrupt or altered         (exit code 2)
    └── RunError         a run could not go on: a process was lost for good        (exit code 3)

Messages say what, where, got and allowed: ``power.reserve_soc = 1.3: must be at most 1.0``.
"""

from __future__ import annotations


class FlightswError(Exception):
    """Root of the tree."""


class ConfigError(FlightswError):
    """Input from outside is unusable; nothing was started."""


class PhysicsError(FlightswError):
    """A plant model was driven outside the range it is valid in."""


class BusError(FlightswError):
    """The software bus was used wrongly."""


class TableError(BusError):
    """The process or topic table contradicts itself."""


class JoinRefused(BusError):
    """A process may not join the bus."""


class MessageError(BusError):
    """A message breaks its own declaration."""


class LogError(FlightswError):
    """A run log is missing, foreign, corrupt or altered."""


class RunError(FlightswError):
    """A run could not go on."""
