"""Makes sets of files: decides what is local and what is distributed, finds the files, and gives them their labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zoo_lab.core.checks import Checks
from zoo_lab.feature.image.access import LocalAccess, SparkAccess
from zoo_lab.feature.image.annotated import Annotated
from zoo_lab.feature.image.files import PathLike, as_paths, local_files, scheme_of
from zoo_lab.feature.image.frames import RowReader
from zoo_lab.feature.image.hadoop import are_local, binary_files, empty_files, folders_of, listed_files, local_names
from zoo_lab.feature.image.imageset_distributed import DistributedImageSet
from zoo_lab.feature.image.imageset_local import LocalImageSet
from zoo_lab.feature.image.imageset_sources import Boxed, FileSource, OneImage, RddSource
from zoo_lab.feature.image.labels import Labelled, folder_of, label_map_of
from zoo_lab.feature.image.loading import LocalFile, LocalVolume, to_load
from zoo_lab.feature.image.namedfiles import NamedFiles
from zoo_lab.feature.image.pipeline import Pipeline
from zoo_lab.feature.image.policy import POLICIES
from zoo_lab.feature.image.reading import CODECS, MAX_PIXELS, MOST_PIXELS, ImageReader
from zoo_lab.feature.image.tfrecord import Keys, Records, local_records

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from zoo_lab.feature.image.imageset import ImageSet

VOLUMES = (".nii", ".nii.gz", ".mat", ".npy")
_TFRECORDS = None


@dataclass(frozen=True)
class Options:
    """How files are read; the arguments of `ImageSet.read` that all readers share. Checked when it is made."""

    min_partitions: int | None = None
    resize_height: int = -1
    resize_width: int = -1
    image_codec: int = -1
    policy: str = "raise"
    max_pixels: int = MAX_PIXELS

    def __post_init__(self) -> None:
        checks = Checks("ImageSet.read")
        if self.min_partitions is not None:
            checks.positive_int("min_partitions", self.min_partitions)
        if (self.resize_height, self.resize_width) != (-1, -1):
            checks.positive_int("resize_height", self.resize_height)
            checks.positive_int("resize_width", self.resize_width)
        known = ", ".join(map(str, CODECS))
        is_codec = not isinstance(self.image_codec, bool) and self.image_codec in CODECS
        checks.require(is_codec, f"Expected image_codec to be one of {known}; received {self.image_codec!r}.")
        checks.one_of("policy", self.policy, POLICIES)
        checks.positive_int("max_pixels", self.max_pixels)
        if not checks.problems:
            most = f"Expected max_pixels to be at most {MOST_PIXELS:,}; received {self.max_pixels:,}."
            checks.require(self.max_pixels <= MOST_PIXELS, most)
        checks.done()

    def pipeline(self) -> Pipeline:
        """Return the pipeline that reads files so."""
        reader = ImageReader(self.image_codec, self.max_pixels, self.resize_height, self.resize_width)
        return Pipeline(reader, policy=self.policy)


def read(
    path: PathLike | Sequence[PathLike],
    sc: Any,
    options: Options,
    *,
    with_label: bool,
    one_based_label: bool,
    recursive: bool,
    extensions: Sequence[str] | None,
) -> ImageSet:
    """Return the set of the files in a place; the arguments and errors are those of `ImageSet.read`."""
    paths = _checked_paths(path, sc)
    if sc is None:
        files = local_files(paths, recursive=recursive, extensions=extensions)
        return _local(files, options.pipeline(), with_label, one_based_label)
    from zoo_lab.context.nncontext import as_context

    context = as_context(sc)
    frame = binary_files(
        context, paths, recursive=recursive, extensions=extensions, min_partitions=options.min_partitions
    )
    is_local = are_local(context, paths)
    known = local_names(frame) if is_local else empty_files(frame)
    folders = {*map(folder_of, known), *(() if is_local else folders_of(frame))} if with_label else ()
    label_map = label_map_of(folders, one_based=one_based_label)
    make = OneImage(Labelled(label_map) if with_label else None)
    if is_local:
        source = NamedFiles(context, known, make, options.min_partitions)
    else:
        source = FileSource(frame, make, known)
    return DistributedImageSet.of(context, source, options.pipeline(), label_map)


def read_annotated(data: Annotated, sc: Any, options: Options) -> ImageSet:
    """Return the set of the images that annotations name, with their boxes."""
    if sc is None:
        found = data.read(LocalAccess())
        images = [to_load(path, LocalFile(path), boxes=boxes) for path, boxes in found.boxes.items()]
        return LocalImageSet(images, pipeline=options.pipeline(), label_map=found.label_map)
    from zoo_lab.context.nncontext import as_context

    context = as_context(sc)
    found = data.read(SparkAccess(context))
    frame = listed_files(context, list(found.boxes), options.min_partitions)
    make = Boxed(context.sc.broadcast(found.boxes))
    if scheme_of(next(iter(found.boxes), "")) == "":  # as access gives the paths of local disks
        source = NamedFiles(context, list(found.boxes), make, options.min_partitions)
    else:
        source = FileSource(frame, make, empty_files(frame))
    return DistributedImageSet.of(context, source, options.pipeline(), found.label_map)


def read_tfrecord(path: PathLike | Sequence[PathLike], sc: Any, options: Options, keys: Keys) -> ImageSet:
    """Return the set of the images in TFRecord files; arguments and errors are those of `ImageSet.read_tfrecord`."""
    paths = _checked_paths(path, sc)
    if sc is None:
        files = local_files(paths, recursive=True, extensions=_TFRECORDS)
        return LocalImageSet(local_records(files, keys), pipeline=options.pipeline())
    from zoo_lab.context.nncontext import as_context

    context = as_context(sc)
    frame = binary_files(context, paths, recursive=True, extensions=_TFRECORDS, min_partitions=options.min_partitions)
    if are_local(context, paths):
        source = NamedFiles(context, local_names(frame), Records(keys), options.min_partitions, one_each=False)
    else:
        source = FileSource(frame, Records(keys), one_each=False)
    return DistributedImageSet.of(context, source, options.pipeline(), {})


def read_volumes(
    path: PathLike | Sequence[PathLike],
    sc: Any,
    key: str | None,
    policy: str,
    *,
    with_label: bool,
    one_based_label: bool,
) -> ImageSet:
    """Return the set of the volumes in files; the arguments and errors are those of `ImageSet.read_volumes`."""
    pipeline = Options(policy=policy).pipeline()
    files = local_files(_checked_paths(path, None), recursive=True, extensions=VOLUMES)
    images = [to_load(file, LocalVolume(file, key)) for file in files]
    label_map = label_map_of(map(folder_of, files), one_based=one_based_label) if with_label else {}
    images = list(map(Labelled(label_map), images)) if with_label else images
    local = LocalImageSet(images, pipeline=pipeline, label_map=label_map)
    return local if sc is None else local.to_distributed(sc)


def from_dataframe(df: DataFrame, rows: RowReader, options: Options) -> ImageSet:
    """Return the set of the images in a DataFrame; the arguments and errors are those of `ImageSet.from_dataframe`."""
    from zoo_lab.context.nncontext import as_context

    checks = Checks("ImageSet.from_dataframe")
    for column in rows.columns:
        known = ", ".join(map(repr, df.columns))
        checks.require(column in df.columns, f"Expected a column {column!r}; the columns are {known}.")
    checks.done()
    rdd = df.select(*(df[f"`{name}`"] for name in rows.columns)).rdd.mapPartitions(rows)
    return DistributedImageSet.of(as_context(df.sparkSession), RddSource(rdd), options.pipeline(), {})


def _local(files: Sequence[str], pipeline: Pipeline, with_label: bool, one_based: bool) -> LocalImageSet:
    images = [to_load(file, LocalFile(file)) for file in files]
    label_map: Mapping[str, int] = {}
    if with_label:
        label_map = label_map_of(map(folder_of, files), one_based=one_based)
        images = list(map(Labelled(label_map), images))
    return LocalImageSet(images, pipeline=pipeline, label_map=label_map)


def _checked_paths(path: PathLike | Sequence[PathLike], sc: Any) -> list[str]:
    paths = as_paths(path)
    checks = Checks("ImageSet.read")
    checks.require(bool(paths), "Expected a path; received an empty list.")
    for item in paths:
        remote = sc is None and scheme_of(item) not in ("", "file")
        checks.require(not remote, f"Expected a path of this machine without sc; received {item!r}. Pass sc=context.")
    checks.done()
    return paths
