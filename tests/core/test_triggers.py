"""Triggers: each alone, and what holds for any combination of them, over many made-up runs."""

from __future__ import annotations

import doctest
import itertools
import json
import math
import pickle
import random
from collections.abc import Iterator
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from zoo_lab.core import triggers
from zoo_lab.core.errors import ArgumentError
from zoo_lab.core.triggers import BestMetric, EveryEpoch, EveryIterations, EveryMinutes, Moment, Trigger

SEEDS = range(60)


def run(epochs: int, steps: int, seconds: float = 1.0, losses: list[float] | None = None) -> list[Moment]:
    """A run of `epochs` epochs of `steps` iterations, `seconds` each; `losses` are its val_loss, one an epoch."""
    found = []
    for iteration in range(1, epochs * steps + 1):
        epoch, ends = (iteration - 1) // steps, iteration % steps == 0
        logs = {"loss": 1.0}
        if ends:
            logs["val_loss"] = losses[epoch] if losses else 1.0
        found.append(Moment(iteration, epoch, ends, iteration * seconds, logs))
    return found


def fired(trigger: Trigger, moments: list[Moment]) -> list[int]:
    watcher = trigger.watch()
    return [moment.iteration for moment in moments if watcher.fires(moment)]


def any_run(rng: random.Random) -> list[Moment]:
    epochs, steps = rng.randint(1, 8), rng.randint(1, 12)
    losses = [rng.choice([rng.random(), math.nan, 0.5]) for _ in range(epochs)]
    moments = run(epochs, steps, rng.uniform(0.1, 100.0), losses)
    return [moment for moment in moments if moment.ends_epoch or rng.random() < 0.8]  # some come in groups


def any_leaf(rng: random.Random) -> Trigger:
    return rng.choice(
        [
            EveryEpoch(rng.randint(1, 3)),
            EveryIterations(rng.randint(1, 9)),
            EveryMinutes(rng.choice([1, 0.5, 2.25])),
            BestMetric("val_loss", rng.choice(["auto", "min", "max"])),
        ]
    )


def any_trigger(rng: random.Random, depth: int = 3) -> Trigger:
    if depth == 0 or rng.random() < 0.3:
        return any_leaf(rng)
    left, right = any_trigger(rng, depth - 1), any_trigger(rng, depth - 1)
    return left & right if rng.random() < 0.5 else left | right


def cases() -> Iterator[tuple[Trigger, Trigger, list[Moment], random.Random]]:
    for seed in SEEDS:
        rng = random.Random(seed)
        yield any_trigger(rng), any_trigger(rng), any_run(rng), rng


def test_every_epoch_fires_at_its_end_the_first_included():
    assert fired(EveryEpoch(), run(3, 4)) == [4, 8, 12]
    assert fired(EveryEpoch(2), run(5, 4)) == [8, 16]


def test_every_iterations_fires_at_multiples_the_first_included():
    assert fired(EveryIterations(1), run(1, 3)) == [1, 2, 3]
    assert fired(EveryIterations(4), run(3, 5)) == [4, 8, 12]


def test_every_iterations_misses_none_when_asked_once_a_group():
    grouped = [moment for moment in run(1, 40) if moment.iteration % 6 == 0]
    assert fired(EveryIterations(10), grouped) == [12, 24, 30]


def test_an_iteration_that_is_done_again_does_not_fire_again():
    moments = run(1, 12)
    assert fired(EveryIterations(5), [*moments[:5], *moments[2:]]) == [5, 10]


def test_every_minutes_fires_once_a_period():
    assert fired(EveryMinutes(1), run(1, 30, seconds=10)) == [6, 12, 18, 24, 30]
    assert fired(EveryMinutes(1), run(1, 4, seconds=150)) == [1, 2, 3, 4]  # once a moment at most


def test_every_minutes_does_not_wait_for_a_clock_that_went_back():
    watcher = EveryMinutes(1).watch()
    assert watcher.fires(Moment(1, 0, False, 5000.0))
    assert not watcher.fires(Moment(2, 0, False, 3.0))
    assert not watcher.fires(Moment(3, 0, False, 62.0))
    assert watcher.fires(Moment(4, 0, False, 63.0))


def test_minutes_and_epoch_fire_at_the_first_end_after_the_minutes():
    # an epoch lasts 4 minutes, and the time counts from the last firing
    assert fired(EveryMinutes(10) & EveryEpoch(), run(9, 4, seconds=60)) == [12, 24, 36]
    assert fired(EveryEpoch() & EveryMinutes(10), run(9, 4, seconds=60)) == [12, 24, 36]


def test_minutes_or_epoch_each_keep_their_own_time():
    assert fired(EveryMinutes(3) | EveryEpoch(), run(2, 4, seconds=60)) == [3, 4, 6, 8]


def test_minutes_that_wait_are_not_spent_by_another_branch():
    trigger = EveryMinutes(5) & EveryEpoch() | EveryIterations(6)
    assert fired(trigger, run(2, 8, seconds=60)) == [6, 8, 12, 16]


def test_the_best_metric_fires_at_each_better_end_of_epoch_the_first_included():
    moments = run(6, 2, losses=[0.9, 0.95, 0.7, 0.7, math.nan, 0.6])
    assert fired(BestMetric("val_loss"), moments) == [2, 6, 12]
    assert fired(BestMetric("val_loss", mode="max"), moments) == [2, 4]


def test_a_loss_that_is_not_finite_is_never_the_best():
    moments = run(4, 1, losses=[math.nan, -math.inf, math.inf, 3.0])
    assert fired(BestMetric("val_loss", "min"), moments) == [4]
    assert fired(BestMetric("val_loss", "max"), moments) == [4]


def test_a_best_metric_in_a_combination_compares_with_what_was_fired():
    moments = run(4, 1, losses=[0.9, 0.5, 0.6, 0.7])
    assert fired(BestMetric("val_loss") & EveryEpoch(2), moments) == [2]
    assert fired(BestMetric("val_loss") & EveryEpoch(3), moments) == [3]  # 0.5 was better but nothing kept it


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("loss", "min"),
        ("val_loss", "min"),
        ("mean_absolute_error", "min"),
        ("accuracy", "max"),
        ("val_sparse_categorical_accuracy", "max"),
        ("AUC", "max"),
        ("val_precision_1", "max"),
        ("recall", "max"),
        ("f1_score", "max"),
    ],
)
def test_the_name_tells_which_values_are_better(name, direction):
    assert BestMetric(name).direction == direction
    assert BestMetric(name, mode="min").direction == "min"


def test_an_unknown_metric_is_named_with_the_known_ones_at_the_first_end_of_an_epoch():
    watcher = (BestMetric("val_acc") & EveryEpoch(5) | EveryIterations(1)).watch()
    first, end = run(1, 2)
    assert watcher.fires(first)
    with pytest.raises(ArgumentError, match=r"'val_acc' at the end of epoch 1; its metrics are: 'loss', 'val_loss'\."):
        watcher.fires(end)


@pytest.mark.parametrize("bad", [0, -1, 1.5, "3", None, True])
def test_counts_are_positive_integers(bad):
    for kind in (EveryEpoch, EveryIterations):
        with pytest.raises(ArgumentError, match=f"{kind.__name__}: Expected n to be an integer of at least 1"):
            kind(bad)


@pytest.mark.parametrize("bad", [0, -2.0, math.nan, math.inf, "3", None, True])
def test_minutes_are_a_finite_number_above_zero(bad):
    with pytest.raises(ArgumentError, match="EveryMinutes: Expected minutes to be a finite number above 0; received"):
        EveryMinutes(bad)


def test_wrong_arguments_of_a_best_metric_are_all_named():
    with pytest.raises(ArgumentError, match=r"2 arguments(.|\n)*received ''(.|\n)*'mini'. Did you mean 'min'\?"):
        BestMetric("", mode="mini")


def test_only_triggers_combine():
    with pytest.raises(ArgumentError, match=r"right of EveryEpoch\(\) &; received .*Did you mean EveryMinutes\(…\)\?"):
        EveryEpoch() & EveryMinutes
    with pytest.raises(ArgumentError, match=r"right of EveryMinutes\(2\) \|; received 5\."):
        EveryMinutes(2) | 5


def test_and_and_or_of_python_are_refused():
    with pytest.raises(ArgumentError, match=r"combined with & or \|; EveryEpoch\(\) stands"):
        EveryEpoch() and EveryMinutes(3)
    with pytest.raises(ArgumentError, match="True or False"):
        EveryEpoch() or EveryMinutes(3)


def test_a_trigger_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        EveryEpoch().n = 3


def test_a_combination_reads_as_it_was_written():
    trigger = (EveryEpoch() | BestMetric("auc", mode="max")) & EveryMinutes(2.5) & EveryIterations(7)
    assert repr(trigger) == "(EveryEpoch() | BestMetric('auc', mode='max')) & EveryMinutes(2.5) & EveryIterations(7)"
    assert repr(EveryEpoch(3) | trigger) == f"EveryEpoch(3) | {trigger!r}"
    assert repr(EveryEpoch().watch()) == "EveryEpoch().watch()"
    numpys = EveryMinutes(np.float64(0.5)) & EveryIterations(np.int64(4))
    assert repr(numpys) == "EveryMinutes(0.5) & EveryIterations(4)"


def test_numbers_of_numpy_are_remembered_as_plain_ones():
    watcher = (EveryIterations(5) | EveryMinutes(1) | BestMetric("loss")).watch()
    watcher.fires(Moment(np.int64(3), 0, True, np.float64(70.0), {"loss": np.float32(0.5)}))
    assert json.loads(json.dumps(watcher.state())) == watcher.state()


def test_the_examples_run():
    assert doctest.testmod(triggers).failed == 0


def test_the_state_of_another_trigger_is_refused():
    state = EveryEpoch(2).watch().state()
    with pytest.raises(ArgumentError, match=r"Expected the state of EveryEpoch\(\); received that of EveryEpoch\(2\)"):
        EveryEpoch().watch().restore(state)


# What holds for any trigger a, b and any run.


def test_a_repr_is_the_code_of_an_equal_trigger():
    for a, b, _, _ in cases():
        for trigger in (a, b, a & b, a | b):
            assert eval(repr(trigger), vars(triggers)) == trigger == pickle.loads(pickle.dumps(trigger))


def test_either_fires_whenever_one_of_them_would_alone():
    for a, b, moments, _ in cases():
        assert fired(a | b, moments) == sorted({*fired(a, moments), *fired(b, moments)})


def test_both_fire_only_when_each_is_due_at_that_moment():
    for a, b, moments, _ in cases():
        both, memory = a & b, (a & b).start()
        for moment in moments:
            due = both.due(memory, moment)
            parts = [part.due(own, moment) for part, own in zip(both.parts, memory, strict=True)]
            assert due == all(parts)
            memory = both.after(memory, moment, due)


def test_what_only_counts_fires_with_another_exactly_when_both_would_alone():
    for seed in SEEDS:
        rng = random.Random(seed)
        a, b = (rng.choice([EveryEpoch, EveryIterations])(rng.randint(1, 4)) for _ in range(2))
        moments = any_run(rng)
        assert fired(a & b, moments) == sorted({*fired(a, moments)} & {*fired(b, moments)})


def test_the_order_of_a_combination_does_not_matter():
    for a, b, moments, _ in cases():
        assert fired(a & b, moments) == fired(b & a, moments)
        assert fired(a | b, moments) == fired(b | a, moments)


def test_a_trigger_combined_with_itself_is_itself():
    for a, _, moments, _ in cases():
        assert fired(a & a, moments) == fired(a | a, moments) == fired(a, moments)


def test_a_time_that_is_up_stays_so_until_the_whole_fires():
    for a, _, moments, _ in cases():
        both = EveryMinutes(1) & a
        memory, waiting = both.start(), False
        for moment in moments:
            due, up = both.due(memory, moment), both.parts[0].due(memory[0], moment)
            assert up >= waiting
            memory, waiting = both.after(memory, moment, due), up and not due


def test_firings_lie_at_least_their_minutes_apart():
    for a, _, moments, _ in cases():
        seconds = {moment.iteration: moment.seconds for moment in moments}
        times = [0.0, *(seconds[iteration] for iteration in fired(EveryMinutes(1) & a, moments))]
        assert all(later - earlier >= 60 for earlier, later in itertools.pairwise(times))


def test_asking_whether_it_is_due_changes_nothing():
    for a, _, moments, _ in cases():
        memory = a.start()
        for moment in moments:
            before = json.dumps(memory)
            due = a.due(memory, moment)
            assert a.due(memory, moment) == due
            assert json.dumps(memory) == before
            memory = a.after(memory, moment, due)


def test_a_restored_watcher_goes_on_as_if_nothing_had_been():
    for a, _, moments, rng in cases():
        cut = rng.randint(0, len(moments))
        first, second = a.watch(), a.watch()
        began = [moment.iteration for moment in moments[:cut] if first.fires(moment)]
        second.restore(json.loads(json.dumps(first.state(), allow_nan=False)))
        went_on = [moment.iteration for moment in moments[cut:] if second.fires(moment)]
        assert began + went_on == fired(a, moments)


def test_watchers_of_one_trigger_know_nothing_of_each_other():
    for a, _, moments, _ in cases():
        used = a.watch()
        for moment in moments:
            used.fires(moment)
        assert fired(a, moments) == fired(a, moments)
        assert a.watch().state() == a.watch().state()
