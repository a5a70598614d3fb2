"""A process's end of the bus: typed messages on one side, encoded entries on the other.

The sender validates: a message is encoded, the bytes are decoded by the typed decoder (which is where msgspec checks
ranges), and *that* object is what in-process readers get, so that both hosts deliver the same thing.

An entry here is (topic number, payload as msgspec.Raw, (producer, message)).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from flightsw.bus.application import Inbox
from flightsw.bus.exchange import Entry
from flightsw.errors import MessageError
from flightsw.messages.base import Message
from flightsw.messages.topics import TopicTable


class Codec:
    """Decoders by topic number. One a process, since the topic table never changes."""

    def __init__(self, topics: TopicTable) -> None:
        self.topics = topics
        self._decoders = [msgspec.msgpack.Decoder(topic.kind) for topic in topics.topics]
        self._producers = [topic.producer for topic in topics.topics]

    def decode(self, number: int, payload: msgspec.Raw | bytes) -> Message:
        """The typed message. Raises MessageError when the bytes are not one."""
        try:
            return self._decoders[number].decode(payload)
        except msgspec.DecodeError as error:
            raise MessageError(f"{self.topics.topics[number].name}: {error}") from None

    def inbox(self, entries: Iterable[tuple[int, msgspec.Raw]]) -> Inbox:
        """What came over the wire, decoded."""
        producers = self._producers
        decoders = self._decoders
        return Inbox([(producers[number], decoders[number].decode(payload)) for number, payload in entries])


class Port:
    """The sending side of one producer."""

    def __init__(self, producer: str, codec: Codec) -> None:
        self.producer = producer
        self._codec = codec
        self._numbers = codec.topics.published_by(producer)
        self._encode = msgspec.msgpack.Encoder().encode

    def entry(self, message: Message) -> Entry:
        """Encode and validate one message. Raises MessageError: not this producer's, or out of its range."""
        number = self._numbers.get(type(message))
        if number is None:
            raise MessageError(f"{self.producer} may not publish {type(message).__name__}: no topic of its own has that type")
        try:
            payload = self._encode(message)
        except (TypeError, OverflowError) as error:
            raise MessageError(f"{self.producer}: {type(message).__name__}: {error}") from None
        return number, msgspec.Raw(payload), (self.producer, self._codec.decode(number, payload))

    def outbox(self, messages: Sequence[Message]) -> list[Entry]:
        """Encode and validate what one step returned."""
        return [self.entry(message) for message in messages]
