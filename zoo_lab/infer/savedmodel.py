"""A SavedModel's signature as something to predict with, on the driver and inside Spark executors.

A SavedModel is a program in TensorFlow's own operations; `savedgraph` examines it before it is loaded.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.structure import Structure, map_leaves
from zoo_lab.infer.programs import zeros
from zoo_lab.infer.results import Column, column_of
from zoo_lab.infer.savedgraph import expect_safe


class SavedModelProgram:
    """One signature of a SavedModel; the arguments and questions are those of `zoo_lab.infer.programs.Program`.

    Args:
        folder: of the SavedModel.
        signature: its name.
        name: what messages call it; default the folder's.
    """

    def __init__(self, folder: Path, signature: str, name: str = "") -> None:
        import tensorflow as tf

        expect_safe(folder)
        self.folder = folder
        self.name = name or folder.name
        self._signature = signature
        self._loaded = tf.saved_model.load(str(folder))
        if signature not in self._loaded.signatures:
            known = ", ".join(map(repr, self._loaded.signatures)) or "none"
            msg = f"{folder}: expected the signature {signature!r}; the model has {known}. Name one of these."
            raise ArgumentError(msg)
        self._function = self._loaded.signatures[signature]
        self._specs = self._function.structured_input_signature[1]
        self.inputs: Sequence[str] = sorted(self._specs)
        outputs = self._function.structured_outputs
        self._output_names = list(outputs)

    def outputs(self, structure: Structure, data: dict[str, np.ndarray], batch_size: int) -> Iterator[Any]:
        """Yield the outputs for the fields of `data`: an array, or a dict of arrays where there are several."""
        import tensorflow as tf

        fields = self._fields(structure.x)
        cast = {name: _as(self._specs[name], data[field]) for name, field in fields.items()}
        for start in range(0, len(next(iter(cast.values()))), batch_size):
            batch = {name: tf.constant(values[start : start + batch_size]) for name, values in cast.items()}
            found = {name: tensor.numpy() for name, tensor in self._function(**batch).items()}
            yield found if len(found) > 1 else found[self._output_names[0]]

    def parcel(self, threads: int) -> SavedModelParcel:
        """Return what a worker needs to do the same: the files of the model, in memory."""
        archive = _packed(self.folder)
        return SavedModelParcel(
            hashlib.sha256(archive).hexdigest() + self._signature, archive, self._signature, threads
        )

    def column(self) -> Column | None:
        """Return how its outputs become a column; None where their shapes are not known."""
        outputs = self._function.structured_outputs
        if any(output.shape.rank is None for output in outputs.values()):
            return None
        return column_of(outputs if len(outputs) > 1 else outputs[self._output_names[0]])

    def example(self) -> Any:
        """Return two rows of zeros as inputs; None where their shapes are not known."""
        takes = self.takes()
        if not takes or any(length is None for shape, _ in takes for length in shape):
            return None
        return self.nest([zeros(shape, dtype) for shape, dtype in takes])

    def takes(self) -> list[tuple[tuple[int | None, ...], str]]:
        """Return shape of a row (None for lengths left open) and type of each input; nothing where not known."""
        specs = [self._specs[name] for name in self.inputs]
        if any(spec.shape.rank is None for spec in specs):
            return []
        return [(tuple(spec.shape[1:]), spec.dtype.name) for spec in specs]

    def nest(self, fields: Sequence[Any]) -> Any:
        """Return one value for each input: alone, or in a dict by the signature's names, which are sorted."""
        return fields[0] if len(self.inputs) == 1 else dict(zip(self.inputs, fields, strict=True))

    def _fields(self, nest: Any) -> dict[str, str]:
        """Return which field each input of the signature takes."""
        if isinstance(nest, str) and len(self.inputs) == 1:
            return {self.inputs[0]: nest}
        if isinstance(nest, dict) and set(nest) == set(self.inputs):
            return nest
        received = map_leaves(lambda _leaf: "an array", nest)
        wanted = f"the inputs {', '.join(self.inputs)}, as a dict where there are several"
        msg = f"{self.name}: expected {wanted}; received {received}."
        raise ArgumentError(msg)


@dataclass(frozen=True)
class SavedModelParcel:
    """What a broadcast carries of a SavedModel: all its files as one archive."""

    key: str
    archive: bytes
    signature: str
    threads: int

    @property
    def nbytes(self) -> int:
        """The size of the files, most of which are weights."""
        return len(self.archive)

    def build(self) -> SavedModelProgram:
        """Return the model for this process, loaded from a folder that is gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="zoo-lab-") as folder:
            with zipfile.ZipFile(io.BytesIO(self.archive)) as files:
                files.extractall(folder)
            return SavedModelProgram(Path(folder), self.signature)


def _as(spec: Any, values: np.ndarray) -> np.ndarray:
    wanted = spec.dtype.as_numpy_dtype
    return values if wanted is object or values.dtype == wanted else values.astype(wanted)


def _packed(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as files:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                # a fixed date: the same model gives the same bytes, and so the same copy on the workers
                files.writestr(zipfile.ZipInfo(str(path.relative_to(folder))), path.read_bytes())
    return buffer.getvalue()
