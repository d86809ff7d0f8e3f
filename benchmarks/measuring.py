"""What several benchmarks measure with."""

from __future__ import annotations

import json
import os
import re
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

HUB = Path(sys.executable).with_name("hub")


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
    for child in _children():
        status = Path(f"/proc/{child}/status")
        found = status.exists() and re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.M)
        total += int(found[1]) / 1024 if found else 0.0
    return total


def family_cpu_seconds() -> float:
    """Work of this program and of all that it started, which a busy machine changes little."""
    total = sum(os.times()[:4])
    for child in _children():
        stat = Path(f"/proc/{child}/stat")
        if stat.exists():
            ticks = stat.read_text().rpartition(")")[2].split()[11:15]
            total += sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    return total


def figure(value: float, unit: str = "s", limit: float | None = None) -> dict[str, Any]:
    """A measured value, and whether it is within its limit."""
    passes = None if limit is None else value <= limit
    return {"value": value, "unit": unit, "limit": limit, "passes": passes}


def p95(values: list[float]) -> float:
    """What 95 of 100 values do not exceed."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def run_hub(*arguments: str) -> str:
    """Run the command line as a person would; what it said."""
    done = subprocess.run(
        [str(HUB), *arguments],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return done.stdout


def address_of(service: str) -> str:
    """Where a service of the hub answers."""
    found = {one["name"]: one["address"] for one in json.loads(run_hub("status", "--json"))}
    return str(found[service])


def sell_for(seconds: float, sandbox: str) -> int:
    """Let so much time pass in the sandbox at once; the number of sales in it."""
    answer = httpx.post(f"{sandbox}/sandbox/advance", json={"seconds": seconds}, timeout=60)
    return int(answer.raise_for_status().json()["happened"].get("sale", 0))


def _children() -> Iterator[str]:
    """Programs that this one started and that still run; nothing where there is no ``/proc``."""
    for path in Path("/proc/self/task").glob("*/children"):
        yield from path.read_text().split()
