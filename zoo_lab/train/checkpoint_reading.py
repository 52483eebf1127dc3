"""Reads checkpoints back, and tells why one is not to be trusted."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo_lab.core.errors import DataError
from zoo_lab.train.checkpoint_checks import part_file
from zoo_lab.train.checkpoint_parts import Manifest, read_manifest, read_part
from zoo_lab.train.storage import MANIFEST, Storage

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext


def manifests_of(storage: Storage, copies: Path, skipped: list[str]) -> dict[str, Manifest]:
    """Return the manifest of the place itself, under the name "", else those of the folders in it."""
    try:
        return {"": read_manifest(storage.fetch("", MANIFEST, copies))}
    except FileNotFoundError:
        return manifests_below(storage, copies, skipped)
    except DataError as error:
        skipped.append(str(error))
        return {}


def manifests_below(storage: Storage, copies: Path, skipped: list[str]) -> dict[str, Manifest]:
    """Return the manifests of the folders in the place; of those without a whole one, the reason goes to `skipped`."""
    found = {}
    for name in sorted(name for name in storage.names() if not name.startswith(".")):
        try:
            found[name] = _manifest_of(storage, name, copies)
        except FileNotFoundError:
            skipped.append(f"{name}: {MANIFEST} is missing")
        except DataError as error:
            skipped.append(f"{name}: {error}")
    return found


def _manifest_of(storage: Storage, name: str, copies: Path) -> Manifest:
    try:
        return read_manifest(storage.fetch(name, MANIFEST, copies))
    except FileNotFoundError:
        raise
    except OSError as error:
        msg = f"{MANIFEST} cannot be read: {error}"
        raise DataError(msg) from error


def read_arrays(storage: Storage, name: str, manifest: Manifest, copies: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a checkpoint; one that is not whole is a `DataError` that names the part."""
    arrays = {}
    for key, part in manifest.parts.items():
        file = part_file(key)
        try:
            arrays[key] = read_part(storage.fetch(name, file, copies), key, part)
        except FileNotFoundError as error:
            msg = f"part {file} is missing"
            raise DataError(msg) from error
        except OSError as error:
            msg = f"part {file} cannot be read: {error}"
            raise DataError(msg) from error
        finally:
            (copies / file).unlink(missing_ok=True)  # one local copy at a time is enough
    return arrays


@contextlib.contextmanager
def local_copies(context: NNContext | None) -> Iterator[Path]:
    """Return a local folder, for the time of the block, for copies of what is not local."""
    scratch = None if context is None else context.scratch
    with tempfile.TemporaryDirectory(dir=scratch, prefix="checkpoint-") as folder:
        yield Path(folder)
