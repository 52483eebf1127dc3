"""The context: one SparkContext, made or adopted, with its workers, its jobs and its temporary folders.

`settings` and `conf` decide with what it starts, `launch` starts it, `jobs` runs on it, `workers` is what runs there,
`keepalive` keeps it warm; this module owns their lifetimes.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import secrets
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo_lab.context import launch, reports, workers
from zoo_lab.context.facts import installed_packages
from zoo_lab.context.javaclasses import remember_classes
from zoo_lab.context.jobs import Jobs
from zoo_lab.context.keepalive import KeepAlive
from zoo_lab.context.master import Master
from zoo_lab.context.scratch import Scratch
from zoo_lab.context.slots import (
    count_executors,
    count_slots,
    demand,
    grows_with_demand,
    machine_cores,
    threads_per_slot,
    wait_for_slots,
    wanted_executors,
)
from zoo_lab.core.errors import EnvironmentProblem

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

# Of each round of the warm-up; a task that was just cancelled may hold its slot for a while yet.
_HOLD_SECONDS = (0.2, 0.5, 2.0)
_DYING_SECONDS = 1.0  # from a closed connection to the end of the process that had it


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
        ends_jvm: whether Spark's Java was started for this context and ends with it.
        state: "cold" (workers have no TensorFlow yet), "warm" or "stopped".
        gang: held during a job whose tasks wait for each other, and so need all slots.
        asked: the Spark properties that it was asked for when it was made, without secrets, and "zoo_lab.ship_env".
        log: the file with what Spark's Java and the workers printed; it goes with the context.
    """

    def __init__(
        self,
        spark: SparkSession,
        scratch: Scratch,
        *,
        owned: bool,
        ends_jvm: bool = False,
        debug: bool = False,
        notice: str = "",
    ) -> None:
        self.spark = spark
        self.sc: SparkContext = spark.sparkContext
        self.owned = owned
        self.debug = debug
        self.state = "cold"
        remember_classes(self.sc)
        self.jobs = Jobs(self.sc, self._doubt, self._explain)
        self.master = Master.parse(self.sc.master)
        self.one_host = self.master.kind == "local"
        self.workers: tuple[workers.WorkerReport, ...] = ()
        self.log = scratch.folder / "spark.log"
        self.asked: dict[str, str] = {}
        self._scratch = scratch
        self.ends_jvm = ends_jvm
        self._gateway = launch.running_gateway()
        self._died_of = ""
        self._stores: weakref.WeakSet[Any] = weakref.WeakSet()
        self._process = os.getpid()
        self._callbacks: list[Callable[[NNContext], None]] = []
        self._warming = threading.Lock()
        self.gang = threading.Lock()
        self._keep_alive = KeepAlive(lambda: self.jobs.idle_seconds, self._touch)
        self._keep_alive_runs = False
        self._token = _write_token(scratch.folder)
        self._notices = [notice, *self._measure()]
        atexit.register(scratch.remove)
        atexit.register(self.stop)

    @property
    def scratch(self) -> Path:
        """The context's own temporary folder on the driver's machine, removed by `stop` and at exit."""
        return self._scratch.folder

    def shared_memory_folder(self, nbytes: int) -> Path:
        """Return a folder of this context in shared memory if `nbytes` fit there, else one below `scratch`."""
        return self._scratch.shared_memory_folder(nbytes)

    @property
    def notice(self) -> str:
        """What the user should know about the start and the workers, "" if nothing."""
        return "\n".join(filter(None, self._notices))

    def runs(self) -> bool:
        """Tell whether Spark still runs; where it was stopped or has died, this context is stopped now."""
        if self.state != "stopped":
            if launch.has_died(self._gateway):
                self._died_of = launch.why_died(self._gateway, self.log if self.owned else None)
                _current().note_death(self._died_of)
                self.stop()
            elif self.sc._jsc is None:  # noqa: SLF001 - None once somebody stopped it
                self.stop()
        return self.state != "stopped"

    def expect_running(self) -> None:
        """Raise `EnvironmentProblem` unless Spark runs; of a Java that has died it says how, and what to do."""
        if self.runs():
            return
        _current().note_death("")
        msg = self._died_of or (
            "Expected a running context; this one is stopped. Call init_nncontext(...) for a new one, and make its "
            "FeatureSets again."
        )
        raise EnvironmentProblem(msg)

    def keep(self, store: Any) -> None:
        """Release `store` with this context, unless nobody refers to it any more before."""
        self._stores.add(store)

    def warm_up(self) -> None:
        """Load TensorFlow in every Python worker and wait for it; at once when that is done.

        Errors:
            EnvironmentProblem: a worker cannot start or load TensorFlow; the message names error and repair.
        """
        with self._warming:
            self.expect_running()
            if self.state == "warm":
                return
            try:
                found = self._warm_rounds()
            except Exception as error:
                reports.expect_python(self.sc.pythonExec, error)
                raise
            reports.expect_no_problem(found)
            self._take(found)
            self._set_state("warm")
            if not self._keep_alive_runs:
                self._keep_alive_runs = True
                self._keep_alive.start()

    def recount(self) -> None:
        """Count the slots again, since executors join and go; where there are others than before, they are cold."""
        slots = self.slots if self.master.kind == "local" else count_slots(self.sc)
        if slots in (0, self.slots):  # none: the last executor is being replaced
            return
        self.slots = slots
        self._description.update(executors=count_executors(self.sc), slots=slots)
        self._set_state("cold")

    def stop(self) -> None:
        """Free everything that this context made. An adopted session is left running. Safe to call twice."""
        if self.state == "stopped" or os.getpid() != self._process:
            return
        self.state = "stopped"
        atexit.unregister(self.stop)
        _current().forget(self)
        self._keep_alive.stop()
        died = launch.has_died(self._gateway)
        for store in tuple(self._stores):
            store.release(elsewhere=not (died or self.owned))
        shared = False
        if died:
            launch.forget_spark(self.spark, self._gateway)
        elif self.owned:
            shared = launch.stop_spark(self.spark, self._gateway, self.ends_jvm)
        if not shared:  # else it goes at exit: the files of whatever runs in that Java lie there
            atexit.unregister(self._scratch.remove)
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

    def _measure(self) -> tuple[str, ...]:
        """Learn what there is to work with; return notices."""
        conf = dict(self.sc.getConf().getAll())
        asks = grows_with_demand(conf) and self.master.kind != "local" and not count_slots(self.sc)
        with demand(self.sc, self.jobs) if asks else contextlib.nullcontext():
            self.slots, notice = wait_for_slots(
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
        return notice, ""

    def _explain(self, error: BaseException) -> None:
        """Raise what a job failed of where Spark itself is gone; called with every error of a job."""
        if launch.has_died(self._gateway, _DYING_SECONDS if _is_lost_connection(error) else 0.0):
            self.expect_running()

    def _warm_rounds(self) -> list[workers.WorkerReport]:
        """Warm until as many workers as slots have reported: one quick worker may have taken two tasks."""
        found: dict[tuple[str, int], workers.WorkerReport] = {}
        for hold in _HOLD_SECONDS:
            for report in self._ask_workers("zoo_lab: warm-up", self.threads_per_slot, hold):
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
            found = self._ask_workers("zoo_lab: keep-alive", 0, 0.05)
        except Exception:  # noqa: BLE001 - Spark is unwell: the next job of the user says why
            found = []
            _current().note_death(self._died_of)
        if not (found and all(report.warm for report in found)):
            self._doubt()

    def _doubt(self) -> None:
        """Take the workers for cold: Spark closes those of failed and of cancelled tasks."""
        if self.state == "warm":
            self._set_state("cold")

    def _take(self, found: list[workers.WorkerReport]) -> None:
        self._notices[-1] = reports.expect_same_versions(found, _own_versions())
        self.workers = tuple(sorted(found, key=lambda report: (report.host, report.pid)))
        here = workers.boot_id()
        self.one_host = all(report.boot == here and report.sees_scratch for report in found)

    def _set_state(self, state: str) -> None:
        self.state = state
        for callback in tuple(self._callbacks):
            try:
                callback(self)
            except Exception as error:  # noqa: BLE001 - a display must never break the context
                sys.stderr.write(f"zoo_lab: a listener of the context failed: {error!r}\n")


def _current() -> Any:
    from zoo_lab.context import current

    return current


def _own_versions() -> dict[str, str]:
    import zoo_lab

    return {**installed_packages(), "zoo_lab": zoo_lab.__version__}


def _is_lost_connection(error: BaseException) -> bool:
    from py4j.protocol import Py4JError, Py4JJavaError

    return isinstance(error, (Py4JError, OSError)) and not isinstance(error, Py4JJavaError)


def _write_token(folder: Path) -> tuple[str, str]:
    path, content = folder / "token", secrets.token_hex(16)
    path.write_text(content, encoding="ascii")
    return str(path), content


def _memory(master: Master, conf: dict[str, str]) -> str:
    if master.kind == "local":
        return f"{launch.heap_bytes() / (1 << 30):.1f} GB"
    return conf.get("spark.executor.memory", "1g") + " per executor"


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

    Errors:
        ArgumentError: it is something else, or a SparkContext or SparkSession that has been stopped.
        EnvironmentProblem: it is an NNContext that has been stopped, or whose Java has died.
    """
    from zoo_lab.context import current

    if isinstance(thing, NNContext):
        thing.expect_running()
        return thing
    context = init_nncontext()
    return context if thing is None else current.expect_same(context, thing)
