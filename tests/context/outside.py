"""Runs a piece of Python in a process of its own: one process has one JVM, and the session's is taken.

`run_outside` starts a process for one piece. `outside` starts one that stays and runs one piece after another, as a
kernel does its cells: loading TensorFlow and starting Spark take most of the time of a small piece.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_PROJECT = Path(__file__).resolve().parents[2]
_SECONDS = 600  # an end to what hangs, even on a slow and busy machine

# What the pieces and their Java print goes to stderr and so to a file, what Python prints is the answer.
_KERNEL = """
import contextlib, io, json, os, sys, traceback
_answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
for _line in sys.stdin:
    _code, sys.argv[1:] = json.loads(_line)
    _printed, _error = io.StringIO(), None
    try:
        with contextlib.redirect_stdout(_printed):
            exec(compile(_code, "<cell>", "exec"), globals())
    except BaseException:
        _error = traceback.format_exc()
    print(json.dumps([_printed.getvalue(), _error]), file=_answers, flush=True)
"""


class Outside:
    """A process that runs pieces of Python in its __main__; `outside` makes it."""

    def __init__(self, errors: IO[str]) -> None:
        self._errors = errors
        self._process = subprocess.Popen(
            [sys.executable, "-c", _KERNEL],
            env={**os.environ, "PYTHONPATH": _python_path()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )

    def run(self, code: str, *arguments: str) -> str:
        """Run `code` with `arguments` in sys.argv, expect it to end well, and return what it printed."""
        end = threading.Timer(_SECONDS, self._process.kill)
        end.start()
        try:
            self._process.stdin.write(json.dumps([textwrap.dedent(code), arguments]) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        finally:
            end.cancel()
        if not line:
            self._errors.seek(0)  # not before: the process writes where we stand
            msg = f"the process ended with {self._process.wait()}:\n{self._errors.read()}"
            raise AssertionError(msg)
        printed, error = json.loads(line)
        assert error is None, printed + error
        return printed

    def close(self) -> None:
        """End the process as a kernel ends."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.communicate("", timeout=60)
        self._process.kill()


@contextlib.contextmanager
def outside() -> Iterator[Outside]:
    """Run a process that runs pieces of Python until the block ends."""
    with tempfile.TemporaryFile("w+") as errors:
        process = Outside(errors)
        try:
            yield process
        finally:
            process.close()


def run_outside(code: str, *arguments: str, python: str | Path = sys.executable, **environment: str | None) -> str:
    """Run `code`, expect it to end well, and return what it printed; None takes a variable away."""
    return _run(code, arguments, environment, expected=0, python=python).stdout


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
    code: str,
    arguments: tuple[str, ...],
    environment: dict[str, str | None],
    expected: int,
    python: str | Path = sys.executable,
) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "PYTHONPATH": _python_path(), **environment}
    done = subprocess.run(
        [python, "-c", textwrap.dedent(code), *arguments],
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == expected, done.stdout + done.stderr
    return done


def _python_path() -> str:
    return os.pathsep.join(filter(None, [str(_PROJECT), os.environ.get("PYTHONPATH")]))
