from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest

from zoo_lab.infer import InferenceModel
from zoo_lab.serving import Settings, build_app
from zoo_lab.serving.run import listen, uvicorn_config

TOKEN = "open-sesame"
SLEEPY, UNLUCKY = 99.0, 13.0


@dataclass
class Running:
    """A service on a socket of its own, and the model behind it."""

    port: int
    model: Any
    token: str

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], Any]:
        """Return status, headers and body (JSON parsed) of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            given.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None:
            given.setdefault("Content-Type", "application/json")
        with contextlib.closing(connection):
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            content = answer.read()
        kind = answer.headers.get_content_type()
        return answer.status, dict(answer.headers), json.loads(content) if kind == "application/json" else content

    def predict(self, rows: Any, **headers: str) -> tuple[int, dict[str, str], Any]:
        """Return the answer to rows as JSON."""
        return self.ask("POST", "/v1/models/small:predict", json.dumps({"instances": rows}), **headers)

    def raw(self, *parts: bytes) -> socket.socket:
        """Return a connection through which these bytes have gone."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        for part in parts:
            connection.sendall(part)
        return connection


@pytest.fixture(scope="session")
def small() -> Any:
    """A model of three numbers that sleeps on a 99 and fails on a 13."""
    keras.utils.set_random_seed(2)
    return keras.Sequential([keras.Input((3,)), Moody(), keras.layers.Dense(2)], name="small")


@contextlib.contextmanager
def running(model: Any, **changes: Any) -> Iterator[Running]:
    """Serve a model on a free port for the time being."""
    import uvicorn

    settings = Settings(**{"port": 0, "token": TOKEN, "read_timeout": 1.0, "timeout": 20.0} | changes)
    served = InferenceModel(model, concurrency=settings.concurrency).warm_up()
    server = uvicorn.Server(uvicorn_config(build_app(served, "small", settings), settings))
    listening = listen(settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield Running(listening.getsockname()[1], model, settings.token)
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive()
    listening.close()


@pytest.fixture(scope="session")
def service(small: Any) -> Iterator[Running]:
    with running(small, max_body=20_000) as made:
        yield made


class Moody(keras.layers.Layer):
    """Passes numbers on; sleeps a second on a 99 and fails on a 13."""

    def call(self, inputs: Any) -> Any:
        import tensorflow as tf

        return tf.ensure_shape(tf.numpy_function(_moody, [inputs], tf.float32), inputs.shape)

    def compute_output_spec(self, inputs: Any) -> Any:
        return keras.KerasTensor(inputs.shape, inputs.dtype)


def _moody(inputs: np.ndarray) -> np.ndarray:
    if (inputs == UNLUCKY).any():
        raise ValueError("the model's own secret reason")
    if (inputs == SLEEPY).any():
        time.sleep(1)
    return inputs
