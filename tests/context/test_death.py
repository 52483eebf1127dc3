"""What becomes of a context when Spark ends under it: stopped by the user, or its Java killed by the system."""

from __future__ import annotations

import pytest

from tests.context.outside import run_outside

pytestmark = pytest.mark.slow


def test_a_java_that_was_killed_is_told_once_and_another_can_follow() -> None:
    code = """
    import os, signal
    import keras, numpy
    import zoo_lab
    from zoo_lab import init_nncontext
    from zoo_lab.context.current import current_context
    from zoo_lab.core.errors import EnvironmentProblem
    from zoo_lab.feature.featureset import FeatureSet

    def problem(call):
        try:
            call()
        except EnvironmentProblem as error:
            return str(error)
        raise AssertionError("no error")

    def kill(context):
        os.kill(context.sc._gateway.proc.pid, signal.SIGKILL)

    def expect_told(message):
        assert all(text in message for text in ("killed by signal 9", "memory", "What it printed last", "FeatureSet"))

    # in a job under way
    context = init_nncontext(master="local[1]", memory="1g")
    data = FeatureSet.from_numpy(numpy.zeros((4, 2)), context=context)
    rows = context.sc.parallelize([1], 1).map(lambda row: __import__("time").sleep(60))
    with context.jobs.session("under way") as session:
        job = lambda: session.run(rows.collect, meanwhile=lambda: context.jobs.busy and kill(context), every=2)
        expect_told(problem(job))
    assert context.state == "stopped" and not context.scratch.exists() and current_context() is None
    expect_told(problem(context.warm_up))
    expect_told(problem(lambda: data.head(1)))

    # between two cells, of a warm context: what asks first is told, and only that
    context = init_nncontext(master="local[1]", memory="1g", warm=True)
    data = FeatureSet.from_numpy(numpy.zeros((4, 2)), numpy.zeros(4), context=context)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    kill(context)
    context.sc._gateway.proc.wait(10)
    expect_told(problem(lambda: zoo_lab.fit(model, data, display="none")))

    # found by something that tells nobody, such as a display
    context = init_nncontext(master="local[1]", memory="1g")
    kill(context)
    context.sc._gateway.proc.wait(10)
    assert current_context() is None
    expect_told(problem(init_nncontext))
    context = init_nncontext(master="local[1]", memory="1g")
    print(context.sc.parallelize([1, 2], 1).sum())
    """
    assert run_outside(code).strip() == "3"


def test_a_session_that_the_user_builds_after_stopping_the_context_s_own_is_left_running() -> None:
    code = """
    from pyspark.sql import SparkSession
    from zoo_lab import init_nncontext

    first = init_nncontext(master="local[1]", memory="1g")
    first.spark.stop()
    mine = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    second = init_nncontext()
    assert first.state == "stopped" and second is not first and second.sc is mine.sparkContext and not second.owned
    second.stop()
    print(mine.range(5).count())
    assert SparkSession.getActiveSession() is mine
    mine.stop()
    third = init_nncontext(master="local[1]")
    print(third.spark.range(4).count(), third.owned)
    """
    assert run_outside(code).split() == ["5", "4", "True"]


def test_stopping_releases_what_was_pinned_in_an_adopted_session() -> None:
    code = """
    import os
    from pyspark.sql import SparkSession
    from zoo_lab import init_nncontext
    from zoo_lab.feature.featureset import FeatureSet

    spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    context = init_nncontext()
    context.one_host = False  # as on a cluster
    data = FeatureSet.from_rdd(context.sc.parallelize([(1.0, 1), (2.0, 2)], 2))
    folders = [handle.folder for handle in data.store.handles]
    assert all(map(os.path.isdir, folders)) and spark.sparkContext._jsc.getPersistentRDDs().size() == 1
    context.stop()
    assert not any(map(os.path.isdir, folders)) and spark.sparkContext._jsc.getPersistentRDDs().size() == 0
    data.unpersist()
    print(spark.range(2).count())
    """
    assert run_outside(code).strip() == "2"
