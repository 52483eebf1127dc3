"""Sets of images as Parquet: a row for each, with its file, label and boxes."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.files import as_paths, local_files
from zoo_lab.feature.image.frames import EncodedRows, RowReader
from zoo_lab.feature.image.hadoop import resolved
from zoo_lab.feature.image.imageset_local import LocalImageSet
from zoo_lab.feature.image.loading import Loader, to_load
from zoo_lab.feature.image.pipeline import Pipeline

if TYPE_CHECKING:
    from zoo_lab.feature.image.imageset import ImageSet

ROWS = RowReader("image", label="label", uri="uri", boxes="boxes", problem="problem")
_ROWS_AT_ONCE = 64
_BOXES = pa.struct(
    [
        ("normalized", pa.bool_()),
        ("coordinates", pa.list_(pa.list_(pa.float32()))),
        ("labels", pa.list_(pa.int64())),
        ("scores", pa.list_(pa.float32())),
        ("difficult", pa.list_(pa.bool_())),
        ("centers", pa.list_(pa.list_(pa.float32()))),
    ]
)
_SCHEMA = pa.schema(
    [("uri", pa.string()), ("image", pa.binary()), ("label", pa.int64()), ("boxes", _BOXES), ("problem", pa.string())]
)


@dataclass(frozen=True)
class ParquetRow(Loader):
    """A row in a file of this machine.

    Args:
        path: the file.
        group: row group.
        row: number of the row in it.
    """

    path: str
    group: int
    row: int

    def load(self, source: ImageFeature) -> ImageFeature:
        """Return the image of the row; a row group is read once for all its rows, if they are asked for in order."""
        table = _group(self.path, self.group, os.stat(self.path).st_mtime_ns)
        [feature] = ROWS(table.slice(self.row, 1).to_pylist())
        return feature


def write_local(output: str | os.PathLike[str], pipeline: Pipeline, sources: Iterable[ImageFeature]) -> None:
    """Write images to a new folder; a folder that fails to be written whole is removed.

    Raises `ArgumentError` where the folder exists, `DataError` for pictures that PNG cannot hold.
    """
    folder = Path(output)
    if folder.exists():
        msg = f"write_parquet: expected a folder that does not exist; received {str(output)!r}. Remove it first."
        raise ArgumentError(msg)
    reading, original = pipeline.keeping_bytes()
    rows = iter(EncodedRows(original)(reading.run(sources)))
    folder.mkdir(parents=True)
    file = folder / "part-00000.parquet"
    try:
        with pq.ParquetWriter(file, _SCHEMA) as writer:
            while batch := list(islice(rows, _ROWS_AT_ONCE)):
                writer.write_table(_table(batch))
    except BaseException:
        file.unlink(missing_ok=True)
        folder.rmdir()
        raise


def read_parquet(path: str | os.PathLike[str], sc: Any, options: Any) -> ImageSet:
    """Return the set of the images in Parquet files; the arguments and errors are those of `ImageSet.read_parquet`."""
    if sc is None:
        files = local_files(as_paths(path), recursive=True, extensions=[".parquet"])
        return LocalImageSet(_rows(files), pipeline=options.pipeline())
    from zoo_lab.context.nncontext import as_context
    from zoo_lab.feature.image.imageset_reading import from_dataframe

    context = as_context(sc)
    frame = context.spark.read.parquet(*(resolved(context, part) for part in as_paths(path)))
    return from_dataframe(frame, ROWS, options)


def _rows(files: Iterable[str]) -> Iterator[ImageFeature]:
    """Yield the images of Parquet files; only their uris are read now."""
    for path in files:
        try:
            file = pq.ParquetFile(path)
            for group in range(file.num_row_groups):
                uris = file.read_row_group(group, columns=["uri"]).column("uri").to_pylist()
                for row, uri in enumerate(uris):
                    yield to_load(uri, ParquetRow(path, group, row))
        except (pa.ArrowInvalid, KeyError) as error:
            msg = f"{path}: expected Parquet as write_parquet writes it; it cannot be read ({error})."
            raise DataError(msg) from error


@functools.lru_cache(maxsize=1)
def _group(path: str, group: int, _changed: int) -> pa.Table:
    return pq.ParquetFile(path).read_row_group(group)


def _table(rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True))
    boxes = [None if item is None else dict(zip(_BOXES.names, item, strict=True)) for item in columns[3]]
    columns[3] = boxes
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=_SCHEMA)
