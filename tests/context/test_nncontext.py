"""The context's life: started, found again, adopted, refused, stopped."""

from __future__ import annotations

import threading

import pytest

from tests.context.outside import fail_outside, run_outside
from zoo_lab.context.nncontext import NNContext, as_context, current_context, init_nncontext
from zoo_lab.core.errors import ArgumentError, EnvironmentProblem


def test_asking_again_gives_the_same_context(context: NNContext) -> None:
    assert init_nncontext() is context
    assert init_nncontext("another name") is context
    assert init_nncontext(master="local[2]", memory="3072m") is context
    assert current_context() is context


def test_whatever_stands_for_the_context_is_taken(context: NNContext) -> None:
    for thing in (None, context, context.sc, context.spark, context.spark.newSession()):
        assert as_context(thing) is context


def test_something_else_is_refused(context: NNContext) -> None:
    with pytest.raises(ArgumentError, match="received 'local'"):
        as_context("local")


def test_other_settings_are_refused_with_what_differs(context: NNContext) -> None:
    with pytest.raises(EnvironmentProblem) as caught:
        init_nncontext({"spark.task.cpus": "2"}, master="local[3]", memory="9g")
    message = str(caught.value)
    assert "spark.master: asked for local[3], it has local[2]" in message
    assert "spark.driver.memory: asked for 9g, it has 3072m" in message
    assert "spark.task.cpus" in message
    assert "Stop it first" in message


def test_settings_that_can_change_are_changed(context: NNContext) -> None:
    before = context.spark.conf.get("spark.sql.shuffle.partitions")
    init_nncontext({"spark.sql.shuffle.partitions": 7})
    assert context.spark.conf.get("spark.sql.shuffle.partitions") == "7"
    context.spark.conf.set("spark.sql.shuffle.partitions", before)


def test_a_warm_context_knows_its_workers(context: NNContext) -> None:
    context.warm_up()
    assert context.state == "warm"
    assert context.one_host
    assert len({worker.pid for worker in context.workers}) == context.slots
    for worker in context.workers:
        assert worker.warm
        assert set(worker.versions) == {"python", "tensorflow", "keras", "zoo_lab"}


def test_whoever_watches_hears_of_changes(context: NNContext) -> None:
    context.warm_up()
    heard: list[str] = []
    unsubscribe = context.on_change(lambda changed: heard.append(changed.state))
    context._doubt()
    context.warm_up()
    unsubscribe()
    unsubscribe()
    context._doubt()
    context.warm_up()
    assert heard == ["cold", "warm"]


def test_a_description_holds_what_a_display_needs(context: NNContext) -> None:
    description = context.describe()
    assert list(description) == ["app", "master", "executors", "slots", "memory", "ui", "state"]
    assert description["memory"] == "3.0 GB"


def test_a_thread_of_the_user_may_warm_it_up(context: NNContext) -> None:
    context._doubt()
    thread = threading.Thread(target=context.warm_up)
    thread.start()
    thread.join(120)
    assert context.state == "warm"


@pytest.mark.slow
def test_stopping_frees_everything_and_another_heap_can_follow() -> None:
    """Also: the whole life in a thread that is not the main one."""
    code = """
    import os, signal, threading, time
    from zoo_lab.context.nncontext import current_context, init_nncontext
    from zoo_lab.context.launch import jvm_runs

    def live(pid):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return "Z" not in open(f"/proc/{pid}/stat").read().split()[2]

    def life():
        before = signal.getsignal(signal.SIGINT)
        variables = dict(os.environ)
        context = init_nncontext(cores=2, memory="1g", warm=True)
        assert {name: os.environ.get(name) for name in variables} == variables
        assert signal.getsignal(signal.SIGINT) is before
        gateway = context.sc._gateway.proc.pid
        processes = [gateway, *(worker.pid for worker in context.workers)]
        folders = [context.scratch, context.shared_memory_folder(1000)]
        assert all(map(live, processes)) and all(folder.is_dir() for folder in folders)
        context.stop()
        context.stop()
        deadline = time.monotonic() + 20
        while any(map(live, processes)) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not any(map(live, processes)) and not any(folder.exists() for folder in folders)
        assert context.state == "stopped" and "stopped" in repr(context)
        assert current_context() is None and not jvm_runs()

    thread = threading.Thread(target=life)
    thread.start()
    thread.join()
    again = init_nncontext({"spark.zoo": "1"}, master="local[1]", memory="2g")
    print(again.describe()["memory"], again.slots, again.sc.parallelize([1, 2], 2).sum())
    assert [t.name for t in threading.enumerate() if t.name.startswith("zoo_lab")] == []
    """
    assert run_outside(code).strip() == "2.0 GB 1 3"


@pytest.mark.slow
def test_an_existing_session_is_adopted_and_left_running() -> None:
    code = """
    from pyspark.sql import SparkSession
    from zoo_lab.context.nncontext import as_context, current_context, init_nncontext
    from zoo_lab.core.errors import EnvironmentProblem

    spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        init_nncontext(master="local[1]", memory="5g")
    except EnvironmentProblem as problem:
        assert all(text in str(problem) for text in ("spark.master", "spark.driver.memory", "restart the kernel"))
    else:
        raise AssertionError
    try:
        init_nncontext(master="local[1]")
    except EnvironmentProblem as problem:
        assert "spark.stop()" in str(problem)
    else:
        raise AssertionError
    python, variables = spark.sparkContext.pythonExec, dict(spark.sparkContext.environment)
    context = init_nncontext(memory="1g")  # as it is, though Java counts a part of it less
    assert as_context(spark.sparkContext) is context
    assert not context.owned and context.sc is spark.sparkContext and context.describe()["ui"] == ""
    context.warm_up()
    assert context.one_host and context.slots == 2
    context.stop()
    assert not context.scratch.exists()
    assert (python, variables) == (spark.sparkContext.pythonExec, spark.sparkContext.environment)
    print(spark.range(3).count())
    context = init_nncontext()
    spark.stop()
    assert current_context() is None and context.state == "stopped"
    """
    assert run_outside(code, PYSPARK_PYTHON=None).strip() == "3"


@pytest.mark.slow
def test_a_java_with_another_heap_cannot_be_used() -> None:
    code = """
    from pyspark.sql import SparkSession
    SparkSession.builder.master("local[1]").config("spark.driver.memory", "1g").getOrCreate().stop()
    from zoo_lab import init_nncontext
    init_nncontext(master="local[1]", memory="1g").stop()
    init_nncontext(master="local[1]", memory="3g")
    """
    printed = fail_outside(code)
    assert "Restart the kernel" in printed
    assert "zoo_lab.init_nncontext(master='local[1]', memory='3g')" in printed


@pytest.mark.slow
def test_the_heap_asked_for_beats_the_submit_arguments() -> None:
    code = """
    from zoo_lab import init_nncontext
    context = init_nncontext(memory="2g")
    print(context.describe()["memory"], context.slots, context.sc.getConf().get("spark.zoo"))
    """
    arguments = "--master local[1] --driver-memory 1g --conf spark.zoo=yes pyspark-shell"
    assert run_outside(code, PYSPARK_SUBMIT_ARGS=arguments).strip() == "2.0 GB 1 yes"


@pytest.mark.slow
def test_a_process_that_just_ends_leaves_nothing_behind() -> None:
    code = """
    from zoo_lab import init_nncontext
    context = init_nncontext(master="local[1]", memory="1g")
    print(context.scratch, context.shared_memory_folder(10))
    """
    from pathlib import Path

    assert not any(Path(folder).exists() for folder in run_outside(code).split())
