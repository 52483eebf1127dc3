"""Finds image files on any path that Spark reads, without reading them. Used on the driver."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.image.files import local_path, nothing_there, scheme_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from zoo_lab.context.nncontext import NNContext

_MIN_PARTITIONS = "spark.sql.files.minPartitionNum"
_MOST_BYTES = "spark.sql.files.maxPartitionBytes"
_OPEN_COST = "spark.sql.files.openCostInBytes"
# Spark counts 4 MB for opening a file: that makes a task of every 32 images, and most of its time is its start
_SPARKS_COST, _CHEAP = "4194304b", "131072"
_GLOB = re.compile(r"([\[\]{}*?\\])")
_NOTHING, _FILES, _FOLDERS, _ONE_FOLDER = "nothing", "files", "folders", "one folder"
_FOLDER = r"([^/]+)/[^/]+$"


def binary_files(
    context: NNContext,
    paths: Sequence[str],
    *,
    recursive: bool,
    extensions: Sequence[str] | None,
    min_partitions: int | None = None,
) -> DataFrame:
    """Return a DataFrame of the files, columns `path` and `content` among others; it is lazy.

    Args:
        context: where it will be read.
        paths: files, which are taken whatever they are called, folders and globs, on any file system of Hadoop.
        recursive: whether folders within folders are searched too.
        extensions: endings of the files to take from folders; None for all that are not hidden.
        min_partitions: that there shall be, where there are as many files; None leaves it to Spark.

    Raises `DataError` naming the path where there is nothing, or nothing that ends as expected; `ArgumentError` for
    paths that have files in common.
    """
    session = _session(context, min_partitions)
    frames = [_found(context, session, path, recursive, extensions) for path in paths]
    whole = frames[0]
    for frame in frames[1:]:
        whole = whole.union(frame)
    if len(frames) > 1 and _count_found(whole) < sum(map(_count_found, frames)):
        msg = f"ImageSet.read: expected paths without a file in common; received {list(paths)}. Name each place once."
        raise ArgumentError(msg)
    return whole


def listed_files(context: NNContext, paths: Sequence[str], min_partitions: int | None = None) -> DataFrame:
    """Return a DataFrame of exactly these files, whose names may hold any character; it is lazy.

    Raises `DataError` where one of them is missing.
    """
    from pyspark.errors import AnalysisException

    session = _session(context, min_partitions)
    escaped = [_GLOB.sub(r"\\\1", resolved(context, path)) for path in paths]
    try:
        return session.read.format("binaryFile").load(escaped)
    except AnalysisException as error:
        msg = f"Expected the files that a list or the annotations name; one is missing: {error}"
        raise DataError(msg) from error


def empty_files(frame: DataFrame) -> list[str]:
    """Return the paths of the files without a byte, sorted: Spark finds them, but gives no rows for them."""
    if _count_found(frame) == frame.select("path").count():
        return []
    found = {unquote(str(path)) for path in frame.inputFiles()}
    # Spark writes file:///a where it lists, and file:/a where it reads
    read = {local_path(row["path"]) for row in frame.select("path").collect()}
    return sorted({local_path(path) for path in found} - read)


def local_names(frame: DataFrame) -> list[str]:
    """Return the paths of all files that a DataFrame of local ones found, those without a byte too, sorted."""
    # a quoted name has no line break; the names come over in one message, not one by one
    java = frame.sparkSession._jvm  # noqa: SLF001 - PySpark has no such view
    names = java.org.apache.hadoop.util.StringUtils.join("\n", frame._jdf.inputFiles())  # noqa: SLF001
    return sorted(local_path(unquote(name)) for name in names.split("\n"))


def qualified(context: NNContext, path: str) -> str:
    """Return a path with its file system, as Spark names the files below it."""
    place = context.sc._jvm.org.apache.hadoop.fs.Path(resolved(context, path))  # noqa: SLF001
    return str(place.getFileSystem(_hadoop(context)).makeQualified(place).toString())


def are_local(context: NNContext, paths: Sequence[str]) -> bool:
    """Tell whether all paths are of local disks; what runs in a task then opens them without Spark."""
    return all(scheme_of(qualified(context, path)) == "file" for path in paths)


def folders_of(frame: DataFrame) -> list[str]:
    """Return the names of the folders that the files are in, each once; the files are not read."""
    from pyspark.sql import functions as F  # noqa: N812 - its usual name

    folder = F.regexp_extract("path", _FOLDER, 1).alias("folder")
    return [row["folder"] for row in frame.select(folder).distinct().collect()]


def _count_found(frame: DataFrame) -> int:
    return len(frame._jdf.inputFiles())  # noqa: SLF001 - frame.inputFiles() would fetch the names one by one


def _session(context: NNContext, min_partitions: int | None) -> SparkSession:
    """Return a session that plans so; Spark plans with a session's settings, and the user's are left alone."""
    session = context.spark.newSession()
    most, cost = (context.spark.conf.get(name) for name in (_MOST_BYTES, _OPEN_COST))
    session.conf.set(_MOST_BYTES, str(most))
    session.conf.set(_OPEN_COST, _CHEAP if cost == _SPARKS_COST else str(cost))
    if min_partitions is not None:
        session.conf.set(_MIN_PARTITIONS, str(min_partitions))
    return session


def resolved(context: NNContext, path: str) -> str:
    """Return a path without a scheme as one from Python's current folder, where Spark's own is a local one."""
    if scheme_of(path) or path.startswith("/"):
        return path
    default = _hadoop(context).get("fs.defaultFS")
    return os.path.abspath(path) if default is None or default.startswith("file:") else path


def _found(
    context: NNContext, session: SparkSession, path: str, recursive: bool, extensions: Sequence[str] | None
) -> DataFrame:
    place = resolved(context, path)
    kind = _kind_of(context, place)
    if kind == _NOTHING:
        raise nothing_there(place, False, recursive, extensions)
    reader = session.read.format("binaryFile").option("recursiveFileLookup", recursive)
    if kind != _FILES and extensions is not None:
        reader = reader.option("pathGlobFilter", _any_of(extensions))
    frame = reader.load(_GLOB.sub(r"\\\1", place) if kind == _ONE_FOLDER else place)
    if not _count_found(frame):
        raise nothing_there(place, True, recursive, extensions)
    return frame


def _kind_of(context: NNContext, path: str) -> str:
    """Tell what is at a path: a folder of this very name, or what its glob stands for, as the first match does."""
    from py4j.protocol import Py4JJavaError

    place = context.sc._jvm.org.apache.hadoop.fs.Path(path)  # noqa: SLF001 - PySpark has no such view
    try:
        files = place.getFileSystem(_hadoop(context))
        if files.exists(place) and files.getFileStatus(place).isDirectory():
            return _ONE_FOLDER
        found = files.globStatus(place)
    except Py4JJavaError as error:
        msg = f"ImageSet.read: expected a path that Spark reads; received {path!r}: {error.java_exception.getMessage()}"
        raise DataError(msg) from error
    if not found:
        return _NOTHING
    return _FOLDERS if found[0].isDirectory() else _FILES


def _hadoop(context: NNContext) -> Any:
    return context.sc._jsc.hadoopConfiguration()  # noqa: SLF001 - PySpark has no such view


def _any_of(extensions: Sequence[str]) -> str:
    """Return a glob for names that end so, whatever their case."""
    cases = ["".join(f"[{c.lower()}{c.upper()}]" if c.isalpha() else c for c in ending) for ending in extensions]
    return f"*{{{','.join(cases)}}}"
