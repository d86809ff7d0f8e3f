"""What several benchmarks measure with."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path


def peak_megabytes() -> float:
    """Peak memory of this program. On Linux ``ru_maxrss`` begins with what the parent held when
    it started us, so the kernel's own high-water mark of this address space is read instead."""
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE)
        if found:
            return int(found[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 if sys.platform == "linux" else 1024 * 1024)


def family_peak_megabytes() -> float:
    """Peak memory of this program and of the programs it started that still run, added up."""
    total = peak_megabytes()
    for path in Path("/proc/self/task").glob("*/children"):
        for child in path.read_text().split():
            status = Path(f"/proc/{child}/status")
            found = status.exists() and re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.M)
            total += int(found[1]) / 1024 if found else 0.0
    return total
