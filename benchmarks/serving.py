"""The service at 1, 8 and 64 clients, against the same service with one request a call, in turns; and its memory.

Each client sends a request of one row, waits for the answer, and sends the next. Clients run in a process of their own,
over plain sockets, so that they take as little as can be.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.markdown import table
from benchmarks.measure import resident_megabytes

CLIENTS = (1, 8, 64)
_WAYS = {"batched": "64", "single": "1"}
_TOKEN = "benchmark"
_WARM_UP = 200


@dataclass(frozen=True)
class Load:
    """How one way of serving took one number of clients; milliseconds from sending to the whole answer."""

    clients: int
    way: str
    rate: float
    p50: float
    p99: float


def compare(requests: int = 3000, rounds: int = 3, endurance: int = 100_000) -> dict[str, Any]:
    """Return loads for each number of clients, and the memory of the service over a long run in MB."""
    with contextlib.ExitStack() as services:
        running = {way: services.enter_context(_service(batch)) for way, batch in _WAYS.items()}
        for port, _ in running.values():
            _ask(port, 8, _WARM_UP)
        found: dict[tuple[int, str], list[dict[str, float]]] = {}
        for _ in range(rounds):
            for clients in CLIENTS:
                for way, (port, _) in running.items():
                    found.setdefault((clients, way), []).append(_ask(port, clients, requests))
        port, pid = running["batched"]
        memory = [resident_megabytes([pid])]
        for _ in range(10):
            _ask(port, 64, endurance // 10)
            memory.append(resident_megabytes([pid]))
    loads = [asdict(_median(clients, way, parts)) for (clients, way), parts in found.items()]
    return {"loads": loads, "requests": endurance, "memory": memory}


def markdown(figures: dict[str, Any]) -> str:
    """Return the tables of the figures."""
    heads = ["clients", "batched requests/s", "p50 ms", "p99 ms", "one a call requests/s", "p50 ms", "p99 ms", "ratio"]
    loads = {(load["clients"], load["way"]): load for load in figures["loads"]}
    cells = []
    for clients in CLIENTS:
        batched, single = (loads[clients, way] for way in _WAYS)
        both = [
            f"{load[name]:,.{digits}f}"
            for load in (batched, single)
            for name, digits in (("rate", 0), ("p50", 1), ("p99", 1))
        ]
        cells.append([str(clients), *both, f"{batched['rate'] / single['rate']:.2f}"])
    memory = ", ".join(f"{megabytes:,.0f}" for megabytes in figures["memory"])
    told = f"Memory of the service in MB over {figures['requests']:,} requests, ten times on the way: {memory}."
    return f"{table(heads, cells)}\n\n{told}"


def drive(port: int, clients: int, requests: int) -> dict[str, float]:
    """Send requests from several clients at once and return rate and times; for a process of its own."""
    return asyncio.run(_drive(port, clients, requests))


def _median(clients: int, way: str, parts: list[dict[str, float]]) -> Load:
    return Load(
        clients, way, **{name: float(np.median([part[name] for part in parts])) for name in ("rate", "p50", "p99")}
    )


@contextlib.contextmanager
def _service(max_batch: str) -> Iterator[tuple[int, int]]:
    """Yield port and process id of `zoo-lab serve` with the mlp."""
    from benchmarks.models import mlp

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mlp.keras")
        mlp().save(path)
        command = [sys.executable, "-m", "zoo_lab.cli", "serve", str(path), "--port", "0", "--max-batch", max_batch]
        own = {"ZOO_LAB_TOKEN": _TOKEN, "TF_CPP_MIN_LOG_LEVEL": "2"}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **own})
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            yield int(line.rpartition(":")[0].rpartition(":")[2].partition("/")[0]), process.pid
        finally:
            process.terminate()
            process.wait()


def _ask(port: int, clients: int, requests: int) -> dict[str, float]:
    from benchmarks.alone import run_alone

    return run_alone("benchmarks.serving:drive", port=port, clients=clients, requests=requests)


async def _drive(port: int, clients: int, requests: int) -> dict[str, float]:
    body = json.dumps({"instances": [np.random.default_rng(0).random(784).round(4).tolist()]}).encode()
    head = f"POST /v1/models/mlp:predict HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {_TOKEN}\r\n"
    request = f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    left = iter(range(requests))
    seconds: list[float] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in left:
            begin = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 "), head
            await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split()[0]))
            seconds.append(time.perf_counter() - begin)
        writer.close()

    begin = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    p50, p99 = 1000 * np.percentile(seconds, [50, 99])
    return {"rate": requests / (time.perf_counter() - begin), "p50": float(p50), "p99": float(p99)}
