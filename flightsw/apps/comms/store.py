"""Store and forward: what waits for the next pass, and what a pass takes. Housekeeping first, then oldest first.

Invariant, at every moment: results numbered so far = sent + dropped + waiting. A result that is missing in the
numbering was lost on its way, or while this application was, and counts as dropped.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from flightsw.apps.comms.config import CommsConfig
from flightsw.messages.inference import InferenceResult


class Sent(NamedTuple):
    """What left in one tick."""

    housekeeping_bytes: int
    product_bytes: int
    products: int
    last_batch: int | None


def product_bytes(result: InferenceResult, config: CommsConfig) -> int:
    """Size of a batch's product. Scenes that nobody looked at are sent whole: on-board inference is what saves link.
    Of those that were, a thumbnail does where it is cloudy, or where nothing was found."""
    if result.detections is not None:
        return sum([config.clear_scene_bytes if found else config.cloudy_scene_bytes for found in result.detections])
    if result.cloud_fraction is None:
        return result.scenes * config.clear_scene_bytes
    return sum(
        [
            config.cloudy_scene_bytes if share > config.cloudy_above else config.clear_scene_bytes
            for share in result.cloud_fraction
        ]
    )


class Store:
    """Bounded; a product that finds no room is dropped whole, and counted."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._products: deque[tuple[int, int]] = deque()
        """(batch, bytes left)"""
        self.product_bytes = 0
        self.housekeeping_bytes = 0
        self.dropped = 0
        self.next_batch = 0
        """number that the next result should bear"""
        self.full = False
        """a product was refused; holds until a tenth of the store is free"""

    def limit(self, limit_bytes: int) -> None:
        """Another size from now on; what is in it stays."""
        self._limit_bytes = limit_bytes

    @property
    def waiting_bytes(self) -> int:
        """All that waits."""
        return self.product_bytes + self.housekeeping_bytes

    @property
    def products(self) -> int:
        """Products that wait, wholly or in part."""
        return len(self._products)

    def add_housekeeping(self, size_bytes: int) -> None:
        """Housekeeping overwrites itself where there is no room: the newest is worth most."""
        room_bytes = self._limit_bytes - self.product_bytes
        self.housekeeping_bytes = min(max(room_bytes, 0), self.housekeeping_bytes + size_bytes)

    def add_product(self, batch: int, size_bytes: int) -> bool:
        """Store a product; False: there was no room."""
        self.dropped += max(0, batch - self.next_batch)
        self.next_batch = batch + 1
        if self.waiting_bytes + size_bytes > self._limit_bytes:
            self.dropped += 1
            self.full = True
            return False
        self._products.append((batch, size_bytes))
        self.product_bytes += size_bytes
        return True

    def send(self, budget_bytes: int, *, products: bool) -> Sent:
        """Take out what fits into one tick of the link; without `products`, housekeeping alone."""
        housekeeping = min(budget_bytes, self.housekeeping_bytes)
        self.housekeeping_bytes -= housekeeping
        left = budget_bytes - housekeeping if products else 0
        sent, done, last = 0, 0, None
        while left > 0 and self._products:
            batch, size = self._products[0]
            part = min(left, size)
            left -= part
            sent += part
            if part < size:
                self._products[0] = (batch, size - part)
                break
            self._products.popleft()
            done, last = done + 1, batch
        self.product_bytes -= sent
        if self.full and 10 * self.waiting_bytes <= 9 * self._limit_bytes:
            self.full = False
        return Sent(housekeeping, sent, done, last)
