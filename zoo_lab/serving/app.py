"""The service's requests: predict, describe, healthy, ready, metrics. Each answer is JSON, errors too."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from zoo_lab.core.optional import require
from zoo_lab.infer.inference_model import InferenceModel
from zoo_lab.serving.batcher import Batcher
from zoo_lab.serving.conforming import Conforming
from zoo_lab.serving.errors import ServiceError
from zoo_lab.serving.gate import expect_allowed
from zoo_lab.serving.metrics import Metrics
from zoo_lab.serving.settings import Settings
from zoo_lab.serving.wire import read_body, rows_of, write_answer

_SMALL = 1 << 16  # bytes that are parsed faster than a thread is asked to
_log = logging.getLogger("zoo_lab.serving")


class Service:
    """Answers requests to one model.

    Args:
        model: loaded.
        name: in the addresses.
        settings: its limits.
    """

    def __init__(self, model: InferenceModel, name: str, settings: Settings) -> None:
        self.model = model
        self.name = name
        self.settings = settings
        self._conforming = Conforming(model.program)
        self.batcher = Batcher(
            self._compute,
            max_batch=settings.max_batch,
            max_wait=settings.max_wait,
            max_waiting=settings.max_waiting,
            concurrency=settings.concurrency,
            on_batch=self._count,
        )
        self.metrics = Metrics(lambda: self.batcher.waiting)
        self.held = 0

    async def predict(self, request: Any) -> Any:
        """Answer POST /v1/models/NAME:predict."""
        from starlette.responses import Response

        begin = time.perf_counter()
        try:
            content, kind = await asyncio.wait_for(self._predicted(request), self.settings.timeout)
            answer = Response(content, media_type=kind)
        except ServiceError as error:
            answer = answer_of(error)
        except asyncio.TimeoutError:
            answer = answer_of(_late(504, "timeout", "The answer", self.settings.timeout))
        self.metrics.answered(answer.status_code, time.perf_counter() - begin)
        return answer

    async def describe(self, request: Any) -> Any:
        """Answer GET /v1/models/NAME: as TensorFlow Serving does, and what the model takes."""
        from starlette.responses import JSONResponse

        expect_allowed(request.headers, self.settings)
        program = self.model.program
        inputs = {
            name: {"shape": [-1 if length is None else length for length in (None, *shape)], "dtype": dtype}
            for name, (shape, dtype) in zip(program.inputs, program.takes(), strict=False)
        }
        status = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
        return JSONResponse({"model_version_status": [status], "inputs": inputs})

    async def healthy(self, request: Any) -> Any:
        """Answer GET /healthz: the process answers. It says nothing else, so it needs no token."""
        from starlette.responses import JSONResponse

        return JSONResponse({"status": "ok"})

    async def ready(self, request: Any) -> Any:
        """Answer GET /readyz: another request would be taken."""
        from starlette.responses import JSONResponse

        room = self.batcher.waiting < self.settings.max_waiting
        return JSONResponse({"status": "ok" if room else "busy"}, 200 if room else 503)

    async def read_metrics(self, request: Any) -> Any:
        """Answer GET /metrics."""
        from starlette.responses import Response

        expect_allowed(request.headers, self.settings)
        return Response(self.metrics.text(), media_type=self.metrics.content_type)

    async def _predicted(self, request: Any) -> tuple[bytes, str]:
        expect_allowed(request.headers, self.settings)
        held = Holding(self)
        try:
            return await self._predicted_from(request, held)
        finally:
            held.release()

    async def _predicted_from(self, request: Any, held: Holding) -> tuple[bytes, str]:
        self.batcher.announce(+1)
        try:
            body = await self._body(request, held)
            inputs, by_row = await _aside(len(body), read_body, body, request.headers.get("content-type", ""))
            rows = rows_of(inputs)
            inputs = self._conforming(inputs)
        finally:
            self.batcher.announce(-1)
        try:
            outputs = await self.batcher.predict(inputs, rows)
        except (ServiceError, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - the model's own, on this request's rows
            _log.exception("The model failed on a request")
            msg = f"The model failed on these rows: {type(error).__name__}. The service's log has the whole of it."
            raise ServiceError(500, "model_failed", msg) from error
        return await _aside(len(body), write_answer, outputs, by_row, request.headers.get("accept", ""))

    async def _body(self, request: Any, held: Holding) -> bytes:
        """Return a request's body; raises `ServiceError` where it is too large or too slow."""
        limit = self.settings.max_body
        declared = request.headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > limit:
            raise _too_large(limit)
        try:
            return await asyncio.wait_for(self._chunks(request, held), self.settings.read_timeout)
        except asyncio.TimeoutError:
            error = _late(408, "slow_request", "The body", self.settings.read_timeout)
            error.headers["Connection"] = "close"  # what is left of the body must not be read
            raise error from None

    async def _chunks(self, request: Any, held: Holding) -> bytes:
        chunks, size = [], 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > self.settings.max_body:
                raise _too_large(self.settings.max_body)
            held.take(len(chunk))
            chunks.append(chunk)
        return b"".join(chunks)

    def _count(self, rows: int) -> None:
        self.metrics.computed(rows)

    def _compute(self, inputs: Any) -> Any:
        return self.model.predict(self._conforming.back(inputs))


class Holding:
    """What one request holds of the memory that all bodies share.

    Args:
        service: counts it in `held`.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._size = 0

    def take(self, size: int) -> None:
        """Take so many bytes; raises `ServiceError` where the others have left too few."""
        if self._service.held + size > self._service.settings.max_held:
            msg = "Expected smaller or fewer requests at a time; the service is busy. Try again later."
            raise ServiceError(503, "busy", msg, Retry_After="1", Connection="close")
        self._service.held += size
        self._size += size

    def release(self) -> None:
        """Give all of it back."""
        self._service.held -= self._size
        self._size = 0


def build_app(model: InferenceModel, name: str, settings: Settings) -> Any:
    """Return the ASGI application that serves a model.

    Args:
        model: loaded.
        name: in the addresses: /v1/models/NAME:predict.
        settings: its limits.

    Raises:
        ArgumentError: lists every wrong setting.
        MissingExtraError: it needs `pip install 'zoo-lab[serve]'`.

    Example:
        >>> app = build_app(InferenceModel(model), "digits", Settings())       # doctest: +SKIP
    """
    require("starlette", extra="serve", why="The service")
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect
    from starlette.routing import Route

    settings.check()
    service = Service(model, name, settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        yield
        service.batcher.close()

    routes = [
        Route(f"/v1/models/{name}:predict", service.predict, methods=["POST"]),
        Route(f"/v1/models/{name}", service.describe),
        Route("/healthz", service.healthy),
        Route("/readyz", service.ready),
        Route("/metrics", service.read_metrics),
    ]
    handlers: dict[Any, Callable[[Any, Any], Awaitable[Any]]] = {
        ServiceError: _answer_error,
        HTTPException: _answer_http,
        ClientDisconnect: _answer_nobody,
        Exception: _answer_bug,
    }
    return Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan)


def answer_of(error: ServiceError) -> Any:
    """Return the answer of a request that failed."""
    from starlette.responses import JSONResponse

    return JSONResponse(error.body, error.status, error.headers)


async def _answer_error(request: Any, error: ServiceError) -> Any:
    return answer_of(error)


async def _answer_http(request: Any, error: Any) -> Any:
    kinds = {404: "not_found", 405: "wrong_method"}
    told = f"{error.detail}: {request.method} {request.url.path}. Ask POST /v1/models/NAME:predict."
    return answer_of(ServiceError(error.status_code, kinds.get(error.status_code, "refused"), told))


async def _answer_nobody(request: Any, error: Any) -> Any:
    return answer_of(ServiceError(400, "disconnected", "Expected the whole body; the connection ended before."))


async def _answer_bug(request: Any, error: Exception) -> Any:
    return answer_of(ServiceError(500, "internal", f"The service failed: {type(error).__name__}."))


async def _aside(size: int, work: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function returns, run in a thread if the body is large: others are answered meanwhile."""
    return work(*arguments) if size <= _SMALL else await asyncio.to_thread(work, *arguments)


def _late(status: int, kind: str, what: str, seconds: float) -> ServiceError:
    return ServiceError(status, kind, f"{what} took longer than {seconds:g} s, which is the limit here.")


def _too_large(limit: int) -> ServiceError:
    msg = f"Expected a body of at most {limit:,} bytes; received more. Send fewer rows at a time."
    return ServiceError(413, "too_large", msg, Connection="close")
