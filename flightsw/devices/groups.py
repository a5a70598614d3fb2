"""Groups of cells that touch: what a detection network's mask is counted by. Pure.

Eight neighbours; masks of detections are sparse, so that walking the cells that are set beats an array's passes.
Called by the engine, and by the scripts that score detections.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Group = tuple[list[int], list[int]]
"""rows and columns of its cells: an index of the mask"""


def groups(mask: npt.NDArray[np.bool_]) -> list[Group]:
    """Of a mask (rows, columns), in the order of their first cells."""
    rows, columns = np.nonzero(mask)
    left = dict.fromkeys(zip(rows.tolist(), columns.tolist(), strict=True))
    found = []
    while left:
        first = next(iter(left))
        del left[first]
        group, edge = [first], [first]
        while edge:
            row, column = edge.pop()
            for near in _around(row, column):
                if near in left:
                    del left[near]
                    group.append(near)
                    edge.append(near)
        found.append(([row for row, _ in group], [column for _, column in group]))
    return found


def _around(row: int, column: int) -> list[tuple[int, int]]:
    return [(row + down, column + across) for down in (-1, 0, 1) for across in (-1, 0, 1) if down or across]
