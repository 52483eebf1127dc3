"""`zoo-lab serve`: a process that says where it listens and what lets one in."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import zoo_lab
from tests.net.torch7.writer import Module, dumps
from zoo_lab import cli
from zoo_lab.core.errors import ArgumentError
from zoo_lab.infer import InferenceModel
from zoo_lab.serving.run import load, settings_for
from zoo_lab.serving.settings import Settings


@pytest.fixture(scope="module")
def model() -> Any:
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])


def test_the_command_serves_a_saved_model_with_a_new_token_until_it_is_interrupted(model: Any, tmp_path: Path) -> None:
    model.export(tmp_path / "pair" / "1", verbose=False)
    command = [sys.executable, "-m", "zoo_lab.cli", "serve", str(tmp_path / "pair" / "1"), "--port", "0"]
    project = str(Path(zoo_lab.__file__).parents[1])
    environment = {name: value for name, value in os.environ.items() if name != "ZOO_LAB_TOKEN"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [project, os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        address = re.search(r"at (http://127\.0\.0\.1:\d+/v1/models/pair:predict)$", process.stdout.readline().strip())[
            1
        ]
        token = re.fullmatch(r"Token: (\S{30,})", process.stdout.readline().strip())[1]
        body = json.dumps({"instances": [[1, 2, 3]]}).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=30) as answer:
            found = json.load(answer)["predictions"]
        np.testing.assert_allclose(found, model.predict(np.array([[1.0, 2, 3]]), verbose=0), atol=1e-5)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in errors


def test_files_of_other_programs_are_served_by_their_ending(model: Any, tmp_path: Path) -> None:
    pytest.importorskip("tf2onnx")
    InferenceModel(model).export(tmp_path / "pair.onnx", format="onnx")
    x = np.array([[1, 2, 3]], np.float32)
    served = load(tmp_path / "pair.onnx", Settings())
    np.testing.assert_allclose(served.predict(x), model.predict(x, verbose=0), atol=1e-5)
    weight = np.arange(6, dtype=np.float32).reshape(2, 3)
    (tmp_path / "pair.T7").write_bytes(dumps(Module("nn.Linear", weight=weight)))
    np.testing.assert_allclose(load(tmp_path / "pair.T7", Settings()).predict(x), x @ weight.T, atol=1e-5)


def test_a_place_where_others_reach_it_gets_a_token_and_cannot_do_without() -> None:
    assert len(settings_for("0.0.0.0", "", False).token) >= 30
    assert settings_for("0.0.0.0", "mine", False).token == "mine"
    assert settings_for("127.0.0.1", "", True).token == ""
    with pytest.raises(ArgumentError, match="as other machines reach it"):
        settings_for("0.0.0.0", "", True)
    with pytest.raises(ArgumentError, match="received both"):
        settings_for("localhost", "mine", True)


def test_what_cannot_be_served_is_told_before_it_starts(
    model: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main(["serve", str(tmp_path / "absent.keras"), "--port", "0"]) == 1
    assert "is not there" in capsys.readouterr().err
    model.save(tmp_path / "pair.keras")
    assert cli.main(["serve", str(tmp_path / "pair.keras"), "--name", "a/b"]) == 1
    assert "Expected a name of letters" in capsys.readouterr().err
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert cli.main(["serve", str(tmp_path / "pair.keras"), "--port", str(taken.getsockname()[1])]) == 1
    assert "Expected a free address" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert cli.main(["serve", str(tmp_path / "pair.keras")]) == 1
    assert "pip install 'zoo-lab[serve]'" in capsys.readouterr().err
