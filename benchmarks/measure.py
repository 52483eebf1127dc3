"""Small helpers that read what the operating system, Spark and its Java know."""

from __future__ import annotations

import gc
import json
import os
import platform
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np


def resident_megabytes(pids: Iterable[int]) -> float:
    """Return the largest resident memory among processes, in MB; 0 where the system does not tell."""
    return max((_resident(pid) for pid in pids), default=0.0)


def kind_of_file(path: Path) -> str:
    """Return what a temporary file is for: "shuffle", "broadcast" or "temporary"."""
    if path.name.startswith("shuffle_"):
        return "shuffle"
    by_python = any(folder.startswith("pyspark-") for folder in path.parts[:-1])
    return "broadcast" if by_python or path.name.startswith("broadcast_") else "temporary"


def files_below(folders: Iterable[Path]) -> dict[str, int]:
    """Return the number of files below the folders, by kind."""
    found = {"shuffle": 0, "broadcast": 0, "temporary": 0}
    for folder in folders:
        for path, _folders, names in os.walk(folder):
            for name in names:
                found[kind_of_file(Path(path, name))] += 1
    return found


def heap_megabytes(context: Any) -> float:
    """Return what the driver's Java holds in its heap after garbage collections, in MB.

    PySpark's RDDs are in cycles, and each holds its Java twin until Python's own collection, which comes seldom: some
    hundred iterations of them are up to 100 MB. Spark's cleaner, and the threads that have served results, let go of
    what they hold a moment after Java's first collection: the least of some counts.
    """
    gc.collect()
    java = context.sc._jvm.java.lang
    runtime, found = java.Runtime.getRuntime(), []
    for _ in range(5):
        java.System.gc()
        time.sleep(0.2)
        found.append(runtime.totalMemory() - runtime.freeMemory())
    return min(found) / 2**20


def spark_ui(context: Any, what: str) -> list[dict[str, Any]]:
    """Return what Spark's UI tells as JSON: "jobs", "stages" or "stages?status=complete"."""
    url = f"{context.sc.uiWebUrl}/api/v1/applications/{context.sc.applicationId}/{what}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)


def loopback_bytes() -> int:
    """Return the bytes that have passed this machine's loopback device; 0 where the system does not tell."""
    lines = [line.split(":", 1)[1].split() for line in _lines(Path("/proc/net/dev")) if line.strip().startswith("lo:")]
    return int(lines[0][0]) if lines else 0


def write_json(path: Path, figures: dict[str, Any]) -> None:
    """Write figures as JSON, in a folder that is made if needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=1), encoding="utf-8")


def machine() -> str:
    """Return what the figures were measured on."""
    model = platform.processor() or platform.machine()
    for line in _lines(Path("/proc/cpuinfo")):
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = next((line.split()[1] for line in _lines(Path("/proc/meminfo"))), "0")
    gigabytes = int(memory) / 2**20
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores {model}, {gigabytes:.0f} GB, {system}"


def median_and_p90(seconds: list[float]) -> tuple[float, float]:
    """Return median and 90th percentile in milliseconds."""
    values = 1000 * np.asarray(seconds)
    return float(np.median(values)), float(np.percentile(values, 90))


def _resident(pid: int) -> float:
    found = [line for line in _lines(Path(f"/proc/{pid}/status")) if line.startswith("VmRSS")]
    return int(found[0].split()[1]) / 1024 if found else 0.0


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
