from __future__ import annotations

import threading
import time

from zoo_lab.context.usage import usage


def test_an_idle_context_has_its_cores_free_and_no_job(context):
    [executor] = usage(context.sc)["executors"]
    assert (executor["id"], executor["cores"]) == ("driver", context.slots)
    assert 0 <= executor["memory_used"] <= executor["memory"]
    assert executor["memory"] > 100e6


def test_a_running_job_and_its_busy_cores_are_counted(context):
    def wait(rows):
        time.sleep(2)
        return rows

    job = threading.Thread(target=lambda: context.sc.parallelize(range(2), 2).mapPartitions(wait).count())
    job.start()
    end = time.monotonic() + 20
    busiest = 0
    while job.is_alive() and time.monotonic() < end and busiest < 2:
        found = usage(context.sc)
        busiest = max(busiest, found["executors"][0]["busy"] if found["jobs"] else 0)
    job.join()
    assert busiest == 2


def test_a_spark_that_does_not_answer_has_no_usage():
    assert usage(object()) is None
