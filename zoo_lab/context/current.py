"""The one context of this process: made, found again, adopted or refused with what differs."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from zoo_lab.context import classarchive, doctor, facts, java, launch, settings, shipenv
from zoo_lab.context import conf as conf_table
from zoo_lab.context.master import Master
from zoo_lab.context.nncontext import NNContext
from zoo_lab.context.scratch import Scratch
from zoo_lab.context.slots import machine_cores, threads_per_slot
from zoo_lab.core.errors import ArgumentError, EnvironmentProblem

_lock = threading.RLock()
_current: NNContext | None = None
_untold = ""  # of a context whose Java died unnoticed by the user
ShipEnv = bool | str | os.PathLike[str]
_HEAP_TOLERANCE = 0.15  # a collector may count a part of the heap less
_on_start: list[Callable[[NNContext], None]] = []


def on_start(callback: Callable[[NNContext], None]) -> Callable[[], None]:
    """Call `callback` with each context that starts or is adopted from now on; call what is returned to end that."""
    _on_start.append(callback)
    return lambda: _on_start.remove(callback) if callback in _on_start else None


def current_context() -> NNContext | None:
    """Return the running context, or None. One whose Spark was stopped, or has died, is stopped here."""
    context = _current
    return context if context is not None and context.runs() else None


def forget(context: NNContext) -> None:
    """Take note that `context` has stopped."""
    global _current
    if _current is context:
        _current = None


def note_death(message: str) -> None:
    """Keep what a context died of until the user hears of it; "" once he has."""
    global _untold
    _untold = message


def obtain(asked: dict[str, str], app_name: str, debug: bool, ship_env: ShipEnv = False) -> NNContext:
    """Return the current context if it is as asked for, else an adopted or a new one."""
    global _current
    with _lock:
        context = current_context()
        if context is None and _untold:
            message = _untold
            note_death("")
            raise EnvironmentProblem(message)
        if context is not None:
            _apply(asked, context.spark, context, ship_env)
            context.debug = context.debug or debug
            return context
        session = launch.live_session()
        if session is not None:
            _current = _adopt(session, asked, debug, ship_env)
        else:
            _current = _start({"spark.app.name": app_name, **asked}, debug, ship_env)
        shipped = {"zoo_lab.ship_env": str(ship_env)} if ship_env else {}
        _current.asked = settings.without_secrets({"spark.app.name": app_name, **asked, **shipped})
        for callback in tuple(_on_start):
            callback(_current)
        return _current


def _adopt(session: Any, asked: Mapping[str, str], debug: bool, ship_env: ShipEnv) -> NNContext:
    _apply(asked, session, None, ship_env)
    scratch = Scratch()
    try:
        context = NNContext(session, scratch, owned=False, debug=debug)
    except BaseException:
        scratch.remove()
        raise
    put_back = _fit_workers(session.sparkContext, context.master, context.threads_per_slot)
    context.on_change(lambda changed: put_back() if changed.state == "stopped" else None)
    return context


def _fit_workers(spark_context: Any, master: Master, threads: int) -> Callable[[], None]:
    """Give an adopted session's workers what they need, where its maker said nothing; return what undoes that.

    Left to itself PySpark starts the first `python3` of the PATH, which knows neither TensorFlow nor zoo_lab.
    """
    python, variables = spark_context.pythonExec, dict(spark_context.environment)
    if python == "python3" and master.on_this_machine:
        spark_context.pythonExec = sys.executable
    rows = conf_table.table(master, threads=threads, driver_memory="", python_path=conf_table.source_folder())
    for row in rows:
        if row.name.startswith("spark.executorEnv."):
            spark_context.environment.setdefault(row.name.removeprefix("spark.executorEnv."), row.value)

    def put_back() -> None:
        spark_context.pythonExec = python
        spark_context.environment.clear()
        spark_context.environment.update(variables)

    return put_back


def _apply(asked: Mapping[str, str], session: Any, context: NNContext | None, ship_env: ShipEnv) -> None:
    """Set what can be set on a running session, the context's or one to adopt; refuse what cannot."""
    actual = dict(session.sparkContext.getConf().getAll())
    fixed = {}
    heap = asked.get("spark.driver.memory")
    if heap is not None and not _heap_fits(heap):
        fixed["spark.driver.memory"] = (heap, f"{launch.heap_bytes() >> 20}m")
    others = {name: value for name, value in asked.items() if name != "spark.driver.memory"}
    for name, (wanted, have) in settings.differences(others, actual).items():
        if session.conf.isModifiable(name):
            session.conf.set(name, wanted)
        else:
            fixed[name] = (wanted, have)
    if ship_env:
        master = Master.parse(session.sparkContext.master)
        settings.expect_cluster(master)
        name = shipenv.archives_property(master)
        wanted, have = shipenv.reference(ship_env), actual.get(name, "not set")
        if wanted not in have.split(","):
            fixed[name] = (wanted, have)
    if fixed:
        which = "The Spark session that runs in this kernel" if context is None else "The running context"
        lines = "".join(f"\n  - {name}: asked for {wanted}, it has {have}" for name, (wanted, have) in fixed.items())
        msg = f"{which} has other settings, which cannot change while it runs:{lines}\n{_way_out(fixed, context)}"
        raise EnvironmentProblem(msg)


def _way_out(fixed: Mapping[str, tuple[str, str]], context: NNContext | None) -> str:
    otherwise = "or leave the settings out to use it as it is."
    if "spark.driver.memory" in fixed and (context is None or not context.ends_jvm):
        return f"Its Java outlives it, and a heap cannot change: restart the kernel and ask first of all, {otherwise}"
    if context is None:
        return f"Stop that session first (spark.stop()), {otherwise}"
    return f"Stop it first (context.stop() or %zoo_stop --context), {otherwise}"


def _start(asked: dict[str, str], debug: bool, ship_env: ShipEnv) -> NNContext:
    site = site_properties(os.environ)
    master = Master.parse(asked.get("spark.master") or site.get("spark.master") or "local[*]")
    asked = {"spark.master": master.url, **asked}
    if ship_env:
        settings.expect_cluster(master)
    fresh = not launch.jvm_runs()
    notice = ""
    if fresh:
        heap = asked.get("spark.driver.memory") or site.get("spark.driver.memory")
        found = facts.gather(thorough=False, heap_wanted=settings.memory_bytes(heap) if heap else 0)
        findings = doctor.examine(found, doctor.BEFORE_START)
        doctor.expect_no_error(findings)
        notice = doctor.notices(findings)
    else:
        _expect_heap(asked)
    scratch = Scratch()
    try:
        if ship_env:
            asked |= shipenv.properties(ship_env, master, {**site, **asked}, scratch.folder)
        chosen = java.choose(java.find_candidates()) if fresh else None
        spark = launch.start_session(*_plan(master, asked, site, scratch.folder, chosen), scratch.folder / "spark.log")
        _expect_heap(asked)
        if chosen is not None:
            classarchive.make_later(chosen, facts.memory()[1])
        return NNContext(spark, scratch, owned=True, ends_jvm=fresh, debug=debug, notice=notice)
    except BaseException:
        session = launch.live_session()
        if session is not None:
            session.stop()
        if fresh:
            launch.end_jvm()
        scratch.remove()
        raise


def _plan(
    master: Master, asked: Mapping[str, str], site: Mapping[str, str], scratch: Path, chosen: java.Java | None
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the Spark properties and the environment variables to start with."""
    python = _worker_python(asked, site)
    cpus = int(asked.get("spark.task.cpus", site.get("spark.task.cpus", "1")))
    slots = (master.threads or machine_cores()) // cpus
    java_options = classarchive.options(chosen) if chosen else ""
    rows = conf_table.table(
        master,
        threads=threads_per_slot(master, slots, cpus, machine_cores()),
        driver_memory=conf_table.default_driver_memory(facts.memory()[0] or 8 << 30),
        python_path=conf_table.source_folder(),
        python=python,
        temporary=scratch,
        java_options=java_options,
    )
    home = java.usable_home(chosen, scratch) if chosen else None
    properties = conf_table.merge(rows, site, asked)
    variables = conf_table.launch_environment(master, home, python, properties, scratch, java_options)
    if python == shipenv.PYTHON and "SPARK_LOCAL_DIRS" not in os.environ:
        variables["SPARK_LOCAL_DIRS"] = str(scratch)  # the driver unpacks it too: so that it goes when Java is killed
    return properties, variables


def _worker_python(asked: Mapping[str, str], site: Mapping[str, str]) -> str:
    name = "spark.pyspark.python"
    return asked.get(name) or site.get(name) or os.environ.get("PYSPARK_PYTHON") or sys.executable


def site_properties(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the Spark properties that this machine sets: its spark-defaults.conf, then PYSPARK_SUBMIT_ARGS."""
    home = environment.get("SPARK_HOME")
    folder = environment.get("SPARK_CONF_DIR") or (f"{home}/conf" if home else "")
    file = Path(folder) / "spark-defaults.conf"
    defaults = settings.properties_file(file.read_text(encoding="utf-8")) if folder and file.is_file() else {}
    return {**defaults, **settings.submit_properties(environment.get("PYSPARK_SUBMIT_ARGS", ""))}


def _expect_heap(asked: Mapping[str, str]) -> None:
    wanted = asked.get("spark.driver.memory")
    if wanted is None:
        return
    if not _heap_fits(wanted):
        line = f"zoo_lab.init_nncontext(master={asked['spark.master']!r}, memory={wanted!r})"
        msg = (
            f"Expected a driver heap of {wanted}; this kernel's Java already runs with {launch.heap_bytes() >> 20} MB, "
            f"and a heap cannot change. Restart the kernel, then run first of all:\n    {line}"
        )
        raise EnvironmentProblem(msg)


def _heap_fits(wanted: str) -> bool:
    """Tell whether the running JVM has the heap `wanted`, as far as it can be told."""
    return abs(launch.heap_bytes() / settings.memory_bytes(wanted) - 1) <= _HEAP_TOLERANCE


def expect_same(context: NNContext, thing: Any) -> NNContext:
    """Return `context` if it is the one of the SparkContext or SparkSession `thing`."""
    if context.sc is getattr(thing, "sparkContext", thing):
        return context
    msg = f"Expected the running context's SparkContext or SparkSession; received {thing!r}, which has been stopped."
    raise ArgumentError(msg)
