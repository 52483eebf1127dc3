"""The first rows of any data, with what a model predicts for them, for %zoo_predict to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.structure import leaves, map_leaves


@dataclass(frozen=True)
class Sample:
    """Some rows; in each list, one item a row.

    Attributes:
        inputs: by name, what the model is given.
        predictions: what it gives; None for a row that fails.
        errors: why a row fails, else None.
        truths: what was expected; None where that is not known.
    """

    inputs: dict[str, list[Any]]
    predictions: list[Any]
    errors: list[str | None]
    truths: list[Any] | None = None


def sample(model: Any, data: Any, count: int, **reading: Any) -> Sample:
    """Return the first rows of `data` with their predictions.

    Args:
        model: a Keras model.
        data: what `zoo_lab.predict` takes.
        count: of rows.
        reading: its arguments that say how to read them.
    """
    from zoo_lab.feature.featureset import FeatureSet
    from zoo_lab.infer.api import kind_of

    if isinstance(data, FeatureSet):
        head = data.store.head(count)
        return _of_arrays(
            model, map_leaves(head.__getitem__, data.structure.x), map_leaves(head.get, data.structure.y), data.context
        )
    kind = kind_of(data)
    if kind == "DataFrame":
        return _of_frame(model, data, count, reading)
    if kind == "RDD":
        return _of_records(model, data, count)
    x, y = (data[0], data[1]) if isinstance(data, tuple) and len(data) > 1 else (data, None)
    x = x[0] if isinstance(x, tuple) else x
    return _of_arrays(model, _cut(x, count), _cut(y, count), None)


def _of_frame(model: Any, frame: Any, count: int, reading: dict[str, Any]) -> Sample:
    from zoo_lab.context.datajobs import run_data_job
    from zoo_lab.context.nncontext import as_context
    from zoo_lab.infer.api import predict

    if frame.isStreaming:
        msg = "%zoo_predict: Expected a table; received a stream. Use InferenceModel(model).as_udf() in its query."
        raise ArgumentError(msg)
    names = _free_names(frame.columns)
    predicted = predict(model, frame.limit(count), prediction_col=names[0], on_error="null", **reading)
    rows = run_data_job(as_context(frame.sparkSession), f"predict {model.name}", predicted.collect)
    columns = list(dict.fromkeys(leaves(reading["feature_cols"])))
    inputs = {name: [row[name] for row in rows] for name in columns}
    return Sample(inputs, [row[names[0]] for row in rows], [row[names[1]] for row in rows])


def _of_records(model: Any, rdd: Any, count: int) -> Sample:
    from zoo_lab.context.datajobs import run_data_job
    from zoo_lab.context.nncontext import as_context
    from zoo_lab.feature.recordnests import record_parts
    from zoo_lab.infer.api import predict

    context = as_context(rdd.context)

    def work() -> tuple[list[Any], list[Any]]:
        records = rdd.take(count)
        first = context.sc.parallelize(records, 1)
        return records, predict(model, first, on_error="null").collect()

    records, found = run_data_job(context, f"predict {model.name}", work)
    parts = [record_parts(record) for record in records]
    truths = [y for _, y, _ in parts]
    known = truths if any(truth is not None for truth in truths) else None
    return Sample({"x": [x for x, _, _ in parts]}, [one for one, _ in found], [why for _, why in found], known)


def _of_arrays(model: Any, x: Any, y: Any, context: Any) -> Sample:
    from zoo_lab.infer.api import predict

    if not len(leaves(x)[0]):
        return Sample({}, [], [])
    outputs, reasons = predict(model, x, context=context, on_error="null")
    rows = range(len(reasons))
    predictions = [
        None if reasons[row] is not None else map_leaves(lambda part, row=row: part[row], outputs) for row in rows
    ]
    named = (
        x
        if isinstance(x, dict)
        else {f"x{number}": part for number, part in enumerate(x)}
        if isinstance(x, list)
        else {"x": x}
    )
    truths = None if y is None or isinstance(y, (list, dict)) else list(y)
    return Sample({str(name): list(part) for name, part in named.items()}, predictions, list(reasons), truths)


def _cut(nest: Any, count: int) -> Any:
    if isinstance(nest, (list, tuple)) and nest and not isinstance(nest[0], np.ndarray):
        nest = np.asarray(nest)
    return map_leaves(lambda values: np.asarray(values)[:count], nest)


def _free_names(columns: list[str]) -> tuple[str, str]:
    taken = set(map(str.lower, columns))
    name = "prediction"
    while name in taken or f"{name}_error" in taken:
        name += "_"
    return name, f"{name}_error"
