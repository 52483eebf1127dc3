"""The HTTP routes below `<base url>/zoo-lab/api/`, for signed-in users who may use kernels."""

from __future__ import annotations

import json
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from zoo_lab.core import contextoptions, kernelstate
from zoo_lab.core.errors import ArgumentError
from zoo_lab.server.notebooks import quickstart
from zoo_lab.server.requests import MAX_BODY_BYTES, parse_request
from zoo_lab.server.sources import Source, source_of


class _ApiHandler(APIHandler):
    auth_resource = "kernels"  # whoever may read or command kernels may do so here


class _KernelsApiHandler(_ApiHandler):
    def initialize(self, source: Source) -> None:
        """Take where the kernels' states are."""
        self.source = source

    def live_kernels(self) -> list[str]:
        """Return the ids of the kernels that this server runs."""
        return list(self.kernel_manager.list_kernel_ids())

    def runs(self, kernel_id: str) -> bool:
        """Tell whether this server runs such a kernel."""
        return kernelstate.is_kernel_id(kernel_id) and kernel_id in self.live_kernels()


class KernelsHandler(_KernelsApiHandler):
    """GET `kernels`: {"kernels": [the state of each live kernel that wrote one]}."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the states, read anew each time."""
        self.finish(json.dumps({"kernels": await self.source.states(self.live_kernels())}))


class RunHandler(_KernelsApiHandler):
    """GET `kernels/<kernel id>/runs/<run id>`: the record of that run, its curves thinned; 404 where there is none."""

    @web.authenticated
    @authorized
    async def get(self, kernel_id: str, run_id: str) -> None:
        """Answer with what the kernel wrote last."""
        record = await self.source.record(kernel_id, run_id) if self.runs(kernel_id) else None
        if record is None:
            raise web.HTTPError(404, "Expected a run of a running kernel; this kernel has no run with this id.")
        self.finish(json.dumps(record))


class ContextOptionsHandler(_ApiHandler):
    """GET `context-options`: {"options": what %zoo_context can be given}."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the table."""
        self.finish(json.dumps({"options": contextoptions.as_plain()}))


class QuickstartHandler(_ApiHandler):
    """GET `quickstart`: the quickstart notebook, as a new file of the user's is to hold it."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the notebook."""
        path = quickstart()
        if path is None:
            raise web.HTTPError(404, "Expected the quickstart notebook in the package; this installation has none.")
        self.finish(path.read_text(encoding="utf-8"))


class RequestsHandler(_KernelsApiHandler):
    """POST `kernels/<kernel id>/requests`: leave a request for that kernel; 202 once it lies there."""

    @web.authenticated
    @authorized
    async def post(self, kernel_id: str) -> None:
        """Check the body, then leave the request."""
        body = self.request.body
        if len(body) > MAX_BODY_BYTES:
            raise web.HTTPError(413, f"Expected at most {MAX_BODY_BYTES} bytes; received {len(body)}.")
        try:
            request = parse_request(body)
        except ArgumentError as error:
            raise web.HTTPError(400, str(error)) from error
        if not (self.runs(kernel_id) and await self.source.leave(kernel_id, request)):
            raise web.HTTPError(404, "Expected the id of a running kernel with a zoo_lab context; none has this id.")
        self.set_status(202)
        self.finish(json.dumps({"left": request}))


def routes(base_url: str, kernel_manager: Any) -> list[tuple[Any, ...]]:
    """Return the routes as tornado takes them, for a server at `base_url` with that kernel manager."""

    def at(path: str) -> str:
        return url_path_join(base_url, "zoo-lab", "api", path)

    kernels = {"source": source_of(kernel_manager)}
    return [
        (at(r"kernels"), KernelsHandler, kernels),
        (at(r"kernels/([^/]+)/requests"), RequestsHandler, kernels),
        (at(r"kernels/([^/]+)/runs/([^/]+)"), RunHandler, kernels),
        (at(r"context-options"), ContextOptionsHandler),
        (at(r"quickstart"), QuickstartHandler),
    ]
