import pytest

from zoo_lab.core.errors import ArgumentError
from zoo_lab.train.plan import Plan, Position, choose_sync


def plan(**changes):
    usual = {"rows": 100, "batch_size": 32, "epochs": 3, "workers": 2, "seed": 1, "shuffle": True}
    return Plan(**{**usual, "sync": "shared", "why": "w", **changes})


@pytest.mark.parametrize(
    ("rows", "batch_size", "steps"), [(100, 32, 4), (96, 32, 3), (1, 32, 1), (5, 1, 5), (10, 500, 1)]
)
def test_steps_count_the_smaller_last_batch(rows, batch_size, steps):
    assert plan(rows=rows, batch_size=batch_size).steps_per_epoch == steps
    assert plan(rows=rows, batch_size=batch_size).iterations == 3 * steps


def test_positions_number_iterations_from_one_over_the_whole_run():
    made = [plan().position(epoch, step) for epoch in range(3) for step in range(4)]
    assert [position.iteration for position in made] == list(range(1, 13))
    assert made[4] == Position(iteration=5, epoch=1, step=0)
    assert [plan().position_of(position.iteration) for position in made] == made


def test_the_plan_reads_as_a_sentence():
    text = repr(plan(rows=60_000))
    assert "60,000 rows in batches of 32: 1875 iterations × 3 epochs on 2 workers; seed 1; sync='shared': w" in text


def test_one_host_shares_its_memory_and_several_measure():
    assert choose_sync("auto", one_host=True)[0] == "shared"
    assert choose_sync("auto", one_host=False, weight_bytes=1 << 20, workers=4)[0] == "measured"


def test_weights_that_would_flood_the_driver_are_sliced_unmeasured():
    name, why = choose_sync("auto", one_host=False, weight_bytes=100 << 20, workers=4)
    assert name == "sliced"
    assert "400 MB" in why


def test_a_strategy_asked_for_by_name_is_taken():
    assert choose_sync("collect", one_host=True) == ("collect", "asked for by name")


def test_shared_memory_over_several_hosts_is_refused_with_the_way_out():
    with pytest.raises(ArgumentError, match="Expected sync='auto', 'collect' or 'sliced'.*received sync='shared'"):
        choose_sync("shared", one_host=False)
