"""A process's end of the bus: typed messages on one side, encoded entries on the other.

The sender validates: a message is encoded, the bytes are decoded by the typed decoder (which is where msgspec checks
ranges), and *that* object is what in-process readers get, so that both hosts deliver the same thing.

An entry here is (topic number, payload as msgspec.Raw, producer, message).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from flightsw.bus.application import Inbox
from flightsw.bus.seats import Entry
from flightsw.errors import MessageError
from flightsw.messages.base import Message
from flightsw.messages.topics import TopicTable


class Codec:
    """Decoders by topic number. One a process, since the topic table never changes."""

    def __init__(self, topics: TopicTable) -> None:
        self.topics = topics
        self._decoders = [msgspec.msgpack.Decoder(topic.kind) for topic in topics.topics]
        self._producers = [topic.producer for topic in topics.topics]

    def decoder(self, number: int) -> Callable[[bytes], Message]:
        """The bare decoder of one topic."""
        return self._decoders[number].decode

    def decode(self, number: int, payload: msgspec.Raw | bytes) -> Message:
        """The typed message. Raises MessageError when the bytes are not one."""
        try:
            return self._decoders[number].decode(payload)
        except msgspec.DecodeError as error:
            raise MessageError(f"{self.topics.topics[number].name}: {error}") from None

    def of_entry(self, entry: Entry) -> Message:
        """The message of an entry of either host."""
        return self.decode(entry[0], entry[1])

    def flipped(self, entry: Entry, which: float) -> Entry | None:
        """An entry of either host with one bit of its payload flipped; None: it is no message any more."""
        data = bytearray(entry[1])
        bit = int(which * 8 * len(data))
        data[bit // 8] ^= 1 << (bit % 8)
        try:
            message = self._decoders[entry[0]].decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        return (entry[0], msgspec.Raw(bytes(data)), *((entry[2], message) if len(entry) > 2 else ()))

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
        topics = codec.topics.published_by(producer)
        self._lanes = {kind: (number, codec.decoder(number)) for kind, number in topics.items()}
        self._encode = msgspec.msgpack.Encoder().encode

    def entry(self, message: Message) -> Entry:
        """Encode and validate one message. Raises MessageError: not this producer's, or out of its range."""
        return self.outbox((message,))[0]

    def outbox(self, messages: Sequence[Message]) -> list[Entry]:
        """Encode and validate what one step returned. Raises MessageError, and then nothing of it counts."""
        return self.sequence_and_outbox(messages)[1]

    def sequence_and_outbox(self, messages: Sequence[Message]) -> tuple[tuple[int, ...], list[Entry]]:
        """(topics in order, entries) of what one step returned, as `outbox`: for a host that wants both."""
        producer, encode, lanes, raw = self.producer, self._encode, self._lanes, msgspec.Raw
        numbers, entries = [], []
        try:
            for message in messages:
                number, decode = lanes[type(message)]
                payload = encode(message)
                entries.append((number, raw(payload), producer, decode(payload)))
                numbers.append(number)
        except KeyError:
            name = type(message).__name__
            raise MessageError(f"{producer} may not publish {name}: no topic of its own has that type") from None
        except (TypeError, OverflowError, msgspec.DecodeError) as error:
            raise MessageError(f"{producer}: {type(message).__name__}: {error}") from None
        return tuple(numbers), entries
