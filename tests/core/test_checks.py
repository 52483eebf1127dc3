import numpy as np
import pytest

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ArgumentError


def test_nothing_wrong_raises_nothing():
    checks = Checks("fit")
    checks.positive_int("batch_size", 1)
    checks.positive_int("epochs", np.int64(3))
    checks.natural_int("seed", 0)
    checks.one_of("sync", "auto", ["auto", "shared"])
    checks.require(True, "unused")
    checks.done()


@pytest.mark.parametrize("value", [0, -1, 1.5, 2.0, "3", None, True, np.float32(2)])
def test_a_positive_integer_is_nothing_else(value):
    checks = Checks("fit")
    checks.positive_int("batch_size", value)
    with pytest.raises(ArgumentError, match="Expected batch_size to be an integer of at least 1; received"):
        checks.done()


def test_a_natural_integer_may_be_zero_but_not_less():
    checks = Checks("fit")
    checks.natural_int("seed", -1)
    with pytest.raises(ArgumentError, match="at least 0; received -1"):
        checks.done()


def test_a_near_miss_is_named():
    checks = Checks("fit")
    checks.one_of("sync", "colect", ["auto", "collect"])
    with pytest.raises(ArgumentError, match="'auto', 'collect'; received 'colect'. Did you mean 'collect'?"):
        checks.done()


def test_all_problems_come_in_one_error():
    checks = Checks("fit")
    checks.positive_int("batch_size", 0)
    checks.positive_int("epochs", 0)
    checks.fail("Expected more.")
    with pytest.raises(ArgumentError) as caught:
        checks.done()
    assert str(caught.value).startswith("fit: 3 arguments are wrong.\n  - Expected batch_size")
    assert str(caught.value).count("\n  - ") == 3
