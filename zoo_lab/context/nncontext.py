"""The context: one SparkContext, made or adopted, with its workers, its jobs and its temporary folders.

`settings` and `conf` decide with what it starts, `launch` starts it, `jobs` runs on it, `workers` is what runs there,
`keepalive` keeps it warm; this module owns their lifetimes.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import re
import secrets
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo_lab.context import workers
from zoo_lab.context.jobs import Jobs
from zoo_lab.context.keepalive import KeepAlive
from zoo_lab.context.master import Master
from zoo_lab.context.scratch import Scratch
from zoo_lab.context.slots import (
    count_executors,
    count_slots,
    machine_cores,
    threads_per_slot,
    wait_for_slots,
    wanted_executors,
)
from zoo_lab.core.errors import EnvironmentProblem

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

_HOLD_SECONDS = 0.2
_ROUNDS = 3
_NO_PYTHON = re.compile(
    r'Cannot run program "[^"]*": error=.*|ModuleNotFoundError: No module named .*|.*PYTHON_VERSION_MISMATCH.*'
)


class NNContext:
    """A running Spark, ready for training; `init_nncontext` makes it.

    Attributes:
        sc: the SparkContext.
        spark: the SparkSession.
        master: the master it runs on.
        slots: tasks that can run at once over all executors.
        threads_per_slot: TensorFlow intra-op threads of one slot.
        one_host: whether every worker runs on the driver's machine and sees its files; known for sure once warm.
        workers: what each Python worker reported last, empty before the first warm-up.
        jobs: runs Spark jobs that can be interrupted and cancelled.
        debug: whether errors are shown with their full tracebacks.
        owned: False where an existing session was adopted; that one is never stopped.
        state: "cold" (workers have no TensorFlow yet), "warm" or "stopped".
        gang: held during a job whose tasks wait for each other, and so need all slots.
        log: the file with what Spark's Java and the workers printed; it goes with the context.
        notice: what the user should know about the start, "" if nothing.
    """

    def __init__(
        self, spark: SparkSession, scratch: Scratch, *, owned: bool, ends_jvm: bool = False, debug: bool = False
    ) -> None:
        self.spark = spark
        self.sc: SparkContext = spark.sparkContext
        self.owned = owned
        self.debug = debug
        self.state = "cold"
        self.jobs = Jobs(self.sc, self._doubt)
        self.master = Master.parse(self.sc.master)
        self.one_host = self.master.kind == "local"
        self.workers: tuple[workers.WorkerReport, ...] = ()
        self.log = scratch.folder / "spark.log"
        self._scratch = scratch
        self._ends_jvm = ends_jvm
        self._process = os.getpid()
        self._callbacks: list[Callable[[NNContext], None]] = []
        self._warming = threading.Lock()
        self.gang = threading.Lock()
        self._keep_alive = KeepAlive(lambda: self.jobs.idle_seconds, self._touch)
        self._keep_alive_runs = False
        self._token = _write_token(scratch.folder)
        self._measure()
        atexit.register(self.stop)

    @property
    def scratch(self) -> Path:
        """The context's own temporary folder on the driver's machine, removed by `stop` and at exit."""
        return self._scratch.folder

    def shared_memory_folder(self, nbytes: int) -> Path:
        """Return a folder of this context in shared memory if `nbytes` fit there, else one below `scratch`."""
        return self._scratch.shared_memory_folder(nbytes)

    def warm_up(self) -> None:
        """Load TensorFlow in every Python worker and wait for it; at once when that is done.

        Errors:
            EnvironmentProblem: a worker cannot start or load TensorFlow; the message names error and repair.
        """
        with self._warming:
            if self.state == "warm":
                return
            self._expect_running()
            try:
                reports = self._warm_rounds()
            except Exception as error:
                _expect_python(self.sc.pythonExec, error)
                raise
            _expect_no_problem(reports)
            self._take(reports)
            self._set_state("warm")
            if not self._keep_alive_runs:
                self._keep_alive_runs = True
                self._keep_alive.start()

    def stop(self) -> None:
        """Free everything that this context made. An adopted session is left running. Safe to call twice."""
        if self.state == "stopped" or os.getpid() != self._process:
            return
        self.state = "stopped"
        atexit.unregister(self.stop)
        _forget(self)
        self._keep_alive.stop()
        if self.owned:
            _stop_spark(self.spark, self._ends_jvm)
        self._scratch.remove()
        self._set_state("stopped")

    def on_change(self, callback: Callable[[NNContext], None]) -> Callable[[], None]:
        """Call `callback` with the context whenever its state changes; call what is returned to end that."""
        self._callbacks.append(callback)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._callbacks.remove(callback)

        return unsubscribe

    def describe(self) -> dict[str, Any]:
        """Return what a display needs, as plain values: app, master, executors, slots, memory, state and ui."""
        return {**self._description, "state": self.state}

    def __repr__(self) -> str:
        facts = ", ".join(f"{name}={value}" for name, value in self.describe().items() if value != "")
        return f"NNContext({facts})"

    def _repr_html_(self) -> str:
        from zoo_lab.context.display import as_html

        return as_html(self.describe())

    def _measure(self) -> None:
        conf = dict(self.sc.getConf().getAll())
        self.slots, self.notice = wait_for_slots(
            lambda: (count_executors(self.sc), count_slots(self.sc)),
            wanted_executors(self.master, conf),
            where=self.master.url,
        )
        cpus = int(conf.get("spark.task.cpus", "1"))
        self.threads_per_slot = threads_per_slot(self.master, self.slots, cpus, machine_cores())
        self._description = {
            "app": self.sc.appName,
            "master": self.master.url,
            "executors": count_executors(self.sc),
            "slots": self.slots,
            "memory": _memory(self.master, conf),
            "ui": self.sc.uiWebUrl or "",
        }

    def _expect_running(self) -> None:
        if self.state == "stopped" or self.sc._jsc is None:  # noqa: SLF001 - None once somebody stopped it
            msg = "Expected a running context; this one is stopped. Call init_nncontext(...) for a new one."
            raise EnvironmentProblem(msg)

    def _warm_rounds(self) -> list[workers.WorkerReport]:
        """Warm until as many workers as slots have reported: one quick worker may have taken two tasks."""
        found: dict[tuple[str, int], workers.WorkerReport] = {}
        for _ in range(_ROUNDS):
            for report in self._ask_workers("zoo_lab: warm-up", self.threads_per_slot, _HOLD_SECONDS):
                found[report.host, report.pid] = report
            if len(found) >= self.slots:
                break
        return list(found.values())

    def _ask_workers(self, description: str, threads: int, hold: float) -> list[workers.WorkerReport]:
        task = functools.partial(workers.report_after_preparing, threads=threads, token=self._token, hold=hold)
        rdd = self.sc.parallelize(range(self.slots), self.slots).mapPartitions(task)
        with self.jobs.session(description) as session:
            return session.run(rdd.collect)

    def _touch(self) -> None:
        """Keep the workers alive, and notice when they have been replaced by cold ones."""
        if self.state != "warm":
            return
        try:
            reports = self._ask_workers("zoo_lab: keep-alive", 0, 0.05)
        except Exception:  # noqa: BLE001 - Spark is unwell: the next job of the user says why
            reports = []
        if not (reports and all(report.warm for report in reports)):
            self._doubt()

    def _doubt(self) -> None:
        """Take the workers for cold: Spark closes those of failed and of cancelled tasks."""
        if self.state == "warm":
            self._set_state("cold")

    def _take(self, reports: list[workers.WorkerReport]) -> None:
        self.workers = tuple(sorted(reports, key=lambda report: (report.host, report.pid)))
        here = workers.boot_id()
        self.one_host = all(report.boot == here and report.sees_scratch for report in reports)

    def _set_state(self, state: str) -> None:
        self.state = state
        for callback in tuple(self._callbacks):
            try:
                callback(self)
            except Exception as error:  # noqa: BLE001 - a display must never break the context
                sys.stderr.write(f"zoo_lab: a listener of the context failed: {error!r}\n")


def _forget(context: NNContext) -> None:
    from zoo_lab.context import current

    current.forget(context)


def _write_token(folder: Path) -> tuple[str, str]:
    path, content = folder / "token", secrets.token_hex(16)
    path.write_text(content, encoding="ascii")
    return str(path), content


def _stop_spark(spark: SparkSession, ends_jvm: bool) -> None:
    from zoo_lab.context.launch import end_jvm

    with contextlib.suppress(Exception):  # the JVM may have died: then there is nothing left to stop
        spark.stop()
    if ends_jvm:
        end_jvm()


def _memory(master: Master, conf: dict[str, str]) -> str:
    if master.kind == "local":
        from zoo_lab.context.launch import heap_bytes

        return f"{heap_bytes() / (1 << 30):.1f} GB"
    return conf.get("spark.executor.memory", "1g") + " per executor"


def _expect_no_problem(reports: list[workers.WorkerReport]) -> None:
    failed = [report for report in reports if report.problem]
    if failed:
        first = failed[0]
        msg = (
            f"Expected every Python worker to load TensorFlow; {len(failed)} of {len(reports)} could not. Worker "
            f"{first.pid} on {first.host} (Python {first.versions['python']}): {first.problem}. Install the driver's "
            "packages there, set PYSPARK_PYTHON to a Python that has them, or send a cluster this environment with "
            "ship_env=True (%zoo_context --ship-env), and start the context again."
        )
        raise EnvironmentProblem(msg)


def _expect_python(python: str, error: Exception) -> None:
    """Raise what a failed warm-up says of the executors' Python, if it does."""
    from zoo_lab.context import shipenv

    found = _NO_PYTHON.search(str(error))
    if found is None:
        return
    if python == shipenv.PYTHON:
        way_out = (
            "In a virtual environment it is a link to the Python that made it, which must be at the same place on the "
            f"executors (this one's is {shipenv.base_python()}). Install it there, or use a conda environment, which "
            "brings its own."
        )
    else:
        way_out = (
            "Set PYSPARK_PYTHON to a Python that the executors have with the driver's packages, or send them this "
            "environment with ship_env=True (%zoo_context --ship-env)."
        )
    msg = f"Expected the executors to run {python} with zoo_lab; what they say: {found.group().strip()}. {way_out}"
    raise EnvironmentProblem(msg) from error


def init_nncontext(
    conf: Any = None,
    *,
    master: str | None = None,
    cores: int | None = None,
    memory: str | None = None,
    ship_env: bool | str | os.PathLike[str] = False,
    app_name: str = "zoo_lab",
    debug: bool = False,
    warm: bool = False,
) -> NNContext:
    """Return the context of this process: the current one, an adopted Spark session, or a new embedded one.

    Args:
        conf: an application's name, a dict of Spark properties or a `SparkConf`; its properties win over zoo_lab's.
        master: a Spark master URL; default the machine's own setting, else "local[*]".
        cores: tasks at once with a local master, else cores of each executor.
        memory: such as "4g": the driver's heap with a local master, else each executor's.
        ship_env: True sends the Python environment that runs to a cluster's executors, packed first where it has
            changed (a minute or two); or an archive to send, a file here or a URL that the cluster reads.
        app_name: what the Spark UI shows; of a running context it stays as it is.
        debug: show full tracebacks.
        warm: load TensorFlow in the workers now; otherwise the first training does.

    Errors:
        ArgumentError: arguments that are wrong or contradict each other, all at once.
        EnvironmentProblem: Spark cannot start here, or what runs has other settings; the message names the repair.

    Source: `init_nncontext` of Analytics Zoo.

    Example:
        >>> context = init_nncontext(master="local[2]", memory="4g")    # doctest: +SKIP
        >>> context.stop()                                              # doctest: +SKIP
    """
    from zoo_lab.context import current, settings

    site = current.site_properties(os.environ)
    asked = settings.asked_for(conf, master=master, cores=cores, memory=memory, ship_env=ship_env, site=site)
    context = current.obtain(asked, app_name, debug, ship_env)
    if warm:
        context.warm_up()
    return context


def current_context() -> NNContext | None:
    """Return the running context, or None."""
    from zoo_lab.context import current

    return current.current_context()


def as_context(thing: Any = None) -> NNContext:
    """Return the context that `thing` stands for.

    Args:
        thing: an NNContext, SparkContext or SparkSession; None for the current context, or a new embedded one.
    """
    from zoo_lab.context import current

    if isinstance(thing, NNContext):
        return thing
    context = init_nncontext()
    return context if thing is None else current.expect_same(context, thing)
