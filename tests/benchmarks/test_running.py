"""The benchmarks still run with the zoo_lab of today; what they measure here means nothing."""

from __future__ import annotations

import pytest

from benchmarks import images, ingest, prediction, startup, training, update
from benchmarks.alone import run_alone
from benchmarks.measure import heap_megabytes, spark_ui


def test_training_is_measured_in_both_ways(context):
    [row] = training.compare(context, ["ncf"], [16], rounds=1, most_steps=8, warm_up_jobs=2)
    assert row["keras_rate"] > 0
    for way in ("auto", "single"):
        assert 0 < row[way]["compute"] < row[way]["median"] <= row[way]["p90"]
        assert row[way]["first_step_seconds"] > 0
    assert "| ncf | 16 |" in training.markdown([row])


@pytest.mark.slow
def test_a_context_is_started_and_loses_a_worker():
    found = run_alone("benchmarks.startup:measure", master="local[1]")
    assert min(found.values()) > 0
    assert found["own"] < found["all"]
    assert "| as it is |" in startup.markdown([{"way": "as it is", **found}])


def test_every_source_of_rows_is_measured(context):
    lines = ingest.measure(context, rows=200)
    assert [line["source"] for line in lines] == ["from_dataframe", "from_parquet", "from_rdd", "from_numpy"]
    assert all(line["first"] > 0 for line in lines)
    assert ingest.markdown(lines).count("\n") == 5


def test_the_plain_loop_the_cluster_and_the_memory_of_both_are_measured(context):
    figures = images.measure(context, count=12, turns=1, streamed=30)
    chain = figures["chain"]
    assert chain["ratio"] == pytest.approx(chain["spark"] / (2 * chain["plain"]))
    assert chain["ratio_at_once"] == pytest.approx(chain["spark"] / chain["at_once"])
    assert [line["images"] for line in figures["memory"]] == [6, 12, 18, 24, 30]
    assert min(line["worker"] for line in figures["memory"]) > 10
    written = images.markdown(figures)
    assert "| plain OpenCV loop, one thread |" in written
    assert "| 2 such loops at once |" in written


def test_the_update_is_measured_against_keras():
    rows = update.compare(rounds=2, megabytes=0.3)
    assert [row["model"] for row in rows] == ["resnet20", "dense"]
    for row in rows:
        assert row["ratio"] == pytest.approx(row["flat"] / row["keras"])
    assert update.markdown(rows).count("\n") == 3


def test_predictions_are_measured_in_every_way(context):
    [row] = prediction.compare(context, rows=400, images=0, rounds=1)
    assert (row["model"], row["rows"]) == ("mlp", 400)
    assert all(row[way] > 0 for way in ("keras", "carried", *prediction.WAYS))
    assert prediction.markdown([row]).count("\n") == 2


def test_spark_tells_of_its_jobs_and_its_heap(context):
    context.sc.parallelize(range(2), 2).count()
    assert spark_ui(context, "jobs")
    assert 10 < heap_megabytes(context) < 3000
