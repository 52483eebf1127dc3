"""The cost model: its traffic, its limits, and that a fit finds the constants again."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.costmodel import (
    STRATEGIES,
    TERMS,
    Constants,
    Place,
    Setting,
    best,
    efficiency,
    fit,
    seconds,
    terms,
    traffic,
    wire_seconds,
)

W = 28e6
HERE = Place(cores=2)
NODES = Place(bandwidth=1.25e9)
TRUE = {"job": 0.02, "task": 0.001, "worker": 0.005, "node_byte": 2e-9, "driver_byte": 1e-9, "block": 2e-4}


def constants(strategy, busy=1.0):
    own = 1.0 if strategy == "shared" else busy
    return Constants({name: TRUE[name] for name in TERMS[strategy]}, busy=own)


def runs(noise=0.0, busy=1.0):
    random = np.random.default_rng(0)
    cases = [(strategy, n, size) for strategy in STRATEGIES for n in (1, 2, 4, 8) for size in (3e5, 3e6, 24e6)]
    settings = [Setting(*case, compute_seconds=0.01) for case in cases]
    factors = 1 + noise * random.uniform(-1, 1, len(settings))
    return [(s, f * seconds(s, HERE, constants(s.strategy, busy))) for s, f in zip(settings, factors, strict=True)]


@pytest.mark.parametrize("workers", [2, 16, 256])
def test_sliced_exchanges_gradients_of_less_than_twice_the_weights_a_node_however_many_there_are(workers):
    moved = traffic("sliced", workers, W)
    gradients_in, gradients_out = moved.node_in - W, W * (workers - 1) / workers
    assert gradients_in == pytest.approx(W * (workers - 1) / workers)
    assert gradients_in + gradients_out < 2 * W
    assert (moved.driver_in, moved.driver_out) == (W, W)
    assert moved.node_in + moved.node_out < 4 * W


@pytest.mark.parametrize("workers", [2, 16, 256])
def test_collect_brings_every_gradient_to_the_driver(workers):
    moved = traffic("collect", workers, W)
    assert moved.driver_in == workers * W
    assert moved.node_in == W


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("workers", [1, 2, 16, 256])
def test_what_some_send_others_receive(strategy, workers):
    moved = traffic(strategy, workers, W)
    received, sent = workers * moved.node_in + moved.driver_in, workers * moved.node_out + moved.driver_out
    assert received == pytest.approx(sent)


def test_nothing_travels_within_one_host():
    assert traffic("shared", 8, W).node_out == 0
    assert wire_seconds(Setting("shared", 8, W, 1.0), NODES) == 0


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_term_of_a_strategy_is_counted_and_no_other(strategy):
    assert set(terms(Setting(strategy, 4, W, 1.0), HERE)) == set(TERMS[strategy])


def test_workers_of_one_machine_share_its_cores_and_nodes_do_not():
    assert [HERE.crowding(workers) for workers in (1, 2, 4, 8)] == [1, 1, 2, 4]
    assert [HERE.crowding(workers, busy=1.5) for workers in (1, 2, 4, 8)] == [1, 1.5, 3, 6]
    assert NODES.crowding(256) == NODES.crowding(256, busy=1.5) == 1


def test_with_free_communication_an_iteration_is_its_computation():
    for strategy in STRATEGIES:
        free = Constants(dict.fromkeys(TERMS[strategy], 0.0))
        assert seconds(Setting(strategy, 8, W, 0.5), Place(), free) == 0.5
        assert seconds(Setting(strategy, 8, W, 0.5), HERE, free) == 2.0
        assert efficiency(Setting(strategy, 8, W, 0.5), Place(), free) == 1.0


def test_a_link_bounds_collect_by_n_times_the_weights_and_sliced_by_a_constant():
    def wire(strategy, workers):
        return wire_seconds(Setting(strategy, workers, W, 1.0), NODES) * NODES.bandwidth / W

    assert wire("collect", 256) > 256
    assert wire("sliced", 256) < 5
    assert wire("sliced", 256) - wire("sliced", 16) < 1
    assert math.isclose(wire("sliced", 1), 2.0)


def test_sliced_wins_for_large_models_on_many_nodes_and_collect_for_small_ones_on_few():
    known = {strategy: constants(strategy) for strategy in ("collect", "sliced")}

    def winner(workers, size):
        return best([Setting(strategy, workers, size, 1.0) for strategy in known], NODES, known)

    assert winner(64, 100e6) == "sliced"
    assert winner(2, 1e5) == "collect"


@pytest.mark.parametrize("busy", [1.0, 1.5])
def test_a_fit_finds_the_constants_that_made_the_times(busy):
    found = fit(runs(busy=busy), HERE, task_seconds=TRUE["task"])
    for strategy in STRATEGIES:
        assert found[strategy].busy == (1.0 if strategy == "shared" else busy)
        assert found[strategy].seconds == pytest.approx({name: TRUE[name] for name in TERMS[strategy]}, rel=1e-3)
        assert found[strategy].error < 1e-6


def test_a_fit_of_noisy_times_predicts_a_number_of_workers_that_it_has_not_seen():
    measured = runs(noise=0.05)
    found = fit([pair for pair in measured if pair[0].workers != 4], HERE, TRUE["task"])
    for setting, time in measured:
        assert seconds(setting, HERE, found[setting.strategy]) == pytest.approx(time, rel=0.15)


def test_no_constant_is_negative_however_odd_the_times_and_the_error_says_so():
    odd = [(setting, time / setting.workers) for setting, time in runs()]
    found = fit(odd, HERE, TRUE["task"])
    assert min(value for one in found.values() for value in one.seconds.values()) >= 0
    assert found["collect"].error > 0.15
