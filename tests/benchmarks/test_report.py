"""What is printed of a run's figures."""

from __future__ import annotations

from benchmarks.endurance import Stretch
from benchmarks.flatness import sentence, trends
from benchmarks.report import short, whole


def timing(rate):
    times = {"median": 10.0, "p90": 12.0, "compute": 8.0, "overhead": 2.0, "first_step_seconds": 0.5}
    return {"rate": rate, **times}


def training(model, batch_size=128):
    figures = {"keras_rate": 12_800.0, "keras_median": 10.0, "driver_memory": 900.0, "worker_memory": 1000.0}
    return {"model": model, "batch_size": batch_size, "auto": timing(12_800.0), "single": timing(6400.0), **figures}


def endurance():
    stretches = [vars(Stretch(100 * n, 5.0, 900.0, 900.0, 60.0, 12, 0, 1, 9, 9)) for n in range(1, 11)]
    found = trends(stretches)
    told = {"verdict": [vars(trend) for trend in found], "sentence": sentence(found)}
    return {"name": "shared", "iterations": 1000, "stretches": stretches, **told}


FIGURES = {
    "machine": "2 cores",
    "import_seconds": 0.02,
    "training": [training("mlp"), training("ncf")],
    "ingest": [{"source": "from_rdd", "rows": 1_000_000, "first": 4.0, "seconds": 2.0, "rows_per_second": 5e5}],
    "update": [
        {
            "model": "dense",
            "weights": 25_000_000,
            "keras": 70.0,
            "flat": 77.0,
            "copied": 90.0,
            "half": 40.0,
            "ratio": 1.1,
        }
    ],
    "cluster": [
        {
            **{"megabytes": 100, "sync": "sliced", "compression": "bf16"},
            **{"driver": 1.2, "shuffle": 1.0, "loopback": 4.0},
            **{"median": 1100.0, "p90": 1300.0, "compute": 300.0, "overhead": 800.0, "first_step_seconds": 3.0},
        }
    ],
    "endurance": [endurance()],
}


def cells(text, start):
    [line] = [line for line in text.splitlines() if line.startswith(f"| {start} ")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_both_ways_stand_beside_keras_and_only_known_cells_beside_the_predecessor():
    text = whole(FIGURES)
    rates, times, before = [line for line in text.splitlines() if line.startswith("| mlp | 128 | ")][:3]
    assert "| 12,800 | 12,800 | 1.00 | 6,400 | 0.50 |" in rates
    assert times.endswith("| 2.0 |")
    assert before == "| mlp | 128 | 57 | 10 | 10.0 | 20.0 | 5.7× | 2.9× |"
    assert text.count("| ncf | 128 |") == 2


def test_what_is_missed_comes_first():
    text = whole(FIGURES)
    assert "10 of 11 targets are met." in text
    assert cells(text, "dense: optimizer update, times Keras' own")[1:] == ["≤ 1", "1.1", "missed by 10 %"]
    assert text.index("missed by") < text.index("| met |")


def test_sections_that_were_not_measured_are_left_out():
    text = whole({"machine": "2 cores", "update": FIGURES["update"]})
    assert text.count("###") == 1
    assert "import zoo_lab" not in text


def test_the_readme_shows_only_the_ends_of_a_long_run():
    assert "| 500 | 5.0 |" in whole(FIGURES)
    assert "| 500 | 5.0 |" not in short(FIGURES)
    assert cells(short(FIGURES), "shared")[1:3] == ["1,000", "5.0 → 5.0"]


def test_the_service_stands_beside_itself_without_batches():
    loads = [
        {"clients": clients, "way": way, "rate": rate, "p50": 1.5, "p99": 7.25}
        for clients in (1, 8, 64)
        for way, rate in (("batched", 1500.0), ("single", 500.0))
    ]
    text = whole({"machine": "2 cores", "serve": {"loads": loads, "requests": 1000, "memory": [700.4] * 11}})
    assert cells(text, "64") == ["64", "1,500", "1.5", "7.2", "500", "1.5", "7.2", "3.00"]
    assert "over 1,000 requests, ten times on the way: 700, 700" in text
