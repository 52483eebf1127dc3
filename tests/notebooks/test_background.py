"""The magics in a real kernel: a run in the background, its end, errors, the context's end."""

from __future__ import annotations

import pytest

from tests.notebooks.execute import execute, printed

pytestmark = pytest.mark.slow

BACKGROUND = [
    "%load_ext zoo_lab\n%zoo_context --master local[2] --memory 1g -o context",
    """import keras
import numpy as np
keras.utils.set_random_seed(1)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)], name="small")
model.compile("sgd", "mse")
x = np.random.default_rng(1).normal(size=(64, 4))
run = %zoo_fit model (x, x[:, 0]) --epochs 100000 --background""",
    """import time
while run.iterations < 20:
    time.sleep(0.1)
%zoo_stop""",
    "print(run.state, run.iterations >= 20, run.wait() is run)",
    "%zoo_fit model x --epochs 0",
    "%zoo_stop --context\ncontext.state",
    "%unload_ext zoo_lab\n%zoo_stop",
]


@pytest.fixture(scope="module")
def background(tmp_path_factory):
    return execute(BACKGROUND, tmp_path_factory.mktemp("background"), allow_errors=True)


def test_a_run_in_the_background_lets_other_cells_stop_it(background):
    assert "small: stopped after" in printed(background.cells[2])
    assert printed(background.cells[3]).strip() == "stopped True True"
    assert any("image/svg+xml" in output.get("data", {}) for output in background.cells[1].outputs)


def test_an_error_is_one_line_and_a_real_error(background):
    [error] = background.cells[4].outputs
    assert error.output_type == "error"
    assert error.ename == "ArgumentError"
    assert error.traceback == ["ArgumentError: fit: Expected epochs to be an integer of at least 1; received 0."]


def test_the_context_stops_and_the_magics_go(background):
    assert "The context is stopped." in printed(background.cells[5])
    assert "'stopped'" in printed(background.cells[5])
    assert "%zoo_stop` not found" in printed(background.cells[6])
