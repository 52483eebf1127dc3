"""The small files through which a kernel and the Jupyter server talk, since a comm cannot answer while a cell runs.

The kernel writes `<Jupyter runtime dir>/zoo_lab/<kernel id>.json` (its contexts and runs); the server
extension reads it, and leaves requests as `<kernel id>.requests/<number>.json`, which the kernel takes. The curves of
each run lie beside it in `<kernel id>.runs/<run id>.json`, thinned, for whoever wants to see one.
All writes are atomic, so a reader never sees half a file.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_KERNEL_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_MAX_REQUEST_BYTES = 64 * 1024


def is_kernel_id(text: str) -> bool:
    """Tell whether `text` can be a kernel's id (letters, digits and dashes, so never a path)."""
    return _KERNEL_ID.fullmatch(text) is not None


def write_state(folder: Path, kernel_id: str, state: Mapping[str, Any]) -> None:
    """Replace the state file of `kernel_id` in `folder`."""
    _write_atomically(folder / f"{kernel_id}.json", state)


def read_state(folder: Path, kernel_id: str) -> dict[str, Any] | None:
    """Return the last state that `kernel_id` wrote, or None where there is none."""
    try:
        return json.loads((folder / f"{kernel_id}.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def list_kernels(folder: Path) -> list[str]:
    """Return the ids of all kernels with a state file in `folder`, sorted."""
    return sorted(path.stem for path in folder.glob("*.json") if is_kernel_id(path.stem))


def remove_state(folder: Path, kernel_id: str) -> None:
    """Delete the state, the waiting requests and the runs' records of `kernel_id`."""
    (folder / f"{kernel_id}.json").unlink(missing_ok=True)
    for name in ("requests", "runs"):
        below = folder / f"{kernel_id}.{name}"
        if below.is_dir():
            for path in below.iterdir():
                path.unlink(missing_ok=True)
            below.rmdir()


def write_record(folder: Path, kernel_id: str, run_id: str, record: Mapping[str, Any]) -> None:
    """Replace the record of the run `run_id` of `kernel_id`; one whose id could be a path is left out."""
    if is_kernel_id(run_id):
        _write_atomically(folder / f"{kernel_id}.runs" / f"{run_id}.json", record)


def read_record(folder: Path, kernel_id: str, run_id: str) -> dict[str, Any] | None:
    """Return the newest record of a run, or None where there is none or an id could be a path."""
    if not (is_kernel_id(kernel_id) and is_kernel_id(run_id)):
        return None
    try:
        return json.loads((folder / f"{kernel_id}.runs" / f"{run_id}.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def remove_record(folder: Path, kernel_id: str, run_id: str) -> None:
    """Delete the record of a run."""
    if is_kernel_id(run_id):
        (folder / f"{kernel_id}.runs" / f"{run_id}.json").unlink(missing_ok=True)


def leave_request(folder: Path, kernel_id: str, request: Mapping[str, Any]) -> None:
    """Leave a request, such as {"action": "stop", "run": "…"}, for the kernel to take."""
    _write_atomically(folder / f"{kernel_id}.requests" / f"{time.time_ns()}.json", request)


def take_requests(folder: Path, kernel_id: str) -> list[dict[str, Any]]:
    """Return the waiting requests, oldest first, and remove them; unreadable ones are dropped."""
    taken = []
    for path in sorted((folder / f"{kernel_id}.requests").glob("*.json")):
        try:
            if path.stat().st_size <= _MAX_REQUEST_BYTES:
                taken.append(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            pass
        path.unlink(missing_ok=True)
    return [request for request in taken if isinstance(request, dict)]


def _write_atomically(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file)
    os.replace(temporary, path)
