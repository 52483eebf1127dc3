"""Starts the service: loads the model, makes a token, says where it listens, and runs until it is interrupted."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from zoo_lab.core.checks import Checks
from zoo_lab.core.optional import require
from zoo_lab.serving.settings import Settings, is_loopback

_NAME_LETTERS = "-_."
_KEEP_ALIVE = 75  # seconds: as long as the usual proxies keep theirs


def load(path: Path, settings: Settings) -> Any:
    """Return the model of a file or a SavedModel folder, compiled for one row and for a whole batch."""
    from zoo_lab.infer.inference_model import InferenceModel

    model = InferenceModel(concurrency=settings.concurrency)
    loaders = {".onnx": model.load_onnx, ".t7": model.load_torch}
    model = model.load_tf(path) if path.is_dir() else loaders.get(path.suffix.lower(), model.load_keras)(path)
    if model.program.example() is not None:
        model.warm_up(batch_sizes=(1, settings.max_batch))
    return model


def serve(
    path: str | Path, name: str = "", settings: Settings | None = None, say: Callable[[str], object] = print
) -> None:
    """Serve a model over HTTP until the process is interrupted.

    Args:
        path: a Keras, ONNX (.onnx) or Torch7 (.t7) file, or the folder of a SavedModel.
        name: in the addresses, default the file's: /v1/models/NAME:predict.
        settings: default `Settings()`; without a token one is made for addresses that other machines reach.
        say: called with each line that the user should see, the token among them.

    Raises:
        ArgumentError: lists every wrong setting.
        MissingExtraError: it needs `pip install 'zoo-lab[serve]'`.

    Example:
        >>> serve("digits.keras")                                              # doctest: +SKIP
    """
    for package in ("starlette", "uvicorn", "prometheus_client"):
        require(package, extra="serve", why="The service")
    path = Path(path)
    settings = settings or Settings(token=new_token())
    settings.check()
    name = name or _name_of(path)
    _check(path, name)
    import uvicorn

    from zoo_lab.serving.app import build_app

    listening = listen(settings)
    port = listening.getsockname()[1]
    app = build_app(load(path, settings), name, settings)
    listening.listen()  # who reads the next lines may ask at once
    address = f"http://{_shown(settings.host)}:{port}"
    say(f"Serving {path} at {address}/v1/models/{name}:predict")
    say(f"Token: {settings.token}" if settings.token else "No token: every user of this machine can ask.")
    server = uvicorn.Server(uvicorn_config(app, settings))
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it once more when it has ended well
        server.run(sockets=[listening])


def uvicorn_config(app: Any, settings: Settings) -> Any:
    """Return how uvicorn runs the application within the limits."""
    import uvicorn

    return uvicorn.Config(
        app,
        http=partial(_protocol, read_timeout=settings.read_timeout),  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=settings.connections,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=16 << 10,
    )


def new_token() -> str:
    """Return a token that nobody guesses."""
    return secrets.token_urlsafe(24)


def settings_for(host: str, token: str, no_token: bool, **limits: Any) -> Settings:
    """Return settings with the given token, else a new one unless none is wanted; raises `ArgumentError`."""
    checks = Checks("serve")
    checks.require(not (token and no_token), "Expected a token or no token; received both. Leave one out.")
    local = is_loopback(host)
    checks.require(local or not no_token, f"Expected a token on {host!r}, as other machines reach it; received none.")
    checks.done()
    return replace(Settings(**limits), host=host, token="" if no_token else token or new_token())


def _protocol(*, read_timeout: float, **arguments: Any) -> Any:
    from uvicorn.protocols.http.h11_impl import H11Protocol

    from zoo_lab.serving.patience import Patience

    return Patience(H11Protocol(**arguments), read_timeout)


def listen(settings: Settings) -> socket.socket:
    """Return a socket bound to the address; raises `ArgumentError` where that is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # named as TCP, so that asyncio lets small answers go at once: else each waits 40 ms for an acknowledgement
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host.strip("[]"), settings.port))
    except OSError as error:
        listening.close()
        checks = Checks("serve")
        checks.fail(f"Expected a free address; {settings.host}:{settings.port} is not ({error.strerror}). Give --port.")
        checks.done()
    return listening


def _check(path: Path, name: str) -> None:
    checks = Checks("serve")
    checks.require(path.exists(), f"Expected a model's file or the folder of a SavedModel; {str(path)!r} is not there.")
    plain = bool(name) and all(letter.isalnum() or letter in _NAME_LETTERS for letter in name)
    checks.require(plain, f"Expected a name of letters, digits, '-', '_' and '.'; received {name!r}.")
    checks.done()


def _name_of(path: Path) -> str:
    """Return a file's name without its ending; of a folder that is only a version number, its parent's name."""
    path = path.resolve()
    stem = path.parent.name if path.name.isdigit() else path.stem
    return "".join(letter if letter.isalnum() or letter in _NAME_LETTERS else "-" for letter in stem)


def _shown(host: str) -> str:
    return f"[{host.strip('[]')}]" if ":" in host else host
