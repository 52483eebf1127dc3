"""What runs inside the Python workers (E): getting one ready for TensorFlow, and reporting what it is.

A worker is ready once TensorFlow and Keras are imported with their thread counts and the garbage collector leaves
all that alone: PySpark's daemon collects after every task, which costs 170 ms a task with TensorFlow loaded.
"""

from __future__ import annotations

import contextlib
import gc
import os
import platform
import socket
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_WORTH_COLLECTING = 64 << 20
_SMALLEST_MODEL = 4 << 20  # graphs and functions weigh more than a few weights
_prepared = False
_gone = 0


@dataclass(frozen=True)
class WorkerReport:
    """One Python worker, as it describes itself.

    Attributes:
        pid: its process id.
        host: its host name.
        boot: the id of the running operating system, equal for processes on one machine.
        sees_scratch: whether it could read the driver's token file.
        warm: whether it had TensorFlow loaded when it reported.
        problem: why it could not be made ready, "" if it could.
        seconds: how long getting ready took.
        versions: of python, tensorflow, keras and zoo_lab; empty where unknown.
    """

    pid: int
    host: str
    boot: str
    sees_scratch: bool
    warm: bool
    problem: str
    seconds: float
    versions: dict[str, str]


def prepare(threads: int) -> None:
    """Load TensorFlow and Keras in this process for use by one Spark task at a time. Cheap when done before.

    Args:
        threads: intra-op threads of TensorFlow; operations themselves run one after another.
    """
    global _prepared
    if _prepared:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ["TF_NUM_INTRAOP_THREADS"] = str(threads)
    os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    import tensorflow

    with contextlib.suppress(RuntimeError):  # some other code has used TensorFlow here: too late to set
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    _exercise()
    spare_collections()
    _prepared = True


def spare_collections(gone: Iterable[int] = ()) -> None:
    """Free what is garbage by now, and let the daemon's collection after every task pass over all the rest.

    Args:
        gone: sizes in bytes of the models that were spared before and that nobody holds any more. They are in cycles,
            so only a collection of all that was spared frees them. It takes 170 ms: it waits for 64 MB of them.
    """
    global _gone
    _gone += sum(max(size, _SMALLEST_MODEL) for size in gone)
    if _gone >= _WORTH_COLLECTING:
        _gone = 0
        gc.unfreeze()
    gc.collect()
    gc.freeze()


def report_after_preparing(
    rows: Iterable[int], threads: int, token: tuple[str, str], hold: float
) -> Iterator[WorkerReport]:
    """Make this worker ready and describe it; a function for `mapPartitions`.

    Args:
        rows: the task's input; read to its end, since Spark kills a worker that leaves some.
        threads: for `prepare`; 0 prepares nothing.
        token: path and content of the driver's token file.
        hold: seconds that the task lasts at least, so that no worker gets two of one job.
    """
    for _ in rows:
        pass
    begin = time.monotonic()
    problem = _problem_of_preparing(threads) if threads else ""
    seconds = time.monotonic() - begin
    time.sleep(max(0.0, hold - seconds))
    yield _report(token, problem, seconds)


def boot_id() -> str:
    """Return what is equal for processes of one running machine: its boot id, or else the host's name."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return socket.gethostname()


def _report(token: tuple[str, str], problem: str, seconds: float) -> WorkerReport:
    return WorkerReport(
        pid=os.getpid(),
        host=socket.gethostname(),
        boot=boot_id(),
        sees_scratch=_reads(*token),
        warm=_prepared,
        problem=problem,
        seconds=seconds,
        versions=_versions(),
    )


def _problem_of_preparing(threads: int) -> str:
    try:
        prepare(threads)
    except Exception as error:  # noqa: BLE001 - the driver turns it into one message for all workers
        return f"{type(error).__name__}: {error}"
    return ""


def _exercise() -> None:
    """Run one tiny compiled training step, so that the first real one finds every lazy part loaded."""
    import keras
    import tensorflow

    layer = keras.layers.Dense(1)
    layer.build((None, 1))

    @tensorflow.function(autograph=False)  # autograph leaves a generated file in the temporary folder
    def step(x: tensorflow.Tensor) -> list[tensorflow.Tensor]:
        with tensorflow.GradientTape() as tape:
            loss = keras.ops.mean(layer(x, training=True))
        return tape.gradient(loss, [variable.value for variable in layer.trainable_variables])

    step(tensorflow.ones((1, 1)))


def _versions() -> dict[str, str]:
    import zoo_lab

    loaded = {name: sys.modules[name].__version__ for name in ("tensorflow", "keras") if name in sys.modules}
    return {"python": platform.python_version(), "zoo_lab": zoo_lab.__version__, **loaded}


def _reads(path: str, content: str) -> bool:
    try:
        return Path(path).read_text(encoding="ascii") == content
    except OSError:
        return False
