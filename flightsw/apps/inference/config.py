"""What the payload manager is told: decoded from `[apps.inference]` of a scenario, ranges checked here."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta

from flightsw.apps.inference.sourceconfig import LOWEST_PRIORITY, AnySource, check_names
from flightsw.apps.own import AppConfig
from flightsw.devices.memory_config import MemoryConfig
from flightsw.errors import ConfigError

_SAMPLE = re.compile(r"^sample:([1-9][0-9]{0,8})$")


Weight = Annotated[float, Meta(gt=0.0, le=1e6)]


class InferenceConfig(AppConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Payload manager: sources of work, queue, governor."""

    model: str = "cloudseg"
    """card of the model: shipped name or path"""
    execute: str = "every"
    """which batches are really computed: "every", "sample:N" (every Nth) or "none"; timing is the same"""
    frame_period_s: Annotated[float, Meta(gt=0.0, le=3600.0)] = 1.0
    """an image along the ground track every so often; this and the next two only where no `sources` are named"""
    frame_scenes: Annotated[int, Meta(ge=1, le=10_000_000)] = 16
    """tiles that an image is cut into; for a rack, what arrives together: tens of thousands a second"""
    min_cos_zenith: Annotated[float, Meta(ge=-1.0, le=1.0)] = 0.2
    """imaging by day only: least cosine of the Sun's zenith angle below"""
    sources: tuple[AnySource, ...] = ()
    """where work comes from; none named: imaging along the ground track by day, as `frame_*` say"""
    priority_weights: tuple[Weight, Weight, Weight, Weight] = (8.0, 4.0, 2.0, 1.0)
    """what a scene of priority 1 to 4 is worth, done before its deadline, times the quality of its answer"""
    ageing_s: Annotated[float, Meta(gt=0.0, le=1e6)] = 600.0
    """waiting so long makes up for one step of priority"""
    admission: bool = False
    """refuse at arrival what the law foresees can't be served before its deadline"""
    queue_scenes: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 2048
    deadline_s: Annotated[float, Meta(gt=0.0, le=1e6)] = 1200.0
    """a scene that has waited longer is dropped"""
    batch_scenes: Annotated[int, Meta(ge=1, le=65_536)] = 8
    """at most; a rack works on hundreds at once for each of its accelerators"""
    batch_wait_s: Annotated[float, Meta(ge=0.0, le=3600.0)] = 0.0
    """a batch that is not full is waited for so long, counted from its first scene"""
    drain_s: Annotated[float, Meta(gt=0.0, le=1e5)] = 120.0
    """the queue is meant to be served within so long: that is the demand"""
    dwell_ticks: Annotated[int, Meta(ge=1, le=100000)] = 5
    """least ticks in a mode before a higher one"""
    margin_w: Annotated[float, Meta(ge=0.0, le=1e5)] = 0.5
    """a higher mode must fit the caps by so much"""
    gate_ticks: Annotated[int, Meta(ge=1, le=1_000_000)] = 120
    """a device whose idle power has not fitted the caps for so long is powered down; it costs a boot to come back"""
    revive_ticks: Annotated[int, Meta(ge=10, le=1_000_000)] = 300
    """a device that has stayed dark for so long although it is wanted on is switched off and on again: a hardware trip
    over temperature latches until then"""
    grant_stale_ticks: Annotated[int, Meta(ge=1, le=100000)] = 5
    """caps older than this count as none"""
    session_s: Annotated[float, Meta(gt=0.0, le=1e6)] | None = None
    """the payload is on for so long at a stretch, its boot included; None: whenever it may be"""
    session_period_s: Annotated[float, Meta(gt=0.0, le=1e7)] = 5400.0
    """from one session's start to the next one's"""
    session_start_s: Annotated[float, Meta(ge=0.0, le=1e7)] = 0.0
    """of the first session, after the start of the run"""
    blobs: str | None = None
    """folder of files named by their sha256: where model operations fetch from; None: they are refused"""
    memory: MemoryConfig | None = None
    """the payload's memory, in which upsets flip bits, and what guards it; None: upsets are told, and harm nothing"""

    def __post_init__(self) -> None:
        if self.execute not in ("every", "none") and not _SAMPLE.match(self.execute):
            raise ConfigError(f'apps.inference.execute = "{self.execute}": must be "every", "none" or "sample:N"')
        if self.session_s is not None and self.session_s > self.session_period_s:
            raise ConfigError(
                f"apps.inference.session_s = {self.session_s}: must be at most session_period_s = "
                f"{self.session_period_s}"
            )
        check_names(self.sources)
        if list(self.priority_weights) != sorted(self.priority_weights, reverse=True):
            raise ConfigError(
                f"apps.inference.priority_weights = {self.priority_weights}: must not rise from priority 1 to "
                f"{LOWEST_PRIORITY}"
            )
        if self.batch_scenes > self.queue_scenes:
            raise ConfigError(
                f"apps.inference.batch_scenes = {self.batch_scenes}: must be at most queue_scenes = {self.queue_scenes}"
            )

    @property
    def execute_stride(self) -> int:
        """Every how many batches one is really computed; 0: none."""
        match = _SAMPLE.match(self.execute)
        return int(match[1]) if match else int(self.execute == "every")
