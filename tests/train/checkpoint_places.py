"""One place of each kind for the tests of checkpoints, and the plain files behind it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest

from zoo_lab.train.checkpoint import Checkpoint, Loaded, load, save

KINDS = ["path", "file", "hadoop", "memory", "local", "simplecache"]
# Those whose files can be changed behind their back: a cache would hide it.
OPEN_KINDS = ["path", "hadoop", "memory", "local"]


class Place:
    """A place of one kind, and the plain files behind it, for the tests that look at them or damage them."""

    def __init__(self, url: str, behind: str, context: Any = None) -> None:
        self.url = url
        self.context = context
        self.files, self.root = fsspec.core.url_to_fs(behind)

    def save(self, iteration: int, name: str | None = None, keep: int | None = None, **arrays: np.ndarray) -> str:
        state = Checkpoint(arrays or {"weights": np.full(100, float(iteration))}, {"iteration": iteration})
        return save(state, self.url, name=name or f"iteration-{iteration}", keep=keep, context=self.context)

    def load(self) -> Loaded:
        return load(self.url, context=self.context)

    def names(self) -> set[str]:
        return {entry["name"].rpartition("/")[2] for entry in self.files.ls(self.root, detail=True)}

    def path(self, file: str) -> str:
        return f"{self.root}/{file}"

    def change(self, file: str, change: Callable[[bytes], bytes]) -> None:
        content = self.files.cat_file(self.path(file))
        self.files.pipe_file(self.path(file), change(content))


def make_place(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    disk, memory = f"local://{tmp_path}/a place%20ü", f"memory://{uuid.uuid4()}/ck"
    if kind == "path":
        return Place(f"{tmp_path}/a place%20ü", disk)
    if kind == "file":
        return Place((tmp_path / "a place%20ü").as_uri(), disk)
    if kind == "hadoop":
        return Place(f"hadoop+file://{tmp_path}/a place%20ü", disk, request.getfixturevalue("context"))
    if kind == "local":
        return Place(disk, disk)
    return Place(memory if kind == "memory" else f"simplecache::{memory}", memory)


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]
