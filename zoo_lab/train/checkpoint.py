"""Checkpoints: which folders of a place to write, to trust and to remove.

A checkpoint is one folder: an .npy file for each array and `manifest.json`. It is written under a hidden name and
renamed when it is whole. `storage` moves files, `checkpoint_parts` writes them, `checkpoint_reading` reads and doubts
them, `checkpoint_checks` refuses what cannot be saved. What a run puts into a checkpoint, and when, is the training
loop's to say.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_lab.core.errors import DataError, TrainingError
from zoo_lab.train.checkpoint_checks import expect_savable
from zoo_lab.train.checkpoint_parts import write_manifest, write_part
from zoo_lab.train.checkpoint_reading import local_copies, manifests_below, manifests_of, read_arrays
from zoo_lab.train.storage import Storage, is_abandoned, storage_for, temporary_name

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run after one iteration.

    Attributes:
        arrays: name, such as "weights" or "optimizer/0" → array of any shape; dtypes of numpy's own, no texts.
        facts: plain JSON values (dict with texts as keys, list, str, int, float, bool, None); "iteration" among them,
            how many are done: checkpoints are ordered by it.
    """

    arrays: Mapping[str, np.ndarray]
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Loaded:
    """What `load` found.

    Attributes:
        checkpoint: the newest intact one.
        path: its path or URL.
        skipped: newer ones that are damaged and all that have no whole manifest, each as "name: reason".
    """

    checkpoint: Checkpoint
    path: str
    skipped: list[str]


def save(
    checkpoint: Checkpoint, place: str | Path, *, name: str, keep: int | None, context: NNContext | None = None
) -> str:
    """Write a checkpoint, then remove the oldest beyond `keep`; return its path or URL.

    A checkpoint that has the name already is replaced. What a killed process left half-written here is removed first.

    Args:
        checkpoint: what to write.
        place: the folder of checkpoints, made if need be: a path or URL as `storage_for` takes it.
        name: the checkpoint's own folder; without / \\ : * ? [ ] and no dot in front.
        keep: how many to keep, this one included; None for all. Folders without a whole manifest are never removed.
        context: the running context, for places that Hadoop reaches.

    Errors:
        ArgumentError: the arguments are wrong, all at once.
        TrainingError: the place refused, a full disk for one; of this checkpoint nothing is left, others stay.

    Example:
        >>> import tempfile
        >>> state = Checkpoint({"weights": np.zeros(3, "float32")}, {"iteration": 20})
        >>> with tempfile.TemporaryDirectory() as place:
        ...     path = save(state, place, name="iteration-20", keep=1)
        ...     load(place).checkpoint.facts
        {'iteration': 20}
    """
    expect_savable(checkpoint.arrays, checkpoint.facts, name, keep)
    storage = storage_for(place, context)
    with contextlib.suppress(OSError):  # a place that cannot even be listed says so below
        _remove_abandoned(storage)
    _write(checkpoint, storage, name)
    if keep is not None:
        try:
            _remove_oldest(storage, keep, name, context)
        except OSError as error:
            msg = f"The checkpoint {storage.where(name)} is saved, but older ones could not be removed: {error}."
            raise TrainingError(msg) from error
    return storage.where(name)


def load(place: str | Path, *, context: NNContext | None = None) -> Loaded:
    """Return the newest intact checkpoint, by iteration.

    Args:
        place: a folder of checkpoints, or one checkpoint itself: a path or URL as `storage_for` takes it.
        context: the running context, for places that Hadoop reaches.

    Errors:
        DataError: there is no intact checkpoint; the message says what there is.
    """
    storage = storage_for(place, context)
    skipped: list[str] = []
    try:
        with local_copies(context) as copies:
            manifests = manifests_of(storage, copies, skipped)
            for name in sorted(manifests, key=lambda name: manifests[name].age, reverse=True):
                try:
                    found = read_arrays(storage, name, manifests[name], copies)
                except DataError as error:
                    skipped.append(f"{name}: {error}" if name else str(error))
                else:
                    return Loaded(Checkpoint(found, manifests[name].facts), storage.where(name), skipped)
    except OSError as error:
        msg = f"Expected a folder of checkpoints that can be read in {storage.where('')}; received: {error}."
        raise DataError(msg) from error
    raise _nothing_intact(storage, skipped)


def _write(checkpoint: Checkpoint, storage: Storage, name: str) -> None:
    temporary, writing_to = temporary_name(), None
    try:
        with storage.staging(temporary) as folder:
            writing_to = folder.parent  # of remote places a local disk, which may be the full one
            parts = {key: write_part(folder, key, array) for key, array in checkpoint.arrays.items()}
            write_manifest(folder, checkpoint.facts, parts)
            writing_to = None
            storage.publish(folder, temporary, name)
    except OSError as error:
        free = storage.free_bytes() if writing_to is None else _free_bytes(writing_to)
        size = sum(array.nbytes for array in checkpoint.arrays.values())
        raise _not_saved(error, name, str(writing_to or storage.where("")), size, free) from error


def _remove_oldest(storage: Storage, keep: int, newest: str, context: NNContext | None) -> None:
    with local_copies(context) as copies:
        manifests = manifests_below(storage, copies, [])
    # this one stays even where an earlier run got further
    others = sorted(manifests.keys() - {newest}, key=lambda name: manifests[name].age, reverse=True)
    for name in others[keep - 1 :]:
        with contextlib.suppress(FileNotFoundError):  # another writer was quicker
            storage.remove(name)


def _remove_abandoned(storage: Storage) -> None:
    for name in filter(is_abandoned, storage.names()):
        with contextlib.suppress(OSError):
            storage.remove(name)


def _not_saved(error: OSError, name: str, where: str, size: int, free: int | None) -> TrainingError:
    if error.errno not in _FULL:
        msg = f"The checkpoint {name!r} could not be written to {where}: {error}. Others there are as they were."
        return TrainingError(msg)
    left = "" if free is None else f", {_megabytes(free)} free now"
    msg = (
        f"Expected room for the checkpoint {name!r} ({_megabytes(size)}) in {where}; received: {error}{left}. Nothing "
        "is left of it, others there stay as they were. Free space, keep fewer checkpoints, or choose another place."
    )
    return TrainingError(msg)


def _nothing_intact(storage: Storage, skipped: list[str]) -> DataError:
    found = "; ".join(skipped) or "nothing is there"
    msg = (
        f"Expected an intact checkpoint in {storage.where('')}; {'found only: ' if skipped else ''}{found}. "
        "Name a folder that a run wrote checkpoints to, or one of them; or train from the beginning."
    )
    return DataError(msg)


def _free_bytes(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
