"""The process that Spark forks an executor's Python workers from, with TensorFlow loaded in it once for all (E).

Spark starts it as `spark.python.daemon.module`. A worker that begins, or replaces one that died, has TensorFlow at
once, and what the packages hold in memory is there once an executor. Importing TensorFlow starts no thread of its own
(its pools begin with its first operation, in the workers), so that forking is safe.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
from collections.abc import Iterator

_LOADED = ("numpy", "tensorflow", "keras", "pyspark.worker")


def main() -> None:
    """Load what all workers need, then serve Spark until it closes the standard input."""
    with _standard_output_aside():
        load()
    from pyspark.daemon import manager

    manager()


def load(names: tuple[str, ...] = _LOADED) -> None:
    """Import modules for the workers to come; what cannot be imported is left to them, who can say so."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # more are threads, which a fork does not take along
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    if "numpy" in sys.modules:
        os.register_at_fork(after_in_child=_draw_anew)
    gc.collect()
    gc.freeze()  # a collection writes on what it looks at, and so copies the memory that workers share


def _draw_anew() -> None:
    """Give a worker random numbers of its own; Python does that by itself for the module `random`."""
    import numpy

    numpy.random.seed()


@contextlib.contextmanager
def _standard_output_aside() -> Iterator[None]:
    """Send to the standard error what is printed: on the standard output Spark expects a port and nothing else."""
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


if __name__ == "__main__":
    main()
