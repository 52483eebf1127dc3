"""Training where workers are elsewhere: executors in processes of their own, and a machine without Java."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.context.outside import bin_without_java, run_outside

pytestmark = pytest.mark.slow

_TRAIN = """
import sys
import numpy as np, keras, zoo_lab
from tests.train.keras_reference import largest_difference, train_alone, twin

# No bias before BatchNormalization: its gradient is zero but for rounding, which Adam would blow up.
def build():
    layers = keras.layers
    stack = [keras.Input((6,)), layers.Dense(16, use_bias=False), layers.BatchNormalization(synchronized=SYNCHRONIZED), layers.Dense(3)]
    model = keras.Sequential(stack)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    return model

master, one_host, sync = sys.argv[1], sys.argv[2] == "one_host", sys.argv[3]
SYNCHRONIZED = one_host
context = zoo_lab.init_nncontext(master=master, memory="1g", warm=True)
assert context.one_host
context.one_host = one_host  # False: as on several hosts, each worker reads only the shards of its own executor
random = np.random.default_rng(0)
x = random.normal(size=(230, 6)).astype("float32")
y = x[:, :3].argmax(1)
mine, alone = twin(build)
data = zoo_lab.FeatureSet.from_numpy(x, y, context=context)
run = zoo_lab.fit(mine, data, batch_size=50, epochs=3, seed=5, sync=sync, validation_data=(x, y), display="none", runs=sys.argv[4])
losses = train_alone(alone, x, y, batch_size=50, epochs=3, seed=5)["loss"]
if SYNCHRONIZED:
    assert largest_difference(mine, alone) < 1e-5, largest_difference(mine, alone)
    assert np.allclose(run.history["loss"], losses, atol=1e-5)
else:  # each worker normalizes with its own part, so only about equal
    assert np.allclose(run.history["loss"], losses, atol=0.2), (run.history["loss"], losses)
measured = zoo_lab.evaluate(mine, data)
expected = mine.evaluate(x, y, verbose=0, return_dict=True)
assert abs(measured["loss"] - expected["loss"]) < 1e-5 and measured["accuracy"] == expected["accuracy"]
assert abs(run.history["val_loss"][-1] - expected["loss"]) < 1e-5
print(run.plan.sync, context.slots, run.state)
context.stop()
"""


def test_a_local_cluster_trains_through_shared_memory_as_keras_does(tmp_path: Path) -> None:
    printed = run_outside(_TRAIN, "local-cluster[2,1,1024]", "one_host", "auto", str(tmp_path))
    assert printed.split()[-3:] == ["shared", "2", "finished"]


def test_workers_that_share_nothing_train_on_the_shards_of_their_own_executors(tmp_path: Path) -> None:
    printed = run_outside(_TRAIN, "local-cluster[2,1,1024]", "apart", "auto", str(tmp_path))
    assert printed.split()[-3] in ("collect", "sliced")
    assert printed.split()[-2:] == ["2", "finished"]


def test_three_slots_train_as_keras_does(tmp_path: Path) -> None:
    printed = run_outside(_TRAIN, "local[3]", "one_host", "collect", str(tmp_path))
    assert printed.split()[-3:] == ["collect", "3", "finished"]


def test_a_machine_without_java_trains(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    path = bin_without_java(programs)
    printed = run_outside(_TRAIN, "local[1]", "one_host", "auto", str(tmp_path), PATH=path, JAVA_HOME=None)
    assert printed.split()[-3:] == ["shared", "1", "finished"]
