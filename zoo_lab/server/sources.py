"""Where the state of kernels is: in files beside this server, or with the server that runs them for it (a gateway)."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from jupyter_server.gateway.gateway_client import GatewayClient, gateway_request
from jupyter_server.utils import url_path_join
from tornado import web

from zoo_lab.core import kernelstate
from zoo_lab.server.states import CrashWatch, live_states, state_folder

_HAS_NONE = 404
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Source(ABC):
    """What kernels wrote, and how they are reached; the ids that it is given are those of running kernels."""

    @abstractmethod
    async def states(self, kernel_ids: Iterable[str]) -> list[dict[str, Any]]:
        """Return the states of those of `kernel_ids` that wrote one, sorted by kernel id."""

    @abstractmethod
    async def record(self, kernel_id: str, run_id: str) -> dict[str, Any] | None:
        """Return the record of a run, or None where there is none."""

    @abstractmethod
    async def leave(self, kernel_id: str, request: Mapping[str, Any]) -> bool:
        """Leave a request for a kernel; False where it takes none."""


class Files(Source):
    """The files that kernels of this server write: on this machine, or where both see one folder."""

    def __init__(self, folder: Path, crash_watch: CrashWatch) -> None:
        self._folder = folder
        self._crash_watch = crash_watch

    async def states(self, kernel_ids: Iterable[str]) -> list[dict[str, Any]]:
        """Read them anew."""
        alive = list(kernel_ids)
        self._crash_watch.watch(alive)
        return live_states(self._folder, alive)

    async def record(self, kernel_id: str, run_id: str) -> dict[str, Any] | None:
        """Read it anew."""
        return kernelstate.read_record(self._folder, kernel_id, run_id)

    async def leave(self, kernel_id: str, request: Mapping[str, Any]) -> bool:
        """Write the file that the kernel takes."""
        if kernelstate.read_state(self._folder, kernel_id) is None:
            return False
        kernelstate.leave_request(self._folder, kernel_id, request)
        return True


class Gateway(Source):
    """The Jupyter server that runs this one's kernels; without zoo_lab there, nothing is known of them."""

    async def states(self, kernel_ids: Iterable[str]) -> list[dict[str, Any]]:
        """Ask the gateway, which may also run kernels of others: those are left out."""
        alive = set(kernel_ids)
        found = await _ask("kernels") if alive else None
        return [_from_afar(state) for state in (found or {}).get("kernels", []) if state.get("kernel") in alive]

    async def record(self, kernel_id: str, run_id: str) -> dict[str, Any] | None:
        """Ask the gateway."""
        return await _ask("kernels", kernel_id, "runs", run_id)

    async def leave(self, kernel_id: str, request: Mapping[str, Any]) -> bool:
        """Hand it to the gateway."""
        return await _ask("kernels", kernel_id, "requests", body=json.dumps(request)) is not None


def _from_afar(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state without those addresses of Spark UIs that only the gateway's own machine reaches."""
    contexts = [
        {**context, "ui": None} if urlsplit(context.get("ui") or "").hostname in _LOOPBACK else context
        for context in state.get("contexts", [])
    ]
    return {**state, "contexts": contexts}


async def _ask(*path: str, body: str | None = None) -> dict[str, Any] | None:
    """Return what the gateway's part of zoo_lab answers, as JSON; None where it has no such thing."""
    address = url_path_join(
        GatewayClient.instance().url or "", "zoo-lab", "api", *(quote(part, safe="") for part in path)
    )
    try:
        response = await gateway_request(address, method="GET" if body is None else "POST", body=body)
    except web.HTTPError as error:
        if error.status_code == _HAS_NONE:
            return None
        raise
    return json.loads(response.body)


def source_of(kernel_manager: Any) -> Source:
    """Return where the state of the kernels of `kernel_manager` is."""
    if GatewayClient.instance().gateway_enabled:
        return Gateway()
    return Files(state_folder(kernel_manager), CrashWatch(kernel_manager))
