"""Checkpoints that lost a part, changed, or were forged: never trusted, and the reason is told."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.train.checkpoint_places import OPEN_KINDS, Place, make_place
from zoo_lab.core.errors import DataError
from zoo_lab.train.checkpoint import load
from zoo_lab.train.checkpoint_parts import Part, write_manifest


@pytest.fixture(params=OPEN_KINDS)
def open_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place whose files can be changed behind its back."""
    return make_place(request.param, tmp_path, request)


def damaged(place: Place) -> str:
    """Load, expecting the older one of two and one reason."""
    found = place.load()
    assert found.checkpoint.facts["iteration"] == 9
    [reason] = found.skipped
    return reason


def test_a_missing_part_is_named_and_an_older_checkpoint_taken(open_place):
    open_place.save(9)
    open_place.save(10, **{"weights": np.ones(9), "optimizer/1": np.ones(9)})
    open_place.files.rm_file(open_place.path("iteration-10/optimizer/1.npy"))
    assert damaged(open_place) == "iteration-10: part optimizer/1.npy is missing"


@pytest.mark.parametrize("at", [2, 20, 60, 129, -1])
def test_a_flipped_bit_is_found_in_the_header_and_in_the_values(open_place, at):
    open_place.save(9)
    open_place.save(10)

    def flip(content: bytes) -> bytes:
        changed = bytearray(content)
        changed[at] ^= 0x10
        return bytes(changed)

    open_place.change("iteration-10/weights.npy", flip)
    assert damaged(open_place).startswith("iteration-10: part weights.npy")


@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda content: content + b"x", lambda _: b""])
def test_a_part_of_another_length_is_found(open_place, change):
    open_place.save(9)
    open_place.save(10)
    open_place.change("iteration-10/weights.npy", change)
    assert damaged(open_place).startswith("iteration-10: part weights.npy")


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content[: len(content) // 2],
        lambda _: b"",
        lambda _: b"[]",
        lambda _: b"\xff\xfe",
        lambda content: content.replace(b'"iteration": 10', b'"iteration": 11'),
        lambda content: content.replace(b'"format": 1', b'"format": 2'),
    ],
    ids=["truncated", "empty", "another JSON", "no text", "another number", "of a later version"],
)
def test_a_manifest_that_is_not_whole_is_found(open_place, change):
    open_place.save(9)
    open_place.save(10)
    open_place.change("iteration-10/manifest.json", change)
    assert damaged(open_place).startswith("iteration-10: manifest.json ")


def test_a_folder_without_a_manifest_is_no_checkpoint(open_place):
    open_place.save(9)
    open_place.save(10)
    open_place.files.rm_file(open_place.path("iteration-10/manifest.json"))
    assert damaged(open_place) == "iteration-10: manifest.json is missing"


def test_where_nothing_is_intact_the_error_says_what_there_is(open_place):
    open_place.save(9)
    path = open_place.save(10)
    open_place.files.rm_file(open_place.path("iteration-9/weights.npy"))
    open_place.files.rm_file(open_place.path("iteration-10/manifest.json"))
    with pytest.raises(DataError, match=r"found only: iteration-10: manifest\.json is missing; iteration-9: part "):
        open_place.load()
    with pytest.raises(DataError, match="Name a folder that a run wrote checkpoints to"):
        load(path, context=open_place.context)


def test_nothing_is_unpickled(tmp_path):
    class Harmful:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "harm"),)

    folder = tmp_path / "place" / "iteration-1"
    folder.mkdir(parents=True)
    np.save(folder / "weights.npy", np.array([Harmful()], object), allow_pickle=True)
    forge(folder, "weights", folder / "weights.npy")
    with pytest.raises(DataError, match=r"part weights\.npy is no array of numbers"):
        load(tmp_path / "place")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("name", ["../../outside", "/outside", "a/../../b"])
def test_a_forged_manifest_reaches_no_file_outside_its_folder(tmp_path, name):
    np.save(tmp_path / "outside.npy", np.ones(3))
    folder = tmp_path / "place" / "iteration-1"
    folder.mkdir(parents=True)
    forge(folder, name, tmp_path / "outside.npy")
    with pytest.raises(DataError, match=r"manifest\.json is damaged"):
        load(tmp_path / "place")


def forge(folder: Path, name: str, file: Path) -> None:
    content = file.read_bytes()
    write_manifest(folder, {"iteration": 1}, {name: Part(len(content), zlib.crc32(content))})
