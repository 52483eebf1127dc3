from __future__ import annotations

import inspect
import re
import time

import numpy as np
import pytest

from zoo_lab.magics.fit import COMMAND, REHEARSALS, arguments
from zoo_lab.train.api import fit

# where to train and how a run is shown are a program's business
NO_ARGUMENTS = {"o", *REHEARSALS}
ONLY_FROM_PYTHON = {"context", "display", "listeners"}


@pytest.fixture
def namespace(shell, context, tmp_path, monkeypatch):
    """A small model and its data under the names of the README."""
    import keras

    monkeypatch.chdir(tmp_path)
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")], name="small")
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    numbers = np.random.default_rng(1)
    x = numbers.normal(size=(60, 4)).astype("float32")
    y = (x.sum(axis=1) > 0).astype("int32")
    shell.user_ns.update(model=model, x=x, y=y)
    return shell.user_ns


def test_the_options_are_the_arguments_of_fit_with_their_defaults():
    parameters = inspect.signature(fit).parameters
    given = arguments({option.key: True for option in COMMAND.table if option.key not in NO_ARGUMENTS})
    assert set(given) == set(parameters) - ONLY_FROM_PYTHON
    for option in COMMAND.options:
        if option.key in parameters and option.default not in ("", "drawn", "the model's"):
            assert option.default == str(parameters[option.key].default)


def test_a_run_trains_prints_its_course_and_is_kept(run_cell, namespace):
    printed = run_cell("%zoo_fit model (x, y) --batch-size 20 --epochs 2 --seed 3 --validation (x, y) -o run")
    run = namespace["run"]
    assert (run.state, run.iterations, run.plan.seed) == ("finished", 6, 3)
    assert "Epoch 2/2" in printed
    assert set(run.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert "Out[" not in printed


def test_columns_callbacks_and_weights_arrive(run_cell, namespace, context):
    table = [(*map(float, row), int(label)) for row, label in zip(namespace["x"], namespace["y"], strict=True)]
    namespace["table"] = context.spark.createDataFrame(table, ["a", "b", "c", "d", "label"])
    run_cell(
        "import keras; seen = []\n"
        "noting = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))\n"
        "%zoo_fit model table --feature-cols a,b,c,d --label-cols label --callbacks noting "
        "--class-weight {0: 1.0, 1: 2.0} -o run"
    )
    assert namespace["seen"] == [0]
    assert namespace["run"].plan.rows == 60


def test_a_run_in_the_background_is_returned_and_can_be_stopped(run_cell, namespace):
    run_cell("run = %zoo_fit model (x, y) --epochs 100000 --background --name long")
    run = namespace["run"]
    printed = run_cell("%zoo_stop run")
    assert run.state == "stopped"
    assert f"long: stopped after {run.iterations:,} iterations" in printed
    assert "No run is under way." in run_cell("%zoo_stop")


def test_stopping_a_run_that_the_user_s_own_error_ended_tells_it_and_goes_on(run_cell, namespace):
    run_cell(
        "import keras\n"
        "class Broken(keras.callbacks.Callback):\n"
        "    def on_epoch_end(self, epoch, logs=None):\n"
        "        raise KeyError('my own')\n"
        "run = %zoo_fit model (x, y) --callbacks Broken() --background --name broken"
    )
    while namespace["run"].state == "running":
        time.sleep(0.05)
    printed = run_cell("%zoo_stop run\nprint('went on')")
    assert "broken had failed: KeyError: 'my own'" in printed
    assert "went on" in printed


def test_a_run_of_a_few_iterations_tells_so_from_the_start(run_cell, namespace):
    printed = run_cell("%zoo_fit model (x, y) --batch-size 20 --epochs 9 --max-iterations 4 -o run")
    assert "batch size 20, 4 iterations" in printed
    assert "Epoch 1/2 - " in printed
    assert namespace["run"].events[0].iterations == 4


def test_a_wrong_value_is_told_in_one_line(run_cell, namespace):
    printed = run_cell("%zoo_fit model (x, y) --batch-size 0 --sync collct", fails=True)
    assert "Expected batch_size to be an integer of at least 1; received 0." in printed
    assert "Did you mean 'collect'?" in printed
    assert "Traceback" not in printed


def test_an_error_on_a_worker_shows_in_few_lines(run_cell, namespace, context):
    printed = run_cell("y[30] = 7\n%zoo_fit model (x, y)", fails=True)
    assert "WorkerError" in printed
    assert "label value of 7" in printed
    assert "%zoo_context --debug" in printed
    assert "Traceback" not in printed
    assert len(printed.splitlines()) < 30


def test_debug_shows_all_of_it(run_cell, namespace, context, monkeypatch):
    monkeypatch.setattr(context, "debug", True)
    printed = run_cell("y[30] = 7\n%zoo_fit model (x, y)", fails=True)
    assert "On the worker:" in printed
    assert "Traceback" in printed


def test_swapped_arguments_are_told(run_cell, namespace):
    printed = run_cell("%zoo_fit (x, y) model", fails=True)
    assert "ModelError: Expected a compiled keras.Model; received tuple." in printed


def test_a_plan_tells_what_the_run_will_take_and_trains_nothing(run_cell, namespace):
    before = namespace["model"].get_weights()
    printed = run_cell("%zoo_fit model (x, y) --batch-size 5 --epochs 4 --plan")
    assert "60 rows in batches of 5: 12 iterations × 4 epochs on 2 workers" in printed
    assert "An epoch takes about" in printed
    assert "Each worker moves 0.0 MB over the network" in printed
    assert "workers will not help" in printed
    for a, b in zip(before, namespace["model"].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_verify_prints_the_difference_from_one_process(run_cell, namespace):
    before = namespace["model"].get_weights()
    printed = run_cell("%zoo_fit model (x, y) --batch-size 5 --verify")
    found = re.search(r"After 3 iterations the weights differ from single-process Keras by (\S+) at most", printed)
    assert 0 <= float(found[1]) < 1e-6
    for a, b in zip(before, namespace["model"].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_run_is_saved_and_resumed_from_the_notebook(run_cell, namespace):
    run_cell("%zoo_fit model (x, y) --batch-size 20 --epochs 2 --seed 3 --checkpoint saved -o whole")
    run_cell("%zoo_fit model (x, y) --batch-size 20 --epochs 3 --resume saved --iterations-per-job 2 -o more")
    assert namespace["more"].iterations == 9
    assert len(namespace["more"].history["loss"]) == 3
