"""Runs that are killed, under a clock that jumps, end in the same marts as a build of everything.

The demo sells on; again and again a run is begun and killed at some moment, with the clock of this
computer set back or ahead for it by Debian's ``faketime``. What the last, whole run leaves is
compared row for row with a full refresh.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.bench_runs import TODAY
from benchmarks.measuring import address_of, figure, run_hub, sell_for
from orchestration.ops.demo import folder
from warehouse.business import load_business
from warehouse.database import open_warehouse

KILLED, QUICK_KILLED = 20, 2
LONGEST_SECONDS = 45.0
# Of the clock, in hours; most runs have the right one.
JUMPS = (0, 0, 0, -30, 9, -2)
FAKETIME = shutil.which("faketime")


def run(*, quick: bool = False) -> dict[str, dict[str, Any]]:
    """Measure; returns figure name -> value, limit, passes, unit.

    Raises:
        RuntimeError: ``faketime`` is not installed.
    """
    if not FAKETIME:
        raise RuntimeError("faketime is missing. Fix: apt install faketime")
    home = Path(tempfile.mkdtemp(prefix="hub-bench-"))
    home.chmod(0o755)
    os.environ["HUB_HOME"], os.environ["HUB_CONFIG_HOME"] = str(home), str(home / "config")
    # Superset is not needed here, and half of the time would go to it.
    try:
        run_hub("demo", "--today", TODAY, "--no-up")
        killed = _kill_runs(QUICK_KILLED if quick else KILLED)
        run_hub("run")
        incremental = _marts()
        run_hub("run", "--full-refresh")
        anew = _marts()
    finally:
        run_hub("down", "--all")
        shutil.rmtree(home, ignore_errors=True)
    different = [name for name in {*incremental, *anew} if incremental.get(name) != anew.get(name)]
    for name in sorted(different):
        print(f"{name} differs from a full refresh:")
        for left, rows, others in (("was", incremental, anew), ("is", anew, incremental)):
            only_here = sorted({*rows.get(name, ())} - {*others.get(name, ())})
            print(f"  {left} in {len(only_here)} rows: {only_here[:2]}")
    return {
        "runs killed before their end": figure(killed, ""),
        f"of {len(anew)} marts, different from a full refresh": figure(len(different), "", 0),
    }


def _kill_runs(count: int) -> int:
    """Sell something and kill the run for it; how many had not ended by themselves."""
    draw = random.Random(1)
    sandbox, hub = address_of("sandbox"), str(Path(sys.executable).with_name("hub"))
    killed = 0
    for number in range(count):
        sell_for(draw.randrange(600, 7_200), sandbox)
        hours, seconds = draw.choice(JUMPS), draw.uniform(2, LONGEST_SECONDS)
        stage = draw.choice([["--only", "sales"], []])
        command = [str(FAKETIME), "-f", f"{hours:+d}h", hub, "run", *stage]
        run = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        time.sleep(seconds)
        is_under_way = run.poll() is None
        if is_under_way:
            os.killpg(run.pid, signal.SIGKILL)
            killed += 1
        run.wait()
        print(
            f"{number + 1} of {count}: {' '.join(stage) or 'everything'}, clock {hours:+d} h, "
            f"{f'killed after {seconds:.0f} s' if is_under_way else 'had ended'}",
            flush=True,
        )
    return killed


def _marts() -> dict[str, list[str]]:
    from tests.dbt.building import mart_rows

    # A full refresh also answers anew, and says when.
    without = ("looked_at", "loaded_at")
    return mart_rows(open_warehouse(load_business(folder())), without)
