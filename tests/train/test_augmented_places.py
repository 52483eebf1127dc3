"""A chain that runs in training, in a Spark with no workers but its own: what is made ahead, and an interrupt."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.context.outside import Outside, outside
from tests.train.battery import STRATEGIES

pytestmark = pytest.mark.slow

_START = """
    import json, os, signal, sys, threading, time
    import keras
    import zoo_lab
    from tests.train.keras_reference import largest_difference, twin
    from tests.train.test_augmentation import CHAIN, classifier, image_set
    from zoo_lab.feature.image import ImagePreprocessing
    from zoo_lab.feature.preprocessing import ChainedPreprocessing

    def fit(model, data, **arguments):
        return zoo_lab.fit(model, data, batch_size=8, seed=5, display="none", runs=sys.argv[1], **arguments)

    context = zoo_lab.init_nncontext(master="local[2]", memory="1g")
"""
# A worker process tells what it guessed of its next part; 0.2 s, so that none takes two of these tasks.
_GUESSES = """
    data = zoo_lab.FeatureSet.from_image_set(image_set(context), augment=CHAIN)
    run = fit(twin(classifier)[0], data, epochs=8, sync=sys.argv[2], iterations_per_job=1)

    def told(rows):
        from zoo_lab.train.replica import _replicas
        list(rows)
        time.sleep(0.2)
        guesses = list(_replicas.values())[-1].ahead.guesses
        yield os.getpid(), (guesses.right, guesses.wrong)

    found = dict(context.sc.parallelize(range(2), 2).mapPartitions(told).collect())
    print(json.dumps([run.iterations, list(found.values())]))
    data.unpersist()
"""
# The step is of __main__, as in a notebook: it sleeps on every image once the training is under way.
_INTERRUPTED = """
    class Slow(ImagePreprocessing):
        def transform(self, feature):
            time.sleep(20 if feature.seeding.epoch else 0)
            return feature

    class InterruptAt(keras.callbacks.Callback):
        sent = 0.0
        def on_epoch_end(self, epoch, logs=None):
            threading.Timer(1.0, self.send).start()
        def send(self):
            self.sent = time.monotonic()
            os.kill(os.getpid(), signal.SIGINT)

    data = zoo_lab.FeatureSet.from_image_set(image_set(context), augment=ChainedPreprocessing([Slow(), CHAIN]))
    found = []
    for sync in ("shared", "collect"):
        model, whole = twin(classifier)
        interrupt = InterruptAt()
        run = fit(model, data, epochs=3, sync=sync, callbacks=[interrupt])
        seconds = time.monotonic() - interrupt.sent
        once = fit(whole, data, epochs=1, sync=sync)
        active = list(context.sc.statusTracker().getActiveJobsIds())
        found.append([seconds, run.state, run.iterations, largest_difference(model, whole), once.state, active])
    print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory) -> Iterator[Outside]:
    with outside() as process:
        process.run(_START, str(tmp_path_factory.mktemp("runs")))
        yield process
        process.run("context.stop()")


@pytest.mark.parametrize("sync", STRATEGIES)
def test_the_next_batch_is_made_ahead_rightly_where_each_iteration_is_a_job(kernel, tmp_path, sync):
    """Spark gives the two processes the parts in any order: with `shared` each keeps its own, else they hand them over."""
    iterations, guesses = json.loads(kernel.run(_GUESSES, str(tmp_path), sync))
    assert iterations == 24
    assert [right + wrong for right, wrong in guesses] == [23, 23]
    assert max(wrong for _right, wrong in guesses) <= (0 if sync == "shared" else 2)


def test_an_interrupt_ends_a_run_whose_workers_are_making_images(kernel, tmp_path):
    """The weights are those of the last finished iteration, here of the first epoch, and the next run is sound."""
    printed = kernel.run(_INTERRUPTED, str(tmp_path))
    for seconds, state, iterations, difference, again, active in json.loads(printed.splitlines()[-1]):
        assert seconds < 5
        assert (state, iterations, again, active) == ("stopped", 3, "finished", [])
        assert difference == 0
