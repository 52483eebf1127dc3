"""Starts the JVM and the SparkSession, and takes both down again. Effects only; `settings` and `conf` decide."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from zoo_lab.core.errors import EnvironmentProblem

_TAIL_LINES = 30
_END_SECONDS = 10


def live_session() -> Any | None:
    """Return the SparkSession that somebody else has running in this process, or None.

    Errors:
        EnvironmentProblem: it is a Spark Connect session, which has no SparkContext to train on.
    """
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    context = SparkContext._active_spark_context  # noqa: SLF001 - there is no public way that starts nothing
    if context is not None and context._jsc is not None:  # noqa: SLF001
        return SparkSession(context)
    if os.environ.get("SPARK_REMOTE") or os.environ.get("SPARK_CONNECT_MODE_ENABLED"):
        msg = (
            "Expected a classic Spark session; this kernel is set up for Spark Connect (SPARK_REMOTE), on which no "
            "RDD job can run. Unset SPARK_REMOTE, restart the kernel, and name the cluster with master=…."
        )
        raise EnvironmentProblem(msg)
    return None


def jvm_runs() -> bool:
    """Tell whether this process has a JVM already, used or not."""
    from pyspark import SparkContext

    return SparkContext._gateway is not None  # noqa: SLF001


def heap_bytes() -> int:
    """Return the largest heap that the running JVM can have."""
    from pyspark import SparkContext

    return int(SparkContext._jvm.java.lang.Runtime.getRuntime().maxMemory())  # noqa: SLF001


def start_session(properties: Mapping[str, str], environment: Mapping[str, str], log: Path) -> Any:
    """Start a JVM with these properties and variables, and a SparkSession in it.

    Args:
        properties: all Spark properties to set.
        environment: variables for the JVM, put back in this process afterwards.
        log: the file that takes what the JVM and the workers print.

    Errors:
        EnvironmentProblem: it did not start; the message holds what the JVM printed.
    """
    with _variables(environment), _signal_handler_kept(), _explained(log):
        return _start(properties, log)


def running_gateway() -> Any:
    """Return PySpark's way to the JVM of this process, None where there is no JVM."""
    from pyspark import SparkContext

    return SparkContext._gateway  # noqa: SLF001


def has_died(gateway: Any, seconds: float = 0.0) -> bool:
    """Tell whether the JVM of `gateway` has ended, waiting up to `seconds` for that; False if others started it."""
    process = getattr(gateway, "proc", None)
    if process is None:
        return False
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    return process.poll() is not None


def why_died(gateway: Any, log: Path | None) -> str:
    """Return the message for a JVM that has died: how, what it printed last, and what to do.

    Args:
        gateway: whose JVM it was.
        log: the file that took what it printed, None where that went elsewhere.
    """
    code = gateway.proc.poll()
    how = f"was killed by signal {-code}" if code < 0 else f"has ended with code {code}"
    printed = f"\nWhat it printed last:\n{tail(log)}\n" if log is not None else " "
    return (
        f"Expected Spark's Java to run; it {how}, and all that was pinned is gone with it. That is mostly memory: a "
        f"system that runs out of it kills the largest process, and a Java whose heap is full ends.{printed}"
        "Take fewer or smaller things at once, close other kernels, or change the heap: init_nncontext(memory='4g') or "
        "%zoo_context --memory 4g starts a new Java. Then make every FeatureSet again."
    )


def stop_spark(spark: Any, gateway: Any, ends_jvm: bool) -> bool:
    """Stop a context's session, and its JVM if the context started that and nobody else has Spark in it by now.

    Return whether somebody else has.
    """
    from pyspark import SparkContext

    own = spark.sparkContext
    if own._jsc is not None:  # noqa: SLF001 - stopped twice, it would take the session that came after it along
        with contextlib.suppress(Exception):  # the JVM may die meanwhile
            spark.stop()
    free = SparkContext._active_spark_context in (None, own)  # noqa: SLF001
    if ends_jvm and free and SparkContext._gateway is gateway:  # noqa: SLF001
        end_jvm()
    return ends_jvm and not free


def forget_spark(spark: Any, gateway: Any) -> None:
    """Clear what PySpark remembers of a session whose JVM has died, without a word to that."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession
    from pyspark.sql.context import SQLContext

    own = spark.sparkContext
    own._jsc = None  # noqa: SLF001
    if own._accumulatorServer is not None:  # noqa: SLF001
        own._accumulatorServer.shutdown()  # noqa: SLF001
        own._accumulatorServer = None  # noqa: SLF001
    with SparkContext._lock:  # noqa: SLF001
        if SparkContext._gateway is not gateway:  # noqa: SLF001
            return
        SparkContext._gateway = SparkContext._jvm = SparkContext._active_spark_context = None  # noqa: SLF001
        SparkSession._instantiatedSession = SparkSession._activeSession = None  # noqa: SLF001
        SQLContext._instantiatedContext = None  # noqa: SLF001
    with contextlib.suppress(Exception):
        gateway.close()


def end_jvm() -> None:
    """End the JVM of this process, so that the next context can have another heap."""
    from pyspark import SparkContext

    with SparkContext._lock:  # noqa: SLF001
        gateway = SparkContext._gateway  # noqa: SLF001
        SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001
    if gateway is None:
        return
    with contextlib.suppress(Exception):
        gateway.shutdown()
    process = getattr(gateway, "proc", None)
    if process is not None:
        _end_process(process)


def _start(properties: Mapping[str, str], log: Path) -> Any:
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    conf = SparkConf(loadDefaults=False)
    conf.setAll(list(properties.items()))
    gateway = None
    if not jvm_runs():
        with log.open("ab") as file:
            gateway = launch_gateway(conf, {"stdout": file, "stderr": file})
    try:
        return SparkSession(SparkContext(conf=conf, gateway=gateway))
    except BaseException:
        if gateway is not None:
            end_jvm()
        raise


def _end_process(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()  # the gateway's JVM ends when this pipe breaks
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(_END_SECONDS)


@contextlib.contextmanager
def _explained(log: Path) -> Iterator[None]:
    """Turn PySpark's and Java's start-up failures into one that says what the JVM printed."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError, OSError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        msg = (
            f"Expected Spark to start; it ended with: {first}\nWhat its Java printed last:\n{tail(log)}\n"
            "Run `zoo-lab doctor` in a terminal: it checks Java, Spark, Python, memory and the network one by one."
        )
        raise EnvironmentProblem(msg) from error


def tail(log: Path) -> str:
    """Return the last lines of a log, indented."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return "\n".join(f"    {line}" for line in lines[-_TAIL_LINES:]) or "    (nothing)"


@contextlib.contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextlib.contextmanager
def _signal_handler_kept() -> Iterator[None]:
    """Keep this thread's SIGINT handler: the one that SparkContext installs cancels everybody's jobs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if handler is not None:
            signal.signal(signal.SIGINT, handler)
