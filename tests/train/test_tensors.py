import numpy as np
import pytest

from zoo_lab.train.tensors import aligned, borrowed


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("count", [1, 7, 100_000])
def test_a_tensor_lies_on_the_memory_of_an_aligned_array(count, dtype):
    values = aligned(count, dtype)
    values[:] = np.arange(count)
    tensor = borrowed(values)
    values[0] = 42
    np.testing.assert_array_equal(tensor.numpy(), values)


def test_the_memory_stays_while_there_is_a_tensor_on_it():
    tensors = []
    for number in range(50):
        values = aligned(10_000, "f4")
        values[:] = number
        tensors.append(borrowed(values))
    del values
    for number, tensor in enumerate(tensors):
        np.testing.assert_array_equal(tensor.numpy(), np.full(10_000, number, "f4"))


@pytest.mark.parametrize("start", [1, 4, 15])
def test_where_it_is_not_aligned_it_is_copied(start):
    values = aligned(1000, "f4")
    values[:] = np.arange(1000)
    tensor = borrowed(values[start:])
    values[start] = -1
    np.testing.assert_array_equal(tensor.numpy(), np.arange(start, 1000, dtype="f4"))


@pytest.mark.parametrize("odd", ["read-only", "every second", "empty"])
def test_other_arrays_are_copied(odd):
    values = aligned(64, "f4")
    values[:] = np.arange(64)
    if odd == "read-only":
        values.flags.writeable = False
    values = {"every second": values[::2], "empty": values[:0]}.get(odd, values)
    np.testing.assert_array_equal(borrowed(values).numpy(), values)
