"""The sequencer: health's part that runs stored command sequences, messages in, messages out.

Reads the `sequence.*` telecommands, `tc.verification`, the events of the flight applications where a trigger waits for
one. Gives `tc.request.health`, `sequence.status`, `event.health`, `cds.health.sequences`. The decisions are in
`sequences` and `uploads`. Nothing is done, and next to nothing costs, while nothing runs and no trigger waits.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from flightsw.apps.health import sequences, uploads
from flightsw.apps.health.sequences import State
from flightsw.apps.health.timekeeper import Timekeeper
from flightsw.apps.telecommands import Handlers
from flightsw.bus.application import Inbox
from flightsw.messages import commands
from flightsw.messages.base import Message, Scalar
from flightsw.messages.comms import TcVerification
from flightsw.messages.health import Event, Severity
from flightsw.messages.sequences import Sequence as CommandSequence
from flightsw.messages.sequences import SequenceCriticalData, SequenceStatus, SequenceTrigger


class SequencerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What a scenario says of sequences."""

    sequences: tuple[CommandSequence, ...] = ()
    triggers: tuple[SequenceTrigger, ...] = ()
    patience_ticks: int = 45
    """a request without a last word for so long is sent once more: longer than ingest waits for an owner"""


class Sequencer:
    """Stored command sequences of one node."""

    def __init__(self, config: SequencerConfig, time: Timekeeper) -> None:
        self._config = config
        self._time = time
        self._state = sequences.initial(config.sequences)
        self._upload = uploads.NOTHING
        self._told: list[Message] = []
        """to be sent with this tick's messages"""
        self._stored = self._state
        """as last sent"""
        self._boot = tuple(one.name for one in config.sequences if one.start == "boot")
        self.awake = bool(config.sequences)
        """there is something to do or to wait for; else `step` needn't be called"""
        self.handlers: Handlers = {
            commands.SequenceLoad: self._load,
            commands.SequenceStart: lambda command: self.start(command.name, "command"),
            commands.SequenceStop: lambda command: self._follow(
                sequences.stopped(self._state, command.name, "stopped by command")
            ),
            commands.SequenceEnable: lambda command: self._switch(command.name, enabled=True),
            commands.SequenceDisable: lambda command: self._switch(command.name, enabled=False),
        }

    def restore(self, inbox: Inbox) -> None:
        """A warm start, from the first inbox after it."""
        self._boot = ()
        if (kept := inbox.last(SequenceCriticalData)) is not None:
            self._state = self._stored = sequences.restored(self._state, kept)
            self.awake = True

    def start(self, name: str, by: str) -> str | None:
        """Start a sequence, `by` whom or what; None, or why not. For telecommands, events and actionpoints."""
        return self._follow(sequences.started(self._state, name, self._time.instant(), by))

    def step(self, inbox: Inbox) -> Sequence[Message]:
        """One tick, after its telecommands."""
        if self._boot:
            self._start_all(self._boot, "boot")
            self._boot = ()
        if self._config.triggers:
            self._trigger(inbox)
        if self._state.runs:
            self._run(inbox)
        if self._state is self._stored and not self._told:
            self.awake = bool(self._state.runs or self._config.triggers)
            return ()
        out, self._told = self._told, []
        if self._state is not self._stored:
            self._stored = self._state
            out += [self._status(), sequences.kept(self._state)]
        return out

    def _run(self, inbox: Inbox) -> None:
        config, time = self._config, self._time
        for verification in inbox.all(TcVerification):
            self._follow(sequences.verified(self._state, verification))
        self._follow(sequences.advanced(self._state, time.instant(), config.patience_ticks, time.dt_ns))

    def _trigger(self, inbox: Inbox) -> None:
        for app, event in inbox.of(Event):
            for one in self._config.triggers:
                if one.event == event.id and one.app == app and one.args.items() <= event.args.items():
                    self._start_all((one.sequence,), f"{app} {event.id}")

    def _start_all(self, names: tuple[str, ...], by: str) -> None:
        """Start what can be started; one that runs already goes on, and one that can't be started is told."""
        running = [run.name for run in self._state.runs]
        for name in names:
            if name not in running and (reason := self.start(name, by)) is not None:
                args: dict[str, Scalar] = {"sequence": name, "by": by, "reason": reason}
                self._told.append(Event(Severity.WARNING_LO, "sequence.not_started", args))

    def _status(self) -> SequenceStatus:
        state = self._state
        return SequenceStatus(
            tuple(state.stored),
            tuple([one.enabled for one in state.stored.values()]),
            tuple([run.name for run in state.runs]),
            tuple([run.step for run in state.runs]),
            state.started,
            state.completed,
            state.stopped,
        )

    def _follow(self, after: tuple[State, list[Message]] | str) -> str | None:
        if isinstance(after, str):
            return after
        self._state, told = after
        self._told += told
        self.awake = True
        return None

    def _switch(self, name: str, *, enabled: bool) -> str | None:
        return self._take(sequences.switched(self._state, name, enabled=enabled))

    def _load(self, command: commands.SequenceLoad) -> str | None:
        upload = uploads.received(self._upload, command)
        self._upload = uploads.NOTHING
        if isinstance(upload, str):
            return upload
        if len(upload.text) < upload.parts:
            self._upload = upload
            return None
        sequence = uploads.sequence_of(upload)
        return sequence if isinstance(sequence, str) else self._take(sequences.loaded(self._state, sequence))

    def _take(self, after: State | str) -> str | None:
        if isinstance(after, str):
            return after
        self._state = after
        self.awake = True
        return None
