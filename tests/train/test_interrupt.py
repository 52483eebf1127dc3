"""An interrupt in a real process, whose main thread trains: it ends the run, and nothing but the run."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.context.outside import Outside, outside

pytestmark = pytest.mark.slow

# The classes are those of __main__, as in a notebook.
PRELUDE = """
    import json, os, signal, sys, threading, time
    import keras, numpy, tensorflow
    import zoo_lab
    from tests.train.keras_reference import largest_difference, twin
    from tests.train.models import CLASSES, FEATURES, compiled, linear, table

    class Slow(keras.layers.Layer):
        def call(self, inputs, training=False):
            if training:
                wait = tensorflow.numpy_function(lambda: numpy.float32(time.sleep(20) or 0), [], tensorflow.float32)
                inputs = inputs + keras.ops.reshape(wait, (1, 1))
            return inputs

    class InterruptAt(keras.callbacks.Callback):
        def __init__(self, batch, seconds):
            super().__init__()
            self.batch, self.seconds, self.sent = batch, seconds, 0.0
        def on_train_batch_begin(self, batch, logs=None):
            if batch == self.batch:
                threading.Timer(self.seconds, self.send).start()
        def send(self):
            self.sent = time.monotonic()
            os.kill(os.getpid(), signal.SIGINT)

    class StopAt(keras.callbacks.Callback):
        def __init__(self, iterations):
            super().__init__()
            self.iterations = iterations
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch + 1 == self.iterations

    def pids():
        def pid(rows):
            list(rows)
            time.sleep(0.3)
            yield os.getpid()
        return sorted(set(context.sc.parallelize(range(2), 2).mapPartitions(pid).collect()))

    def fit(model, **arguments):
        return zoo_lab.fit(model, data, batch_size=2, seed=1, display="none", runs=sys.argv[1], **arguments)

    context = zoo_lab.init_nncontext(master="local[2]", memory="1g")
    data = zoo_lab.FeatureSet.from_numpy(*table(4000))
"""

SHORT_STEPS = """
    answers = []
    fit(linear(), callbacks=[StopAt(2)])
    before = pids()
    theirs = threading.Thread(
        target=lambda: answers.append(context.sc.parallelize([7], 1).map(lambda x: time.sleep(6) or x).collect())
    )
    theirs.start()
    time.sleep(0.5)
    differences, seconds, states = [], [], []
    for late in (0.31, 0.333, 0.357):
        model, replayed = twin(linear)
        interrupt = InterruptAt(5, late)
        run = fit(model, callbacks=[interrupt])
        seconds.append(time.monotonic() - interrupt.sent)
        states.append([run.state, run.iterations, run.events[-1].iterations, int(model.optimizer.iterations)])
        fit(replayed, callbacks=[StopAt(run.iterations)])
        differences.append(largest_difference(model, replayed))
    theirs.join()
    after = pids()
    print(json.dumps([seconds, states, differences, answers, before, after]))
"""

LONG_STEP = """
    model = compiled(
        keras.Sequential([keras.layers.Input((FEATURES,)), Slow(), keras.layers.Dense(CLASSES, "softmax")])
    )
    before = model.get_weights()
    interrupt = InterruptAt(0, 2.0)
    run = fit(model, callbacks=[interrupt])
    seconds = time.monotonic() - interrupt.sent
    same = all((a == b).all() for a, b in zip(before, model.get_weights()))
    again = fit(linear(), callbacks=[StopAt(3)])
    print(json.dumps([seconds, run.state, run.iterations, same, again.iterations]))
"""


@pytest.fixture(scope="module")
def process() -> Iterator[Outside]:
    """A process that may be interrupted, with a context and data."""
    with outside() as made:
        made.run(PRELUDE)
        yield made
        made.run("context.stop()")


def result(process, code, folder):
    return json.loads(process.run(code, str(folder)).splitlines()[-1])


def test_an_interrupt_keeps_the_last_finished_iteration_the_workers_and_other_peoples_jobs(process, tmp_path):
    seconds, states, differences, answers, before, after = result(process, SHORT_STEPS, tmp_path)
    assert max(seconds) < 3
    for state, iterations, told, applied in states:
        assert state == "stopped"
        assert iterations == told == applied > 5
    assert differences == [0, 0, 0]
    assert answers == [[7]]
    assert after == before


def test_an_interrupt_ends_a_long_step_and_a_second_fit_works(process, tmp_path):
    seconds, state, iterations, same, again = result(process, LONG_STEP, tmp_path)
    assert seconds < 5
    assert (state, iterations, same) == ("stopped", 0, True)
    assert again == 3
