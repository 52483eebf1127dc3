"""How long `import zoo_lab` takes, as whole processes against an empty one."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np


def import_seconds(runs: int = 5) -> float:
    """Return the median of what `import zoo_lab` adds to a Python process, in turns with one that imports nothing."""
    added = [_process("import zoo_lab") - _process("pass") for _ in range(runs + 1)]
    return float(np.median(added[1:]))


def _process(code: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begin
