"""The code of SSD for boxes, with the numbers of REFERENCE case 20."""

from __future__ import annotations

import numpy as np
import pytest

from tests.feature.image.photographs import BOXES
from zoo_lab.core.errors import DataError
from zoo_lab.feature.image import decode_boxes, encode_boxes

STEPS = np.arange(1, 5)[:, None] * 0.1
PRIORS = STEPS + np.array([0, 0, 0.2, 0.2])
CODES = np.tile([0, 0.75, np.log(2), np.log(1.5)], (4, 1))


def test_codes_that_were_not_divided_by_their_variances():
    boxes = decode_boxes(PRIORS, CODES, variance_encoded=True)
    np.testing.assert_allclose(boxes, np.array([0, 0.2, 0.4, 0.5]) + (STEPS - 0.1), atol=1e-6)  # float32


def test_codes_that_were_divided_by_them():
    first = decode_boxes(PRIORS, CODES)[0]
    np.testing.assert_allclose(first, [0.0851302, 0.1065528, 0.3148698, 0.3234472], atol=1e-6)


@pytest.mark.parametrize("variance_encoded", [True, False])
def test_encoding_is_the_way_back(variance_encoded):
    priors = np.array([[30, 30, 110, 100], [0, 0, 320, 240], [10, 10, 20, 30]])
    codes = encode_boxes(priors, BOXES, variance_encoded=variance_encoded)
    boxes = decode_boxes(priors, codes, variance_encoded=variance_encoded)
    np.testing.assert_allclose(boxes, BOXES, rtol=1e-5)  # codes are float32


def test_other_shapes_are_told():
    with pytest.raises(DataError, match=r"codes of four numbers each, shape \(…, 4\); received shape \(3,\)"):
        decode_boxes(PRIORS, [1, 2, 3])
