from __future__ import annotations

import pytest

from zoo_lab.train.lost import who_was_lost

TASK = (
    "An error occurred while calling o1.collect. : org.apache.spark.SparkException: Job aborted due to stage failure: "
    "Task 1 in stage 23.0 failed 1 times, most recent failure: Lost task 1.0 in stage 23.0 (TID 47) "
    "({host} executor {executor}): org.apache.spark.SparkException: Python worker exited unexpectedly (crashed)"
)
BARRIER = (
    "Could not recover from a failed barrier ResultStage. Most recent failure reason: Stage failed because barrier "
    "task ResultTask(12, 3) finished unsuccessfully."
)


@pytest.mark.parametrize(
    ("text", "here", "expected"),
    [
        (TASK.format(host="10.0.0.2", executor="7"), "", (1, "10.0.0.2")),
        (TASK.format(host="10.0.0.2", executor="driver"), "laptop", (1, "laptop")),
        (BARRIER, "laptop", (3, "laptop")),
        (BARRIER, "", (3, "")),
        ("the Python worker 4711 of part 2 has died", "laptop", (2, "laptop")),
        ("worker 2 has not started within 30 s: fewer slots are free than workers", "", (2, "")),
        ("9 of 10 rows of iteration 3 were found: shards have moved", "laptop", (-1, "")),
    ],
)
def test_the_words_of_spark_tell_which_worker_was_lost(text, here, expected):
    assert who_was_lost(RuntimeError(text), here) == expected
