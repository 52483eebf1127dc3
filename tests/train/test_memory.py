import resource

import numpy as np
import pytest

from zoo_lab.train.memory import MemoryShape, SharedMemory
from zoo_lab.train.sparse import SparseFile

SHAPE = MemoryShape(
    workers=3, iterations=2, batch_size=5, weights=7, gradient=6, state=2, metrics=4, slots=2, scalars=1, dtype="<f4"
)


@pytest.fixture
def sides(tmp_path):
    return SharedMemory.create(tmp_path / "run", SHAPE), SharedMemory(tmp_path / "run", SHAPE)


def test_a_place_without_room_for_all_of_it_is_refused_at_once(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SHAPE.nbytes - 1, hard))
    try:
        with pytest.raises(OSError):
            SharedMemory.create(tmp_path / "run", SHAPE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_a_released_memory_gives_its_room_back_though_others_still_map_it(sides, tmp_path):
    driver, worker = sides
    driver.release()
    assert (tmp_path / "run").stat().st_size == 0
    assert worker.path == driver.path


def published(memory):
    slots = np.ones(7, "f4"), np.full(7, 2.0, "f4")
    memory.publish(np.arange(7, dtype="f4"), np.array([0.5, 0.25], "f4"), slots, [0.75], updates=40)


def test_what_one_side_writes_the_other_reads(sides):
    driver, worker = sides
    driver.order(4, [np.array([9, 1, 3]), np.array([7, 8])], [0.1, 0.2])
    published(driver)
    assert (worker.first, worker.count, worker.last, worker.updates) == (4, 2, 1, 40)
    np.testing.assert_array_equal(worker.batch(0), [9, 1, 3])
    np.testing.assert_array_equal(worker.batch(1), [7, 8])
    np.testing.assert_array_equal(worker.weights[worker.bank], np.arange(7))
    np.testing.assert_array_equal(worker.slots[worker.bank, 1], [2.0] * 7)
    np.testing.assert_array_equal(worker.scalars[worker.bank], [[0.75]] * 3)
    worker.gradients[1] = 2.0
    np.testing.assert_array_equal(driver.gradients, [[0.0] * 6, [2.0] * 6, [0.0] * 6])


def test_a_group_works_beside_what_it_starts_from(sides):
    driver, worker = sides
    published(driver)
    worker.weights[1 - worker.bank] = 9.0
    np.testing.assert_array_equal(driver.weights[driver.bank], np.arange(7))
    driver.flip(updates=2)
    np.testing.assert_array_equal(driver.weights[driver.bank], [9.0] * 7)
    assert driver.updates == 42


def test_an_iteration_is_finished_once_every_worker_has_met_twice(sides):
    driver, worker = sides
    worker.arrived[:, 0] = 4, 3, 4
    assert driver.finished() == 1
    worker.arrived[1, 0] = 4
    assert driver.finished() == 2


def test_a_new_order_clears_what_the_last_group_left(sides):
    driver, worker = sides
    worker.claims[:] = 7
    worker.arrived[:] = 3
    driver.stop()
    driver.abort()
    driver.order(1, [np.array([1])], [0.1])
    assert not worker.claims.any()
    assert not worker.arrived.any()
    assert not worker.stopping
    assert not worker.aborted


def test_the_file_has_the_size_that_its_shape_says(sides):
    assert sides[0].path.stat().st_size == SHAPE.nbytes


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sparse_gradients_travel_and_grow(tmp_path, dtype):
    writer, reader = SparseFile(tmp_path / "s"), SparseFile(tmp_path / "s")
    shapes = [(3,), ()]
    for count in (2, 0, 50):
        rows = np.arange(count)
        pairs = [(rows, np.ones((count, 3), dtype)), (rows[::-1].copy(), np.full(count, 7, dtype))]
        counts = writer.write(pairs)
        back = reader.read(counts, shapes, np.dtype(dtype))
        for (rows_in, values_in), (rows_out, values_out) in zip(pairs, back, strict=True):
            np.testing.assert_array_equal(rows_in, rows_out)
            np.testing.assert_array_equal(values_in, values_out)
