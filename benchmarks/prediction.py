"""`zoo_lab.predict` on local[2] against Keras' own predict with two threads, in turns, in one process.

Rows come in three ways: as arrays (which have to reach the workers first), pinned already, and from a Parquet file as a
DataFrame, whose predictions Spark then drops. Keras has arrays each time.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.markdown import table
from benchmarks.models import mlp
from benchmarks.training import limit_threads

WAYS = ("arrays", "pinned", "frame")
_SIDE = 224


@dataclass(frozen=True)
class Figures:
    """One model; `keras` and each way are rows a second, the median of the rounds.

    `carried` is the DataFrame only carried to Python and dropped there: what Spark itself takes.
    """

    model: str
    rows: int
    batch_size: int
    keras: float
    arrays: float
    pinned: float
    frame: float
    carried: float


def compare(context: Any, rows: int = 100_000, images: int = 2_000, rounds: int = 3) -> list[dict[str, Any]]:
    """Return the figures of the mlp on rows of numbers and of MobileNetV2 on images; 0 leaves one out."""
    limit_threads()
    numbers = np.random.default_rng(0)
    found = []
    if rows:
        vectors = numbers.random((rows, 784), dtype=np.float32)
        found.append(_compare(context, "mlp", mlp(), vectors, 128, rounds))
        del vectors
    if images:
        pictures = numbers.integers(0, 256, (images, _SIDE, _SIDE, 3), np.uint8)
        found.append(_compare(context, "mobilenetv2", mobilenet(), pictures, 32, rounds))
    return [asdict(figures) for figures in found]


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return the table of the figures."""
    heads = ["model", "rows", "batch", "Keras rows/s"]
    heads += [head for way in WAYS for head in (f"{way} rows/s", "ratio")] + ["frame only carried rows/s"]
    cells = []
    for row in rows:
        ways = [cell for way in WAYS for cell in (f"{row[way]:,.0f}", f"{row[way] / row['keras']:.2f}")]
        cells.append(
            [
                row["model"],
                f"{row['rows']:,}",
                str(row["batch_size"]),
                f"{row['keras']:,.0f}",
                *ways,
                f"{row['carried']:,.0f}",
            ]
        )
    return table(heads, cells)


def mobilenet() -> Any:
    """MobileNetV2 for 224×224 images of bytes, 1,000 classes, with random weights."""
    import keras

    inputs = keras.Input((_SIDE, _SIDE, 3))
    scaled = keras.layers.Rescaling(1 / 127.5, -1)(inputs)
    outputs = keras.applications.MobileNetV2((_SIDE, _SIDE, 3), weights=None)(scaled)
    return keras.Model(inputs, outputs, name="mobilenetv2")


def _compare(context: Any, name: str, model: Any, x: np.ndarray, batch_size: int, rounds: int) -> Figures:
    import zoo_lab

    pinned = zoo_lab.FeatureSet.from_numpy(x, context=context)
    folder = tempfile.mkdtemp()
    frame = _frame(context, x, f"{folder}/rows")
    predicted = zoo_lab.predict(model, frame, feature_cols="x", batch_size=batch_size)
    ways: dict[str, Callable[[], Any]] = {
        "keras": lambda: model.predict(x, batch_size=batch_size, verbose=0),
        "arrays": lambda: zoo_lab.predict(model, x, batch_size=batch_size, context=context),
        "pinned": lambda: zoo_lab.predict(model, pinned, batch_size=batch_size),
        "frame": lambda: predicted.write.format("noop").mode("overwrite").save(),
        "carried": lambda: frame.mapInArrow(_dropped, "n long").count(),
    }
    _warm(model, x, batch_size, context, frame)
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, work in ways.items():
            begin = time.perf_counter()
            work()
            seconds[way].append(time.perf_counter() - begin)
    pinned.unpersist()
    shutil.rmtree(folder)
    return Figures(name, len(x), batch_size, **{way: len(x) / statistics.median(took) for way, took in seconds.items()})


def _warm(model: Any, x: np.ndarray, batch_size: int, context: Any, frame: Any) -> None:
    """Let both sides compile and start what they need; workers keep the model."""
    import zoo_lab

    few = x[: batch_size * 2]
    model.predict(few, batch_size=batch_size, verbose=0)
    zoo_lab.predict(model, few, batch_size=batch_size, context=context)
    some = zoo_lab.predict(model, frame.sample(0.1, seed=0), feature_cols="x", batch_size=batch_size)
    some.write.format("noop").mode("overwrite").save()


def _dropped(batches: Any) -> Any:
    for _ in batches:
        pass
    yield from ()


def _frame(context: Any, x: np.ndarray, path: str) -> Any:
    """Return the rows as a DataFrame that is read from Parquet: vectors as arrays, images as Spark's images."""
    import pandas

    if x.ndim == 2:
        for number, part in enumerate(np.array_split(x, context.slots * 4)):
            _write(pandas.DataFrame({"x": list(part)}), path, number)
        return context.spark.read.parquet(path)
    height, width, channels = x.shape[1:]
    for number, part in enumerate(np.array_split(x, context.slots * 4)):
        _write(pandas.DataFrame({"data": [image.tobytes() for image in part]}), path, number)
    struct = f"named_struct('origin', '', 'height', {height}, 'width', {width}, 'nChannels', {channels}, 'mode', 16"
    return context.spark.read.parquet(path).selectExpr(f"{struct}, 'data', data) AS x")


def _write(rows: Any, folder: str, number: int) -> None:
    from pathlib import Path

    Path(folder).mkdir(exist_ok=True)
    rows.to_parquet(f"{folder}/part-{number}.parquet")
