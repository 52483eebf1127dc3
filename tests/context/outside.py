"""Runs a piece of Python in a process of its own: one process has one JVM, and the session's is taken."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[2]
_SECONDS = 600  # an end to what hangs, even on a slow and busy machine


def run_outside(code: str, *arguments: str, **environment: str | None) -> str:
    """Run `code`, expect it to end well, and return what it printed; None takes a variable away."""
    return _run(code, arguments, environment, expected=0).stdout


def fail_outside(code: str, *arguments: str, **environment: str | None) -> str:
    """Run `code`, expect it to end with an error, and return what it wrote to stderr."""
    return _run(code, arguments, environment, expected=1).stderr


def bin_without_java(folder: Path) -> str:
    """Return a PATH, made in `folder`, with what Spark's scripts call but no Java."""
    for program in ("bash", "sh", "ps", "dirname", "cat", "ls"):
        found = next(place for place in ("/usr/bin", "/bin") if Path(place, program).exists())
        (folder / program).symlink_to(Path(found, program))
    return str(folder)


def _run(
    code: str, arguments: tuple[str, ...], environment: dict[str, str | None], expected: int
) -> subprocess.CompletedProcess[str]:
    paths = filter(None, [str(_PROJECT), os.environ.get("PYTHONPATH")])
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **environment}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == expected, done.stdout + done.stderr
    return done
