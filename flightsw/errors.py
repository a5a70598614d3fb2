"""Every error that flightsw raises on purpose, in one tree.

    FlightswError
    ├── ConfigError      bad input: scenario, profile, command line, model card    (exit code 2)
    ├── PhysicsError     a plant model was asked for something outside its valid range
    ├── BusError
    │   ├── TableError   the process or topic table contradicts itself
    │   ├── JoinRefused  a process may not join: unknown, wrong schema, twice
    │   └── MessageError a message breaks its own declaration
    ├── InferenceError
    │   ├── InputRefused     a tensor is not what the model takes
    │   └── OutputRefused    a network gave what no sound network gives
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


class InferenceError(FlightswError):
    """A network could not be run, or its answer not be used."""


class InputRefused(InferenceError):
    """A tensor of another shape or type than the model's, or not finite."""


class OutputRefused(InferenceError):
    """An output that is not finite: the network, or what it works on, is damaged."""


class LogError(FlightswError):
    """A run log is missing, foreign, corrupt or altered."""


class RunError(FlightswError):
    """A run could not go on."""
