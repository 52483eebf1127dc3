"""Numbers in 16 bits: rounded to nearest, with what rounding took carried on."""

import ml_dtypes
import numpy as np
import pytest

from zoo_lab.train.wire import WIRES, with_feedback

lossy = pytest.mark.parametrize("name", ["bf16", "fp16"])


def there_and_back(name, values):
    packed = WIRES[name].packed(values)
    return WIRES[name].unpacked(packed.tobytes(), values.dtype)


def truncated(values):
    return (values.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)


def test_exact_values_stay_as_they_are():
    values = np.random.default_rng(0).normal(size=100).astype("f4")
    np.testing.assert_array_equal(there_and_back("none", values), values)


@lossy
def test_small_whole_numbers_are_exact(name):
    values = np.arange(-128, 129, dtype="f4")
    np.testing.assert_array_equal(there_and_back(name, values), values)


def test_bfloat16_rounds_as_tensorflow_does():
    import tensorflow as tf

    random = np.random.default_rng(1)
    values = (random.normal(size=10_000) * 10.0 ** random.integers(-30, 30, 10_000)).astype("f4")
    expected = tf.cast(tf.cast(values, tf.bfloat16), tf.float32).numpy()
    np.testing.assert_array_equal(there_and_back("bf16", values), expected)


def test_the_predecessors_example_was_truncated_and_ours_is_nearest():
    values = np.array([1.111111, 2.111111, 3.111111, 4.111111, 5.111111], "f4")
    np.testing.assert_array_equal(truncated(values), np.array([1.109375, 2.109375, 3.109375, 4.09375, 5.09375], "f4"))
    ours = there_and_back("bf16", values)
    assert np.abs(ours - values).max() < np.abs(truncated(values) - values).max()


@lossy
def test_rounding_has_no_bias_where_truncation_shrinks_by_a_quarter_percent(name):
    values = np.random.default_rng(2).uniform(1, 2, 100_000).astype("f4")
    bias = float(there_and_back(name, values).mean(dtype=np.float64) / values.mean(dtype=np.float64) - 1)
    shrunk = float(truncated(values).mean(dtype=np.float64) / values.mean(dtype=np.float64) - 1)
    assert abs(bias) < 3e-5
    assert shrunk < -2e-3


def test_every_kind_of_float32_becomes_the_bfloat16_that_numpy_makes_of_it():
    kinds = [0x0, 0x80000000, 0x1, 0x007FFFFF, 0x3F808000, 0x3F818000, 0x7F7F7FFF, 0x7F800000, 0xFF800000]
    kinds += [0x7F800001, 0x7FC00000, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFF8000]  # not numbers, some at the end of the range
    everything = np.random.default_rng(4).integers(0, 1 << 32, 10_000, dtype=np.uint64).astype(np.uint32)
    for bits in (*kinds, *everything):
        value = np.array([bits], np.uint32).view("f4")
        with np.errstate(invalid="ignore"):
            expected = value.astype(ml_dtypes.bfloat16).astype("f4")
        np.testing.assert_array_equal(there_and_back("bf16", value), expected)


@lossy
def test_what_rounding_takes_is_in_the_next_gradient(name):
    gradient = np.random.default_rng(3).normal(size=1000).astype("f4")
    arrived, residual = np.zeros(1000, np.float64), None
    for _ in range(50):
        packed, residual = with_feedback(WIRES[name], gradient, residual)
        arrived += WIRES[name].unpacked(packed.tobytes(), gradient.dtype)
    np.testing.assert_allclose(arrived, 50 * gradient.astype(np.float64), atol=1e-2, rtol=1e-3)


def test_an_overflow_of_half_precision_is_carried_on():
    packed, residual = with_feedback(WIRES["fp16"], np.array([1e5], "f4"), None)
    assert WIRES["fp16"].unpacked(packed.tobytes(), np.dtype("f4"))[0] == 65504
    assert residual[0] == pytest.approx(1e5 - 65504)


@lossy
def test_not_a_number_stays_one(name):
    assert np.isnan(there_and_back(name, np.array([np.nan], "f4"))).all()


@lossy
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_not_finite_arrives_as_it_is_and_leaves_nothing_for_the_next_gradient(name, value):
    packed, residual = with_feedback(WIRES[name], np.array([1.0, value, 2.5], "f4"), np.array([0.25, 0.25, 0.25], "f4"))
    arrived = WIRES[name].unpacked(packed.tobytes(), np.dtype("f4"))
    np.testing.assert_array_equal(arrived, np.array([1.25, value, 2.75], "f4"))
    np.testing.assert_array_equal(residual, np.zeros(3, "f4"))


@lossy
def test_the_largest_finite_number_does_not_become_infinite(name):
    largest = np.finfo(np.float32).max
    packed, residual = with_feedback(WIRES[name], np.array([largest, -largest], "f4"), None)
    arrived = WIRES[name].unpacked(packed.tobytes(), np.dtype("f4"))
    assert np.isfinite(arrived).all()
    assert np.isfinite(residual).all()
    np.testing.assert_array_equal(arrived + residual, np.array([largest, -largest], "f4"))
