"""Clocks and their upper limits: cpufreq of processors and devfreq of a Jetson's GPU.

A limit is asked for as a share of the nominal clock, written, and read back: what was read back is what was applied.
Where it can't be written (no root) it stays what it was, and batches are duty-cycled for the rest (`hil.hands`).
"""

from __future__ import annotations

from collections.abc import Sequence

from flightsw.devices.board import Capability, Limit, Reading, Standing, missing
from flightsw.messages.board import Quality
from hil.tree import Tree, Unavailable

GPUS = ("gpu", "ga10b", "gv11b", "gp10b", "gm20b", "gpu-gpc-0")
"""device tree names of Jetson's GPUs, Nano to Thor"""


class Domain:
    """One clock domain: files in a folder, values in units of `per_mhz` to the MHz."""

    def __init__(self, tree: Tree, folder: str, names: tuple[str, str, str, str], per_mhz: int) -> None:
        """`names`: of the files with the current clock, the limit, the top, and the steps."""
        self._tree = tree
        self.name = folder.rpartition("/")[2]
        self._current, self._limit, top, steps = (f"{folder}/{name}" for name in names)
        self._per_mhz = per_mhz
        self._initial = tree.text(self._limit)
        try:
            self._steps = sorted(int(step) for step in tree.text(steps).split())
        except (Unavailable, ValueError):
            self._steps = []
        # A GPU's max_freq is its limit now, not its top: that is the last of its steps.
        self.top_mhz = max([tree.number(top), *self._steps]) / per_mhz

    def current_mhz(self) -> float:
        """Raises Unavailable."""
        return self._tree.number(self._current) / self._per_mhz

    def limit_mhz(self) -> float:
        """Raises Unavailable."""
        return self._tree.number(self._limit) / self._per_mhz

    def set_limit(self, share: float) -> None:
        """To the highest step that is no more than this share of the top, or the lowest. Raises Unavailable."""
        wanted = share * self.top_mhz * self._per_mhz
        if self._steps:
            fitting = [step for step in self._steps if step <= wanted * (1.0 + 1e-9)]
            wanted = fitting[-1] if fitting else self._steps[0]
        if self._tree.number(self._limit) != round(wanted):
            self._tree.write(self._limit, str(round(wanted)))

    def restore(self) -> None:
        """Raises Unavailable."""
        if self._tree.text(self._limit) != self._initial:
            self._tree.write(self._limit, self._initial)

    def is_writable(self) -> str | None:
        """Why not; None: it is."""
        try:
            self._tree.write(self._limit, self._tree.text(self._limit))
        except Unavailable as error:
            return str(error)
        return None


class Clocks:
    """Domains that are limited together; the slowest counts."""

    def __init__(self, what: str, domains: Sequence[Domain]) -> None:
        self._what = what
        self._domains = domains
        self.top_mhz = domains[0].top_mhz

    def capability(self) -> Capability:
        source = f"{self._what} {', '.join(domain.name for domain in self._domains)}"
        why_not = next((why for domain in self._domains if (why := domain.is_writable()) is not None), None)
        if why_not is None:
            return Capability("clock", Standing.PRESENT, source)
        return Capability("clock", Standing.DEGRADED, source, f"read only, batches are duty-cycled instead: {why_not}")

    def clock(self) -> Reading:
        try:
            return Reading(min(d.current_mhz() for d in self._domains), Quality.MEASURED, self._what)
        except Unavailable as error:
            return missing(self._what, str(error))

    def limit(self, share: float) -> Limit:
        reason = ""
        for domain in self._domains:
            try:
                domain.set_limit(share)
            except Unavailable as error:
                reason = str(error)
        try:
            applied = min(min(1.0, domain.limit_mhz() / domain.top_mhz) for domain in self._domains)
        except Unavailable as error:
            return Limit(share, 1.0, self._what, str(error))
        return Limit(share, applied, self._what, reason)

    def restore(self) -> None:
        for domain in self._domains:
            domain.restore()


def cpu_clocks(tree: Tree) -> Clocks | None:
    """cpufreq of all cores; None: there is none, as on most virtual machines."""
    names = ("scaling_cur_freq", "scaling_max_freq", "cpuinfo_max_freq", "scaling_available_frequencies")
    domains = _domains(tree, tree.glob("/sys/devices/system/cpu/cpufreq/policy*"), names, 1000)
    return Clocks("cpufreq", domains) if domains else None


def gpu_clocks(tree: Tree) -> Clocks | None:
    """devfreq of a Jetson's GPU; None: none is found."""
    found = []
    for folder in tree.glob("/sys/class/devfreq/*"):
        try:
            name = tree.text(f"{folder}/device/of_node/name")
        except Unavailable:
            name = folder.rpartition("/")[2].rpartition(".")[2]
        if name in GPUS:
            found.append(folder)
    names = ("cur_freq", "max_freq", "max_freq", "available_frequencies")
    domains = _domains(tree, found, names, 1_000_000)
    return Clocks("devfreq", domains) if domains else None


def _domains(tree: Tree, folders: Sequence[str], names: tuple[str, str, str, str], per_mhz: int) -> list[Domain]:
    domains = []
    for folder in folders:
        try:
            domains.append(Domain(tree, folder, names, per_mhz))
        except Unavailable:
            continue
    return domains
