"""An exported script, run in a process of its own, does what the run did: the same losses, to the bit."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from zoo_lab.core.events import IterationDone, KnobTurned
from zoo_lab.core.runlog import read_events

pytestmark = pytest.mark.slow
_PROJECT = Path(__file__).resolve().parents[2]
_CELL = """
import keras, numpy as np
test = (np.ones((10, 4)), np.zeros(10, int))
layers = [keras.layers.Dense(8, "relu"), keras.layers.Dropout(0.2), keras.layers.Dense(2)]
model = keras.Sequential([keras.Input((4,)), *layers])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
run = %zoo_fit model (np.random.default_rng(1).normal(size=(90, 4)), np.arange(90) % 2) --batch-size 20 --epochs 8 \
    --validation test --name first --background
"""


def losses(path):
    return [event.loss for event in read_events(path) if isinstance(event, IterationDone)]


def test_an_exported_script_gives_the_same_losses(run_cell, shell, context, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_cell(_CELL)
    run = shell.user_ns["run"]
    while not run.knobs:
        time.sleep(0.01)
    run.turn("learning_rate", 0.003)
    run.wait()
    assert "Written: again.py" in run_cell("%zoo_runs first --export again.py")
    script = (tmp_path / "again.py").read_text()
    assert "put here what made them" in script
    marked = "    # =====> PUT YOUR DATA HERE <====="
    assert script.count(marked) == 1
    given = f"{marked}\n    test = (np.ones((10, 4)), np.zeros(10, int))"
    (tmp_path / "again.py").write_text(script.replace(marked, given).replace("name='first'", "name='second'"))
    done = subprocess.run(
        [sys.executable, "again.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(_PROJECT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    [again] = (tmp_path / ".zoo_lab" / "runs").glob("*second*.jsonl")
    turned = [event for event in read_events(run.path) if isinstance(event, KnobTurned)]
    assert len(turned) == 1
    assert losses(again) == losses(run.path)
    assert len(losses(again)) == 40
