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
            f"Expected Spark to start; it ended with: {first}\nWhat its Java printed last:\n{_tail(log)}\n"
            "Run `zoo-lab doctor` in a terminal: it checks Java, Spark, Python, memory and the network one by one."
        )
        raise EnvironmentProblem(msg) from error


def _tail(log: Path) -> str:
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
