"""■ in a cell that tunes: the fit under way in Spark ML's thread ends, and no further one begins."""

from __future__ import annotations

import json

import pytest

from tests.context.outside import run_outside

CELL = """
import keras
from pyspark.ml.evaluation import MulticlassClassificationEvaluator
from pyspark.ml.tuning import CrossValidator, ParamGridBuilder
from zoo_lab.nnframes import NNClassifier

model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
classifier = NNClassifier(model, "CrossEntropyCriterion").setMaxEpoch(100_000).setBatchSize(64)
grid = ParamGridBuilder().addGrid(classifier.learningRate, [0.1, 0.2, 0.3]).build()
search = CrossValidator(
    estimator=classifier, estimatorParamMaps=grid, evaluator=MulticlassClassificationEvaluator(), numFolds=2
)
search.fit(frame)
"""

CODE = """
    import json, os, signal, sys, threading, time
    import numpy as np, keras
    import zoo_lab
    from IPython.core.interactiveshell import InteractiveShell
    from zoo_lab.train.run import running_runs

    context = zoo_lab.init_nncontext(master="local[2]", memory="1g")
    x = np.random.default_rng(0).random((400, 2))
    frame = context.spark.createDataFrame([(row.tolist(), float(row[0] > row[1])) for row in x], ["features", "label"])
    frame = frame.cache()
    shell = InteractiveShell.instance()
    shell.user_ns["frame"] = frame

    def interrupt():
        deadline = time.monotonic() + 60
        while not any(run.iterations > 5 for run in running_runs()) and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    waiting = threading.Thread(target=interrupt)
    waiting.start()
    ended = shell.run_cell(sys.argv[1])
    waiting.join()
    deadline = time.monotonic() + 30
    while running_runs() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(3)  # a further fit would have begun
    left, runs = len(running_runs()), len(os.listdir(".zoo_lab/runs"))
    again = shell.run_cell("trained = classifier.setMaxEpoch(2).fit(frame)")  # later cells train as ever
    context.stop()
    print()
    print(json.dumps([type(ended.error_in_exec).__name__, left, runs, again.success]))
"""


@pytest.mark.slow
def test_an_interrupt_ends_the_fit_under_way_and_those_that_would_have_followed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = run_outside(CODE, CELL).splitlines()[-1]
    assert json.loads(told) == ["KeyboardInterrupt", 0, 1, True]
