"""What fails while data is pinned is told by the user's own lines; what runs then can be stopped."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

import pytest
from pyspark.sql import functions as F

from zoo_lab.context.datajobs import run_data_job
from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import WorkerError
from zoo_lab.feature.featureset import FeatureSet


def divide(value: int) -> float:
    return 6.0 / (value - 3)


def end_the_process(value: int) -> float:
    os._exit(3)


def rdd_of(context: NNContext, function: Any) -> Any:
    return context.sc.parallelize(range(6), 3).map(lambda value: (function(value), 0))


def frame_of(context: NNContext, function: Any) -> Any:
    return context.spark.range(6, numPartitions=3).withColumn("x", F.udf(function, "double")("id"))


def failure_of(call: Any) -> WorkerError:
    with pytest.raises(WorkerError) as caught:
        call()
    assert "java" not in str(caught.value).lower()
    assert "\tat org.apache.spark" in caught.value.remote_traceback
    return caught.value


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("made", ["rdd", "dataframe"])
def test_code_that_fails_is_told_by_its_error_its_place_and_the_user_s_lines(
    context: NNContext, made: str, shuffled: bool
) -> None:
    def pin() -> None:
        if made == "rdd":
            rdd = rdd_of(context, divide)
            FeatureSet.from_rdd(rdd.repartition(2) if shuffled else rdd)
        else:
            df = frame_of(context, divide)
            FeatureSet.from_dataframe(df.repartition(2) if shuffled else df, "x")

    error = failure_of(pin)
    lines = str(error).splitlines()
    assert lines[0] == "ZeroDivisionError in partition 1 on localhost: float division by zero"
    files = [line for line in lines if line.startswith("  File")]
    assert files
    assert all(__file__ in line for line in files)
    assert files[-1].endswith("in divide")
    assert "ZeroDivisionError" in error.remote_traceback
    told = dict(error.report.rows)
    assert told["What"] == "ZeroDivisionError: float division by zero"
    assert told["Where"].endswith("in divide: return 6.0 / (value - 3)")
    assert told["Worker"] == "partition 1 on localhost"
    assert "on a few rows" in told["What to do"]


def test_a_row_that_spark_cannot_compute_is_told_in_spark_s_words(context: NNContext) -> None:
    df = context.spark.createDataFrame([("1",), ("x",)], ["text"]).select(F.col("text").cast("int").alias("x"))
    message = str(failure_of(lambda: FeatureSet.from_dataframe(df, "x")))
    assert 'The value \'x\' of the type "STRING" cannot be cast to "INT"' in message
    assert len(message.splitlines()) < 8


def test_a_worker_that_ends_is_told_with_what_to_do(context: NNContext) -> None:
    message = str(failure_of(lambda: FeatureSet.from_rdd(rdd_of(context, end_the_process))))
    assert "Python worker exited unexpectedly" in message
    assert "memory" in message
    context.warm_up()


def test_an_error_that_is_not_spark_s_passes_as_it_is(context: NNContext) -> None:
    with pytest.raises(KeyError, match="mine"):
        run_data_job(context, "test", lambda: {}["mine"])


def test_an_interrupt_ends_also_the_stages_that_planning_a_dataframe_runs(context: NNContext) -> None:
    """`DataFrame.rdd` runs the stages before a shuffle."""
    slow = F.udf(lambda value: time.sleep(30) or float(value), "double")
    df = context.spark.range(2, numPartitions=2).withColumn("x", slow("id")).repartition(3)
    tracker = context.sc._jsc.sc().statusTracker()

    def interrupt() -> None:
        deadline = time.monotonic() + 60
        while not list(tracker.getActiveStageIds()) and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    before = signal.signal(signal.SIGINT, lambda *_: None)  # as where a handler swallows the interrupt
    try:
        with pytest.raises(KeyboardInterrupt):
            FeatureSet.from_dataframe(df, "x")
    finally:
        signal.signal(signal.SIGINT, before)
        thread.join()
    deadline = time.monotonic() + 15
    while list(tracker.getActiveStageIds()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not list(tracker.getActiveStageIds())
    context.warm_up()
