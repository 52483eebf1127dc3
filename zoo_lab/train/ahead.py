"""What a worker process has made ahead, and how another process of its executor gets at it (E).

Spark may give a process another part in every job. Where that happens, whoever gets a part takes what was made of it:
a process says in a file's name what it is making, writes it down when it is made, and one that finds neither makes it
itself. So nothing depends on a guess but time.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo_lab.train.meeting import alive

_PAUSE_SECONDS = 1e-3
_LOOK_EVERY = 50  # pauses between two looks whether the other one is alive
_PATIENCE = 2  # guesses that may fail before others have begun to hand over too

Arrays = dict[str, np.ndarray]


@dataclass
class Guesses:
    """How guesses at the first rows of the next job went, in this process.

    Attributes:
        right: rows that were made already, here or by another process.
        wrong: rows that nobody had made.
    """

    right: int = 0
    wrong: int = 0


class Ahead:
    """What one process makes ahead of one data set; the newest alone is kept.

    Args:
        folder: seen by the processes of one executor and by no others.
        run: what they work on.

    Attributes:
        making: what is made ahead, known by its `key`; None if nothing is.
        guesses: how they went.
    """

    def __init__(self, folder: Path, run: str) -> None:
        self.making: Any = None
        self.guesses = Guesses()
        self._folder = folder
        self._run = run
        self._offers: list[Offer] = []
        self._offered: Offer | None = None  # of what was guessed last
        self._guessed = False
        self._handing: Guesses | None = None  # how many had been right and wrong when it began

    @property
    def worthwhile(self) -> bool:
        """Whether guessing is: most guesses come true."""
        before = self._handing
        if before is None:
            return True
        right, wrong = self.guesses.right - before.right, self.guesses.wrong - before.wrong
        return wrong <= right + _PATIENCE

    def begin(self, making: Any, *, sure: bool) -> None:
        """Keep what is made ahead, and offer it to others where they may be the ones who are asked for it."""
        self.making = making
        if sure:
            return
        self._guessed, self._offered = True, None
        self._withdraw_but(1)  # the last one may be wanted still: not all tasks of a job begin at once
        if self._handing is not None:
            with contextlib.suppress(OSError):  # no room: whoever wants the rows makes them
                self._offered = Offer(self._path(making.key))
                self._offers.append(self._offered)
                making.when_made(self._offered.put)

    def used(self) -> None:
        """Note that what was made ahead is what was asked for."""
        self.making = None
        if self._guessed and self._offered is not None:
            self._offered.withdraw()
        self._note(right=True)

    def from_others(self, key: bytes) -> Arrays | None:
        """Return what another process has made of these rows, or None, and note whether there was anything."""
        if self.making is not None and not (self._guessed and self._offered):
            self.making.cancel()
        self.making, arrays = None, None
        if self._handing is not None:
            with contextlib.suppress(OSError):
                arrays = take(self._path(key))
        self._note(right=arrays is not None)
        return arrays

    def close(self) -> None:
        """Take back what is offered still."""
        self._withdraw_but(0)

    def _note(self, *, right: bool) -> None:
        """Count a guess; after the first one that fails processes hand over."""
        if not self._guessed:
            return
        self._guessed = False
        self.guesses.right += right
        self.guesses.wrong += not right
        if not right and self._handing is None:
            self._handing = Guesses(self.guesses.right, self.guesses.wrong)

    def _withdraw_but(self, count: int) -> None:
        while len(self._offers) > count:
            self._offers.pop(0).withdraw()

    def _path(self, key: bytes) -> Path:
        return self._folder / f"{self._run}-{key.hex()}"


class Offer:
    """What this process hands over once it is made.

    Args:
        path: of the file, but for its ending, which tells how far it is.
    """

    def __init__(self, path: Path) -> None:
        self._made = path.with_name(f"{path.name}.made")
        self._promise = path.with_name(f"{path.name}.by-{os.getpid()}")
        self._lock = threading.Lock()
        self._withdrawn = False
        path.parent.mkdir(parents=True, exist_ok=True)
        self._promise.touch()

    def put(self, arrays: Arrays | None) -> None:
        """Write the arrays down; None, or text among them, takes the promise back."""
        if arrays is None or any(array.dtype.hasobject for array in arrays.values()):
            self.withdraw()
            return
        try:
            with self._promise.open("wb") as file:
                np.lib.format.write_array(file, np.array(list(arrays)), allow_pickle=False)
                for array in arrays.values():
                    np.lib.format.write_array(file, array, allow_pickle=False)
        except OSError:  # no room: whoever wants them makes them
            self.withdraw()
            return
        with self._lock:
            if self._withdrawn:  # perhaps before the file was opened, which made it anew
                self._promise.unlink(missing_ok=True)
            else:
                self._promise.rename(self._made)

    def withdraw(self) -> None:
        """Delete what is there, unless another process has taken it."""
        with self._lock:
            self._withdrawn = True
            for path in (self._promise, self._made):
                path.unlink(missing_ok=True)


def take(path: Path) -> Arrays | None:
    """Return the arrays of an `Offer` at a path, waiting for them where they are promised; None where they are not."""
    made, pauses = path.with_name(f"{path.name}.made"), 0
    promise = next(path.parent.glob(f"{path.name}.by-*"), None)
    while not made.exists():
        gone = promise is None or not promise.exists()
        if not gone and pauses % _LOOK_EVERY == 0 and not alive(int(promise.name.rpartition("-")[2])):
            promise.unlink(missing_ok=True)
            gone = True
        if gone and not made.exists():
            return None
        pauses += 1
        time.sleep(_PAUSE_SECONDS)
    with made.open("rb") as file:
        names = np.lib.format.read_array(file, allow_pickle=False).tolist()
        arrays = {name: np.lib.format.read_array(file, allow_pickle=False) for name in names}
    made.unlink(missing_ok=True)
    return arrays
