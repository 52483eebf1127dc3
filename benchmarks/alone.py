"""Runs a benchmark in a process of its own: a process has one Spark, and memory counts from its start."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PROJECT = Path(__file__).resolve().parent.parent


def run_alone(function: str, **arguments: Any) -> Any:
    """Return what "benchmarks.module:function" returns for these arguments in a new process; both must be JSON."""
    with own_temporary_folder() as folder:
        answer = folder / "answer.json"
        paths = filter(None, [str(_PROJECT), os.environ.get("PYTHONPATH")])
        own = {"PYTHONPATH": os.pathsep.join(paths), "TMPDIR": str(folder)}
        variables = {"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ, **own}
        command = [sys.executable, "-m", "benchmarks.alone", function, json.dumps(arguments), str(answer)]
        subprocess.run(command, env=variables, cwd=_PROJECT, check=True)
        return json.loads(answer.read_text(encoding="utf-8"))


@contextlib.contextmanager
def own_temporary_folder() -> Iterator[Path]:
    """Yield a folder that is there for the time being, with a short name: it will hold paths of sockets."""
    with tempfile.TemporaryDirectory(prefix="zb-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def main() -> None:
    """Call the function named by the command line and write its answer."""
    module, _, name = sys.argv[1].partition(":")
    answer = getattr(importlib.import_module(module), name)(**json.loads(sys.argv[2]))
    Path(sys.argv[3]).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
