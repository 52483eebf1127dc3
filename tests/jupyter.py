"""Starts a real Jupyter server or JupyterLab on a free loopback port, with folders of its own.

Nothing of the user's settings is read or written, and the server loads zoo_lab from this tree: its server
extension through PYTHONPATH, its JupyterLab extension through JUPYTER_PATH, whatever pip installed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 90
FIRST_PORT, PORTS = 20_000, 12_000
"""Below those that Linux hands out by itself, which begin at 32,768."""
_LABEXTENSION = Path("extension", "share", "labextensions", "zoo-lab")
_APPUTILS = Path("@jupyterlab", "apputils-extension")


@dataclass(frozen=True)
class Answer:
    """What the server said: the status code, and the body as JSON (the text where it is none)."""

    status: int
    json: Any


@dataclass(frozen=True)
class JupyterServer:
    """A running server: `url` ends with a slash; `notebooks` is its root folder, `runtime` its runtime folder."""

    url: str
    token: str
    folder: Path
    process: subprocess.Popen

    @property
    def notebooks(self) -> Path:
        """The folder that the file browser shows."""
        return self.folder / "notebooks"

    @property
    def runtime(self) -> Path:
        """The Jupyter runtime folder of the server and its kernels."""
        return self.folder / "runtime"

    @property
    def log(self) -> str:
        """All that the server has printed."""
        return (self.folder / "server.log").read_text(errors="replace")

    def forget_theme(self) -> None:
        """Let pages that are opened from now on have the default theme, whatever earlier ones chose."""
        (self.folder / "settings" / _APPUTILS / "themes.jupyterlab-settings").unlink(missing_ok=True)

    @contextlib.contextmanager
    def without_extension(self) -> Iterator[None]:
        """Let pages that are opened within the block have no extension of zoo_lab, wherever it is installed."""
        link = self.folder / _LABEXTENSION
        disabled = self.folder / "config" / "labconfig" / "page_config.json"  # what pip has installed besides
        link.unlink()
        disabled.parent.mkdir(parents=True, exist_ok=True)
        disabled.write_text(json.dumps({"disabledExtensions": {"zoo-lab": True}}))
        try:
            yield
        finally:
            disabled.unlink()
            _link_extension(self.folder)

    def api(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = "",
        headers: Mapping[str, str] = {},
        opener: urllib.request.OpenerDirector | None = None,
    ) -> Answer:
        """Ask the server; `token` "" sends the right one, None sends none; a `body` of bytes is sent as it is."""
        sent = dict(headers)
        if token is not None:
            sent["Authorization"] = f"token {token or self.token}"
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=sent, method=method)
        try:
            with (opener or urllib.request.build_opener()).open(request, timeout=30) as response:
                return Answer(response.status, _json_or_text(response.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _json_or_text(error.read()))

    def process_of_kernel(self, kernel_id: str) -> int:
        """Return the process id of a kernel of this server."""
        import psutil

        connection_file = f"kernel-{kernel_id}.json"
        children = psutil.Process(self.process.pid).children(recursive=True)
        return next(child.pid for child in children if any(connection_file in word for word in child.cmdline()))

    def wait_for(self, condition: Callable[[], Any], seconds: float = START_SECONDS) -> Any:
        """Return the first true value of `condition`; fail with the server's log when there is none in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := condition():
                return value
            if self.process.poll() is not None:
                break
            time.sleep(0.2)
        msg = f"The Jupyter server did not get there within {seconds:.0f} s. It printed:\n{self.log[-4000:]}"
        raise TimeoutError(msg)


@contextlib.contextmanager
def start_jupyter(
    folder: Path, command: str = "lab", environment: Mapping[str, str] | None = None, base_url: str = "/"
) -> Iterator[JupyterServer]:
    """Run JupyterLab ("lab"), Notebook 7 ("notebook") or a bare server ("server") below `folder` until the block ends.

    `environment` is added to that of the server and so of its kernels. A `base_url` such as "/user/ada/" makes its
    pages those of a hub.
    """
    for name in ("notebooks", "runtime"):
        (folder / name).mkdir(parents=True)
    _lay_out_extension(folder)
    _write_settings(folder / "settings")
    token = secrets.token_hex(16)
    with open(folder / "server.log", "wb") as log:
        process = subprocess.Popen(
            [*_command(folder, command), f"--ServerApp.base_url={base_url}"],
            cwd=folder,
            env={**_environment(folder, token), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _wait_until_up(JupyterServer("", token, folder, process))
    finally:
        _end(process)


def _command(folder: Path, command: str) -> list[str]:
    module = {"lab": "jupyterlab", "notebook": "notebook", "server": "jupyter_server"}[command]
    # The server looks for a free port, lets it go and takes it later: not one that the system gives others meanwhile.
    port = FIRST_PORT + secrets.randbelow(PORTS)
    options = [
        "ip=127.0.0.1",
        f"port={port}",
        "open_browser=False",
        "allow_root=True",
        f"root_dir={folder / 'notebooks'}",
    ]
    expose = [] if command == "server" else ["--expose-app-in-browser"]  # window.jupyterapp, for the tests' page
    return [sys.executable, "-m", module, *(f"--ServerApp.{option}" for option in options), *expose]


def _environment(folder: Path, token: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))}
    own = {
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_CONFIG_PATH": folder / "extension" / "etc",
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_PATH": folder / "extension" / "share",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
        "IPYTHONDIR": folder / "ipython",
    }
    python_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    paths = {name: str(path) for name, path in own.items()}
    return {**kept, **paths, "JUPYTER_TOKEN": token, "PYTHONPATH": python_path}


def _lay_out_extension(folder: Path) -> None:
    config = folder / "extension" / "etc" / "jupyter_server_config.d"
    config.mkdir(parents=True)
    shutil.copy(ROOT / "zoo_lab" / "server" / "zoo_lab.json", config)
    (folder / _LABEXTENSION).parent.mkdir(parents=True)
    _link_extension(folder)


def _link_extension(folder: Path) -> None:
    (folder / _LABEXTENSION).symlink_to(ROOT / "zoo_lab" / "labextension", target_is_directory=True)


def _write_settings(folder: Path) -> None:
    quiet = {"fetchNews": "false", "checkForUpdates": False}  # both would leave the machine
    path = folder / _APPUTILS / "notification.jupyterlab-settings"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(quiet))


def _wait_until_up(server: JupyterServer) -> JupyterServer:
    server_file = server.runtime / f"jpserver-{server.process.pid}.json"
    told = server.wait_for(lambda: server_file.exists() and _json_or_text(server_file.read_bytes()))  # "" while written
    started = dataclasses.replace(server, url=told["url"])
    started.wait_for(lambda: _answers(started))
    return started


def _answers(server: JupyterServer) -> bool:
    """Tell whether the server answers; it names its address in its file before it listens there."""
    try:
        return server.api("GET", "api/status").status == 200
    except urllib.error.URLError:
        return False


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _json_or_text(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
