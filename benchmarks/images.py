"""Images: the SSD chain on `local[2]` against a plain OpenCV loop, each step against albumentations, and memory.

The loop, as many loops at once, and the cluster take turns, so that what else the machine does disturbs all alike.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import plainloop, steps
from benchmarks.markdown import table
from benchmarks.measure import resident_megabytes
from benchmarks.photographs import write_photographs

if TYPE_CHECKING:
    from pyspark import RDD

    from zoo_lab.context.nncontext import NNContext

COUNT = 1000
TURNS = 5
STREAMED = 50_000
STRETCHES = 5
_STREAMED_PARTITIONS = 32


def measure(context: NNContext, count: int = COUNT, turns: int = TURNS, streamed: int = STREAMED) -> dict[str, Any]:
    """Return the figures of the chain, of single steps, and of memory over a long stream."""
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder)
        size = write_photographs(files, count)
        return {
            "count": count,
            "kilobytes": size / count / 1000,
            "chain": _compared(context, files, turns),
            "steps": steps.compare(files, turns),
            "memory": _streamed(context, files, streamed),
        }


def markdown(figures: dict[str, Any]) -> str:
    """Return the tables of the figures."""
    chain, memory = figures["chain"], figures["memory"]
    heads = ["decode + jitter, expand, resize 300, flip", "images/s", "processor ms an image"]
    rows = [
        ["plain OpenCV loop, one thread", f"{chain['plain']:,.0f}", f"{chain['plain_processor']:.2f}"],
        [f"{chain['workers']} such loops at once", f"{chain['at_once']:,.0f}", ""],
        [f"ImageSet on local[{chain['workers']}]", f"{chain['spark']:,.0f}", f"{chain['spark_processor']:.2f}"],
        [f"part of {chain['workers']} times one loop", f"{chain['ratio']:.2f}", ""],
        ["part of the loops at once", f"{chain['ratio_at_once']:.2f}", ""],
    ]
    told = f"{figures['count']:,} JPEGs of 500 pixels on the long side, {figures['kilobytes']:.0f} kB each."
    parts = [told, table(heads, rows), steps.markdown(figures["steps"])]
    lines = [[f"{line['images']:,}", f"{line['driver']:.0f}", f"{line['worker']:.0f}"] for line in memory]
    return "\n\n".join([*parts, table(["images streamed", "driver MB", "largest worker MB"], lines)])


def _compared(context: NNContext, folder: Path, turns: int) -> dict[str, Any]:
    """Let plain loops and the cluster take turns over the same files; return the medians."""
    from zoo_lab.feature.image import ImageSet

    paths = [str(path) for path in sorted(folder.iterdir())]
    images = ImageSet.read(folder, context).transform(plainloop.chain())
    jobs = [images.seeded(turn).rdd.mapPartitions(_count) for turn in range(turns)]
    jobs[0].collect()
    with plainloop.Loops(paths, context.slots) as loops:
        loops.run(0)
        found = [(*_loop(paths, turn), _rate(loops.run(turn)), *_job(job)) for turn, job in enumerate(jobs)]
    shares = [(spark / (context.slots * plain), spark / at_once) for plain, _, at_once, spark, _ in found]
    names = ("plain", "plain_processor", "at_once", "spark", "spark_processor", "ratio", "ratio_at_once")
    values = zip(*(line + share for line, share in zip(found, shares, strict=True)), strict=True)
    return {"workers": context.slots, **dict(zip(names, map(statistics.median, values), strict=True))}


def _loop(paths: list[str], seed: int) -> tuple[float, float]:
    """Return images a second, and the processor's milliseconds for one: those do not depend on what else runs."""
    busy, done = time.process_time(), plainloop.run(paths, seed)
    busy = time.process_time() - busy
    return _rate(done), 1000 * busy / done["images"]


def _rate(done: dict[str, float]) -> float:
    return done["images"] / done["seconds"]


def _job(counted: RDD) -> tuple[float, float]:
    begin = time.perf_counter()
    parts = counted.collect()
    seconds, images = time.perf_counter() - begin, sum(count for count, _busy in parts)
    return images / seconds, 1000 * sum(busy for _count, busy in parts) / images


def _count(images: Iterable[Any]) -> Iterator[tuple[int, float]]:
    busy = time.process_time()
    count = sum(1 for _ in images)
    yield count, time.process_time() - busy


def _streamed(context: NNContext, folder: Path, count: int) -> list[dict[str, Any]]:
    """Send many images through the chain; return what driver and workers hold after each stretch."""
    from zoo_lab.feature.image import ImageSet

    paths = [str(path) for path in sorted(folder.iterdir())]
    lines, done = [], 0
    for stretch in range(STRETCHES):
        numbers = range(stretch * count // STRETCHES, (stretch + 1) * count // STRETCHES)
        sources = context.sc.parallelize(numbers, _STREAMED_PARTITIONS).map(partial(_image, paths=paths))
        images = ImageSet.from_rdds(sources).transform(plainloop.chain()).seeded(1)
        found = images.rdd.mapPartitions(_resident).collect()
        done += sum(images for images, _megabytes in found)
        held = max(megabytes for _images, megabytes in found)
        lines.append({"images": done, "driver": resident_megabytes([os.getpid()]), "worker": held})
    return lines


def _image(number: int, paths: list[str]) -> Any:
    from zoo_lab.feature.image import ImageFeature

    return ImageFeature(uri=str(number), bytes=Path(paths[number % len(paths)]).read_bytes())


def _resident(images: Iterable[Any]) -> Iterator[tuple[int, float]]:
    count = sum(1 for _ in images)
    yield count, resident_megabytes([os.getpid()])
