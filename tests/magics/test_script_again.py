"""An exported script, run in a process of its own, does what the run did: the same losses, to the bit."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from zoo_lab.core.events import IterationDone, KnobTurned
from zoo_lab.core.runlog import read_events

pytestmark = pytest.mark.slow
_PROJECT = Path(__file__).resolve().parents[2]
_DATA = """numbers = np.random.default_rng(1)
pictures = zoo_lab.FeatureSet.from_numpy(numbers.integers(0, 255, (90, 10, 10, 3)).astype("uint8"), np.arange(90) % 2)
chain = ChainedPreprocessing([ImageRandomRotation(-30, 30), ImageMatToTensor(format="NHWC")])
test = (np.ones((10, 10, 10, 3)), np.zeros(10, int))
"""
_IMPORTS = """import keras, numpy as np, zoo_lab
from zoo_lab.feature.image import ChainedPreprocessing, ImageMatToTensor, ImageRandomRotation
"""
_CELL = f"""
{_IMPORTS}
{_DATA}
layers = [keras.layers.Flatten(), keras.layers.Dense(8, "relu"), keras.layers.Dropout(0.2), keras.layers.Dense(2)]
model = keras.Sequential([keras.Input((10, 10, 3)), keras.layers.Rescaling(1 / 255), *layers])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
run = %zoo_fit model pictures.transform(chain) --batch-size 20 --epochs 8 --validation test --keep-weights 6 \\
    --name first --background
"""


def losses(path):
    return [event.loss for event in read_events(path) if isinstance(event, IterationDone)]


def run_again(folder, script, name):
    """Put what only the notebook knew into the script, run it in a process of its own, and return the run's file."""
    text = (folder / script).read_text()
    marked = "    # =====> PUT YOUR DATA HERE <====="
    assert text.count(marked) == 1
    assert "put here what made them" in text
    given = textwrap.indent(f"{_IMPORTS}\n{_DATA}", "    ")
    (folder / script).write_text(text.replace(marked, f"{marked}\n{given}").replace("runs=", "# runs="))
    (folder / name).mkdir()
    (folder / script).rename(folder / name / script)
    for weights in folder.glob("*.npz"):
        weights.rename(folder / name / weights.name)
    variables = {**os.environ, "PYTHONPATH": str(_PROJECT)}
    command = [sys.executable, script]
    done = subprocess.run(command, cwd=folder / name, env=variables, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return sorted((folder / name / ".zoo_lab" / "runs").glob("*.jsonl"))


@pytest.fixture
def first(run_cell, shell, context, tmp_path, monkeypatch):
    """Train as a notebook does, with every kind of knob turned by hand."""
    monkeypatch.chdir(tmp_path)
    run_cell(_CELL)
    run = shell.user_ns["run"]
    while not run.knobs:
        time.sleep(0.01)
    for knob, value in (("learning_rate", 0.003), ("clipnorm", 0.2), ("augmentation_strength", 0.25)):
        done = run.iterations
        run.turn(knob, value)
        while run.iterations <= done and run.state == "running":
            time.sleep(0.01)
    run.wait()
    turned = [event.knob for event in read_events(run.path) if isinstance(event, KnobTurned)]
    assert turned == ["learning_rate", "clipnorm", "augmentation_strength"]
    return run


def test_an_exported_script_gives_the_same_losses(run_cell, first, tmp_path):
    assert "Written: again.py" in run_cell("%zoo_runs first --export again.py")
    [again] = run_again(tmp_path, "again.py", "again")
    assert losses(again) == losses(first.path)
    assert len(losses(again)) == 40


def test_the_script_of_a_branch_gives_the_losses_of_the_branch(run_cell, shell, first, tmp_path):
    run_cell("branch = run.branch(27, learning_rate=0.0005, clipnorm=0, clipvalue=0.01, epochs=10, name='second')")
    branch = shell.user_ns["branch"]
    assert "Written: again.py" in run_cell("%zoo_runs second --export again.py")
    parent, again = run_again(tmp_path, "again.py", "again")
    assert losses(parent) == losses(first.path)[:24]
    assert losses(again) == losses(branch.path)
    assert losses(again)[:24] == losses(first.path)[:24]
    assert losses(again)[24:40] != losses(first.path)[24:]
    assert len(losses(again)) == 50
