from __future__ import annotations

import math

import numpy as np

from zoo_lab.widgets.thinning import sample, smooth, thin


def test_short_curves_stay_as_they_are():
    assert thin([1.0, 2.0, 3.0], 10).tolist() == [1.0, 2.0, 3.0]


def test_thinning_keeps_the_mean_of_equal_stretches():
    assert np.isclose(thin(np.arange(1000.0), 100).mean(), np.arange(1000.0).mean())


def test_missing_values_do_not_spread():
    assert thin([1.0, math.nan, 3.0, 5.0], 2).tolist() == [1.0, 4.0]


def test_a_stretch_without_values_is_missing():
    assert np.isnan(thin([math.nan, math.nan, 3.0, 5.0], 2)[0])


def test_smoothing_begins_at_the_first_value_and_leaves_a_flat_curve_flat():
    assert np.allclose(smooth([4.0] * 5, 0.9), 4.0)
    assert smooth([3.0, 1.0], 0.5)[0] == 3.0


def test_a_sample_is_taken_where_thinning_begins_its_stretches():
    numbers = np.arange(1003.0)
    picked = sample(numbers, 100)
    assert len(picked) == len(thin(numbers, 100)) == 100
    assert np.all(picked <= thin(numbers, 100))
    assert set(picked) <= set(numbers)
    assert sample(numbers[:50], 100).tolist() == numbers[:50].tolist()
