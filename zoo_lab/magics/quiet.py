"""Imports TensorFlow without its start-up notes, which would fill the cell of the user's first `import keras`."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator


def load_tensorflow() -> None:
    """Import TensorFlow in this process; at once when that is done. A failure is left to the first use to tell."""
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with without_standard_error(), contextlib.suppress(ImportError):
        import tensorflow  # noqa: F401


@contextlib.contextmanager
def without_standard_error() -> Iterator[None]:
    """Drop what native code writes to the standard error; if the block fails, it is written after all.

    TF_CPP_MIN_LOG_LEVEL does not reach what TensorFlow logs while it loads (tensorflow/tensorflow#100442).
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as kept:
        before = os.dup(2)
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(before, 2)
            kept.seek(0)
            os.write(2, kept.read())
            raise
        finally:
            os.dup2(before, 2)
            os.close(before)
