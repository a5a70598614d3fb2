"""What memory a node in processes takes: `python -m benchmarks.memory TICKS`, as one JSON object of MB.

`inference`: resident in the inference process as the run ends; `others`: in the largest of the other processes;
`growth`: of all of them together, from a third of the run to its end. Pages that processes share count in each.
Samples what the kernel says of the launcher's children while they run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import FLY

SAMPLE_S = 0.1
INFERENCE = "inference"
Sample = dict[str, float]
"""MB resident by process"""


def main() -> None:
    """The command."""
    with tempfile.TemporaryDirectory(prefix="flightsw-bench-") as folder:
        flight = ["run", "--json", "--duration", f"{sys.argv[1]}s", "--execute", "sample:50", "--out", f"{folder}/run"]
        launcher = subprocess.Popen([sys.executable, "-c", FLY, *flight], stdout=subprocess.DEVNULL)
        samples = []
        while launcher.poll() is None:
            samples.append(_sample(launcher.pid))
            time.sleep(SAMPLE_S)
    everybody = max(map(len, samples))
    whole = [sample for sample in samples if len(sample) == everybody]
    early, last = whole[len(whole) // 3], whole[-1]
    others = max(size for name, size in last.items() if name != INFERENCE)
    growth = sum(last.values()) - sum(early.values())
    print(json.dumps({"inference": last[INFERENCE], "others": others, "growth": growth}))


def _sample(launcher: int) -> Sample:
    """Of the children that there are; one that ends meanwhile is left out."""
    sample: Sample = {}
    try:
        children = Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split()
        for child in children:
            title = Path(f"/proc/{child}/cmdline").read_text().partition("\0")[0]
            resident = next(line for line in Path(f"/proc/{child}/status").read_text().splitlines() if "VmRSS" in line)
            if title.startswith("flightsw:"):
                sample[title.split()[0].removeprefix("flightsw:")] = int(resident.split()[1]) / 1024.0
    except (OSError, StopIteration):
        pass
    return sample


if __name__ == "__main__":
    main()
