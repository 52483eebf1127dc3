"""A chain that runs in training is interrupted while an image is made."""

from __future__ import annotations

import json

import pytest

from tests.context.outside import run_outside

pytestmark = pytest.mark.slow

# The step is of __main__, as in a notebook: it sleeps on every image once the training is under way.
_INTERRUPTED = """
    import json, os, signal, sys, threading, time
    import keras
    import zoo_lab
    from tests.train.keras_reference import largest_difference, twin
    from tests.train.test_augmentation import CHAIN, classifier, image_set
    from zoo_lab.feature.image import ImagePreprocessing
    from zoo_lab.feature.preprocessing import ChainedPreprocessing

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

    def fit(model, data, **arguments):
        return zoo_lab.fit(model, data, batch_size=8, seed=5, display="none", runs=sys.argv[1], **arguments)

    context = zoo_lab.init_nncontext(master="local[2]", memory="1g")
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
    context.stop()
"""


def test_an_interrupt_ends_a_run_whose_workers_are_making_images(tmp_path):
    """The weights are those of the last finished iteration, here of the first epoch, and the next run is sound."""
    printed = run_outside(_INTERRUPTED, str(tmp_path))
    for seconds, state, iterations, difference, again, active in json.loads(printed.splitlines()[-1]):
        assert seconds < 5
        assert (state, iterations, again, active) == ("stopped", 3, "finished", [])
        assert difference == 0
