"""Small helpers that read what the operating system knows."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from pathlib import Path

import numpy as np


def resident_megabytes(pids: Iterable[int]) -> float:
    """Return the largest resident memory among processes, in MB; 0 where the system does not tell."""
    return max((_resident(pid) for pid in pids), default=0.0)


def files_below(folders: Iterable[Path]) -> int:
    """Return the number of files below the folders."""
    return sum(len(names) for folder in folders for _path, _folders, names in os.walk(folder))


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
