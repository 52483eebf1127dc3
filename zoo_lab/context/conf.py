"""The Spark properties that zoo_lab sets, each with its reason; what the user or the machine sets wins."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zoo_lab.context.master import Master

LOOPBACK = "127.0.0.1"
_EVERYWHERE = ("local", "local-cluster", "cluster")
_HERE = ("local", "local-cluster")
_UNIX = os.name == "posix"
_DAEMON = "zoo_lab.context.daemon"
_SOCKET_PATH_LIMIT = 104  # macOS; Linux takes 108


@dataclass(frozen=True)
class Row:
    """One property.

    Attributes:
        name: the property.
        value: its value; "" leaves it to Spark.
        reason: why it is set.
        kinds: the kinds of master for which it is set.
    """

    name: str
    value: str
    reason: str
    kinds: tuple[str, ...] = _EVERYWHERE


def table(
    master: Master,
    *,
    threads: int,
    driver_memory: str,
    python_path: str = "",
    python: str = "",
    temporary: Path | None = None,
    java_options: str = "",
) -> list[Row]:
    """Return the rows that hold for `master`.

    Args:
        master: the master to run on.
        threads: TensorFlow threads of one worker slot.
        driver_memory: heap of the driver's JVM.
        python_path: where workers find zoo_lab, "" where it is installed.
        python: the Python of the workers; default the one that runs.
        temporary: the context's temporary folder; default the system's.
        java_options: with which a Java of this machine starts sooner.
    """
    python = python or sys.executable
    executor_memory = f"{master.executor_megabytes}m" if master.executor_megabytes else ""
    rows = [
        # name, value, why
        Row("spark.driver.memory", driver_memory, "Spark's 1g is short for collecting DataFrames", _HERE),
        Row("spark.executor.memory", executor_memory, "an executor that asks for more than it has never starts"),
        Row("spark.pyspark.python", python, "workers would start any python3 of the PATH"),
        Row("spark.pyspark.driver.python", sys.executable, "the driver is this process"),
        Row("spark.executorEnv.PYTHONPATH", python_path, "workers find zoo_lab when it runs from its sources"),
        Row("spark.executorEnv.TF_NUM_INTRAOP_THREADS", str(threads), "slots share the cores instead of fighting"),
        Row("spark.executorEnv.TF_NUM_INTEROP_THREADS", "1", "one task runs one graph"),
        Row("spark.executorEnv.TF_CPP_MIN_LOG_LEVEL", "2", "start-up chatter of TensorFlow hides real messages"),
        Row("spark.executorEnv.KERAS_BACKEND", "tensorflow", "the compiled training step is TensorFlow's"),
        # glibc gives large arrays back to the system at once, and the next iteration pays for every page anew
        Row("spark.executorEnv.MALLOC_MMAP_MAX_", "0", "a gradient's memory is there again for the next one"),
        Row("spark.executorEnv.MALLOC_TRIM_THRESHOLD_", str(1 << 30), "the same, up to 1 GB a worker"),
        Row("spark.executorEnv.MALLOC_TOP_PAD_", str(64 << 20), "memory grows in few steps"),
        Row("spark.executorEnv.TMPDIR", str(temporary or ""), "TensorFlow leaves generated files behind", _HERE),
        Row("spark.local.dir", str(temporary or ""), "Spark's files go too when Java is killed", _HERE),
        Row("spark.python.unix.domain.socket.dir", _socket_folder(temporary), "Spark leaves sockets behind", _HERE),
        Row(
            "spark.executor.extraJavaOptions", java_options, "they start sooner, as the driver does", ("local-cluster",)
        ),
        Row("spark.port.maxRetries", "100", "on a shared server the UI ports of sixteen other notebooks may be taken"),
        Row("spark.python.daemon.module", _DAEMON, "workers are forked with TensorFlow loaded: seconds and memory"),
        Row("spark.python.worker.reuse", "true", "a new worker compiles its model anew: seconds per task"),
        Row(
            "spark.python.unix.domain.socket.enabled",
            "true" if _UNIX else "",
            "half the cost of TCP between executor and worker",
        ),
        Row("spark.sql.execution.arrow.pyspark.enabled", "true", "DataFrames cross to Python in columns, not rows"),
        Row("spark.sql.execution.arrow.pyspark.fallback.enabled", "true", "types Arrow lacks still arrive, slower"),
        Row(
            "spark.sql.execution.pyspark.udf.simplifiedTraceback.enabled",
            "false",
            "it gives SQL other workers than RDDs have: TensorFlow twice, and those of SQL are not kept alive",
        ),
        Row("spark.task.maxDirectResultSize", "64m", "a larger result takes a second trip; gradients exceed 1m"),
        Row("spark.broadcast.compress", "false", "float32 weights do not compress; trying costs time"),
        Row("spark.broadcast.checksum", "false", "each side computes it over all weights; TCP has one of its own"),
        Row("spark.shuffle.compress", "false", "float32 gradients do not compress either"),
        Row("spark.shuffle.checksum.enabled", "false", "it only tells why a block is damaged, after the fact"),
        Row("spark.shuffle.sort.bypassMergeThreshold", "1", "else each gradient is written to disk twice"),
        Row("spark.locality.wait", "2s", "a task waits for the executor that holds its shard, but not for ever"),
        Row("spark.speculation", "false", "a second copy of a training step only takes the cores of the others"),
        Row("spark.driver.host", LOOPBACK, "nothing is reachable from outside, and no name has to resolve", _HERE),
        Row("spark.driver.bindAddress", LOOPBACK, "the same", _HERE),
        Row("spark.ui.showConsoleProgress", "false", "its bar overwrites the cell's output"),
        Row("spark.ui.retainedJobs", "200", "thousands of iterations must not fill the driver's memory"),
        Row("spark.ui.retainedStages", "200", "the same"),
        Row("spark.ui.retainedTasks", "2000", "the same"),
        Row("spark.sql.ui.retainedExecutions", "50", "the same"),
        Row("spark.ui.dagGraph.retainedRootRDDs", "200", "the same"),
        Row("spark.log.level", "WARN", "Spark's INFO lines are not for the notebook"),
    ]
    return [row for row in rows if row.value and master.kind in row.kinds]


def merge(rows: list[Row], site: Mapping[str, str], asked: Mapping[str, str]) -> dict[str, str]:
    """Return the properties to start with: the table's, except where the machine or the user set them."""
    return {**{row.name: row.value for row in rows if row.name not in site}, **asked}


def launch_environment(
    master: Master,
    java_home: Path | None,
    python: str,
    properties: Mapping[str, str],
    scratch: Path,
    java_options: str = "",
) -> dict[str, str]:
    """Return the environment variables that the JVM must be started with."""
    found = {"PYSPARK_PYTHON": python, "PYSPARK_DRIVER_PYTHON": sys.executable}
    if java_home is not None:
        found["JAVA_HOME"] = str(java_home)
    if java_options:
        found["SPARK_SUBMIT_OPTS"] = f"{os.environ.get('SPARK_SUBMIT_OPTS', '')} {java_options}".strip()
    if master.on_this_machine:
        found["SPARK_LOCAL_IP"] = LOOPBACK  # the only way to bind the Spark UI to the loopback
    if master.kind == "local-cluster" and "SPARK_HOME" not in os.environ:
        found["SPARK_HOME"] = str(_linked_spark_home(scratch))
    if "spark.driver.memory" in properties:
        found["PYSPARK_SUBMIT_ARGS"] = _with_driver_memory(properties["spark.driver.memory"])
    return found


def default_driver_memory(total_bytes: int) -> str:
    """Return the heap for a machine with `total_bytes`: a quarter of it, from 1g to 4g."""
    return f"{max(1, min(4, total_bytes >> 32))}g"


def source_folder() -> str:
    """Return the folder that workers need on their PYTHONPATH to import zoo_lab, "" where it is installed."""
    import zoo_lab

    folder = Path(zoo_lab.__file__).resolve().parent.parent
    return "" if folder.name in ("site-packages", "dist-packages") else str(folder)


def _socket_folder(temporary: Path | None) -> str:
    """Return the folder for sockets, "" where their paths would be longer than the system takes."""
    fits = temporary is not None and len(str(temporary)) + len("/.") + 36 + len(".sock") < _SOCKET_PATH_LIMIT
    return str(temporary) if fits else ""


def _with_driver_memory(memory: str) -> str:
    """Return the submit arguments with this heap: an option in PYSPARK_SUBMIT_ARGS would beat the property."""
    before = os.environ.get("PYSPARK_SUBMIT_ARGS", "").strip().removesuffix("pyspark-shell")
    return f"{before} --driver-memory {memory} pyspark-shell".strip()


def _linked_spark_home(scratch: Path) -> Path:
    """Return a SPARK_HOME of links to PySpark's own: a local-cluster writes its `work` folder there."""
    import pyspark

    home = scratch / "spark"
    home.mkdir(exist_ok=True)
    for name in ("bin", "jars", "python", "sbin"):
        (home / name).symlink_to(Path(pyspark.__file__).parent / name)
    return home
