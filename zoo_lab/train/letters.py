"""What an iteration starts from, on its way to the workers: weights and a small object, in one file of the driver.

Spark's broadcast pickles what it is given: copies of the weights on the driver, and on every worker again. A letter is
a file that Spark sends as it lies there. To `Broadcast.value` it is the pickle of one `bytes`; a worker maps the
weights within instead, and the driver lets new ones arrive in the other one of its two letters.
"""

from __future__ import annotations

import contextlib
import itertools
import mmap
import os
import pickle
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_lab.train.memory import set_aside

if TYPE_CHECKING:
    from pyspark import Broadcast, SparkContext

_PICKLED = b"\x80\x04\x8e"  # protocol 4, a `bytes` whose length follows in 8
_LENGTH = struct.Struct("<q")
_HEAD = struct.Struct("<qq8s")  # bytes of weights, of the object; dtype of the weights
_START = 64  # of the weights: TensorFlow takes aligned arrays as they are
_CONTENT = len(_PICKLED) + _LENGTH.size
_SKIPPED = _START - _CONTENT


class Letters:
    """Two letters of a run, sent in turn.

    Args:
        folder: returns a folder with room for so many bytes: shared memory if there is any left.
        name: of the files.
        count, dtype: of the flat weights.
    """

    def __init__(self, folder: Callable[[int], Path], name: str, count: int, dtype: Any) -> None:
        dtype, room = np.dtype(dtype), 2 * (_START + count * np.dtype(dtype).itemsize)
        try:
            self._files = _files(folder(room), name, count, dtype)
        except OSError:  # somebody else took the room
            self._files = _files(folder(sys.maxsize), name, count, dtype)
        self._values = [np.memmap(file, dtype, "r+", _START, (count,)).view(np.ndarray) for file in self._files]
        self._newest = 0
        self._numbers = itertools.count()

    def blank(self) -> np.ndarray:
        """Return the values of the letter that was not sent last; they are valid until it is filled again."""
        return self._values[1 - self._newest]

    def send(self, context: SparkContext, values: np.ndarray, rest: Any) -> Broadcast:
        """Return a broadcast of `values` and a picklable object, for `opened`; nothing is copied if they are `blank`'s.

        The caller destroys it.
        """
        if values is not self._values[self._newest]:
            if values is not self.blank():
                self.blank()[:] = values
            self._newest = 1 - self._newest
        file = self._files[self._newest]
        _seal(file, values, pickle.dumps(rest, pickle.HIGHEST_PROTOCOL))
        if context._encryption_enabled:
            return context.broadcast(file.read_bytes()[_CONTENT:-1])
        # Spark deletes the file of a broadcast at a time of its own choice, so each has a name of its own
        link = file.with_name(f"{file.name}-{next(self._numbers)}")
        os.link(file, link)
        return _broadcast(context, link)

    def close(self) -> None:
        """Delete the files; arrays that were given out stay valid, and hold their memory as long as they live."""
        self._values = []
        for file in self._files:
            file.unlink(missing_ok=True)


def opened(letter: Broadcast) -> tuple[np.ndarray, Any]:
    """Return the weights and the object of a letter. For the workers, which may write to them without effect."""
    path = getattr(letter, "_path", None)
    if path is None:  # it came encrypted
        content = memoryview(letter.value)
    else:
        with contextlib.closing(os.fdopen(os.open(path, os.O_RDONLY), "rb")) as file:
            content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))[_CONTENT:]
    weights, rest, dtype = _HEAD.unpack_from(content)
    end = _SKIPPED + weights
    values = np.frombuffer(content[_SKIPPED:end], np.dtype(dtype.rstrip(b"\0").decode()))
    return values, pickle.loads(content[end : end + rest])


def _files(folder: Path, name: str, count: int, dtype: np.dtype) -> list[Path]:
    files = [folder / f"{name}-{number}" for number in range(2)]
    try:
        for file in files:
            with file.open("wb") as opened:
                set_aside(opened, _START + count * dtype.itemsize)
    except OSError:
        for file in files:
            file.unlink(missing_ok=True)
        raise
    return files


def _seal(file: Path, values: np.ndarray, rest: bytes) -> None:
    """Write what stands before and after the values."""
    length = _SKIPPED + values.nbytes + len(rest)
    head = _PICKLED + _LENGTH.pack(length) + _HEAD.pack(values.nbytes, len(rest), values.dtype.str.encode())
    with file.open("r+b") as opened:
        opened.write(head.ljust(_START, b"\0"))
        opened.seek(_START + values.nbytes)
        opened.write(rest + pickle.STOP)
        opened.truncate()


def _broadcast(context: SparkContext, path: Path) -> Broadcast:
    """Return a broadcast whose pickle is there already, where PySpark would write it."""
    from pyspark import Broadcast

    made = Broadcast.__new__(Broadcast)
    made._path, made._sc, made._pickle_registry = str(path), context, context._pickled_broadcast_vars
    made._python_broadcast = context._jvm.PythonRDD.setupBroadcast(str(path))
    made._jbroadcast = context._jsc.broadcast(made._python_broadcast)
    return made
