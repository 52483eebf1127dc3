"""Which targets the figures meet, and by how much they miss the others."""

from __future__ import annotations

import pytest

from benchmarks.targets import Target, targets


def way(rate, median=10.0, overhead=20.0, first=1.0):
    return {"rate": rate, "median": median, "p90": median, "overhead": overhead, "first_step_seconds": first}


def row(model, batch_size, ratio, **single):
    auto = way(1000 * ratio)
    return {"model": model, "batch_size": batch_size, "keras_rate": 1000.0, "auto": auto, "single": way(300, **single)}


def by_name(figures):
    return {target.name: target for target in targets(figures)}


def test_a_least_is_met_from_the_limit_upwards_and_a_most_from_it_downwards():
    assert Target("rate", 1.0, 1.0, least=True).met
    assert not Target("rate", 1.0, 0.99, least=True).met
    assert Target("time", 1.0, 1.0).met
    assert not Target("time", 1.0, 1.01).met


def test_what_is_missed_is_told_in_parts_of_the_limit():
    assert Target("rate", 0.8, 0.6, least=True).missed_by == pytest.approx(0.25)
    assert Target("time", 20, 25, "ms").verdict == "missed by 25 %"
    assert Target("time", 20, 15, "ms").verdict == "met"
    assert Target("growing", 0, 2).missed_by == float("inf")


def test_the_limit_reads_with_its_unit():
    assert Target("time", 1800, 1, "ms").wanted == "≤ 1,800 ms"
    assert Target("rate", 0.85, 1, least=True).wanted == "≥ 0.85"


def test_sections_that_were_not_measured_have_no_targets():
    assert targets({"machine": "any", "training": [], "cluster": None}) == []


def test_samples_per_second_are_held_against_keras_in_groups():
    found = by_name({"training": [row("mlp", 128, 0.4), row("mlp", 1024, 0.9)]})
    assert found["mlp at 128: samples/s against Keras' fit"].missed_by == pytest.approx(0.2)
    assert found["mlp at 1024: samples/s against Keras' fit"].met


def test_overhead_is_that_of_one_job_an_iteration_in_the_worst_row():
    found = targets({"training": [row("mlp", 128, 1), row("ncf", 128, 1, overhead=27.0)]})
    overheads = {target.limit: target for target in found if "overhead" in target.name}
    assert {limit: target.measured for limit, target in overheads.items()} == {30.0: 27.0, 25.0: 27.0}
    assert "ncf at 128" in overheads[25.0].name
    assert (overheads[30.0].met, overheads[25.0].met) == (True, False)


def test_the_predecessor_is_to_be_left_behind_five_times_in_each_of_its_cells():
    found = by_name({"training": [row("mlp", 128, 12.8), row("ncf", 128, 1)]})
    speed_up = found["mlp at 128: times as fast as BigDL 2.4"]
    assert speed_up.measured == pytest.approx(5.7)  # 57 ms before, 128 rows at 12,800 a second now
    assert [name for name in found if "BigDL" in name] == [speed_up.name]


def test_on_a_cluster_large_models_have_limits_of_time_and_traffic_and_small_ones_of_overhead():
    def measured(megabytes, compression, sync="sliced"):
        figures = {"median": 1500.0, "overhead": 90.0, "driver": 2.1}
        return {"megabytes": megabytes, "compression": compression, "sync": sync, **figures}

    rows = [measured(100, "none"), measured(100, "bf16"), measured(3, "none"), measured(3, "bf16")]
    found = targets({"cluster": [*rows, measured(100, "none", sync="collect")]})
    assert [(target.limit, target.met) for target in found] == [
        (1800.0, True),
        (3.0, True),
        (1200.0, False),
        (3.0, True),
        (100.0, True),
    ]


def test_rows_enter_within_ten_seconds_the_first_time():
    line = {"source": "from_rdd", "rows": 1_000_000, "first": 12.0, "seconds": 8.0}
    [target] = targets({"ingest": [line, {**line, "rows": 1000}]})
    assert target.missed_by == pytest.approx(0.2)


def test_images_have_a_limit_of_speed_and_their_stream_of_memory():
    memory = [{"images": 10, "driver": 50.0, "worker": worker} for worker in (100.0, 200.0, 210.0, 240.0)]
    found = targets({"images": {"chain": {"workers": 2, "ratio": 0.92}, "memory": memory}})
    assert [(target.limit, target.measured, target.met) for target in found] == [
        (0.9, 0.92, True),
        (30.0, 0.0, True),
        (30.0, 40.0, False),
    ]


def test_an_update_is_held_against_keras_own_and_long_runs_must_not_grow():
    grows = {"name": "shared", "iterations": 5000, "verdict": [{"flat": True}, {"flat": False}]}
    found = targets({"update": [{"model": "dense", "ratio": 0.9}], "endurance": [grows], "import_seconds": 0.02})
    assert [target.met for target in found] == [True, True, False]


def test_predictions_are_held_against_keras_in_each_way():
    row = {"model": "mlp", "rows": 100_000, "keras": 1000.0, "arrays": 900.0, "pinned": 1100.0, "frame": 212.5}
    row["carried"] = 1000.0
    assert [target.missed_by for target in targets({"predict": [row]})] == pytest.approx([0, 0, 0.5])


def test_batching_must_gain_and_memory_must_stay():
    def load(clients, way, rate):
        return {"clients": clients, "way": way, "rate": rate}

    loads = [load(1, "batched", 96.0), load(1, "single", 100.0), load(64, "batched", 250.0), load(64, "single", 100.0)]
    memory = [100, 300, 500, 700, 701, 702, 702, 703, 702, 704, 712]
    found = targets({"serve": {"loads": loads, "requests": 100_000, "memory": memory}})
    assert [target.measured for target in found] == pytest.approx([0.96, 2.5, 12])
    assert [target.met for target in found] == [True, True, False]
