"""Makes a function of Spark SQL out of a model, on the driver: what it takes, what it returns, and its broadcast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ModelError
from zoo_lab.infer.frames import spark_function
from zoo_lab.infer.results import Column
from zoo_lab.infer.udf import WRAPS, ArgumentPredictor, Labels, Nest

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext
    from zoo_lab.infer.programs import Program


def sql_function(
    program: Program, labels: Sequence[str] | None, batch_size: int, on_error: str, context: NNContext | None
) -> Callable[..., Any]:
    """Return a model as a function of columns; the arguments are those of `InferenceModel.as_udf`."""
    from zoo_lab.context.nncontext import as_context

    column = program.column()
    if column is None:
        repair = "Wrap the model, keras.Model(inputs, model(inputs)) with inputs = keras.Input(…)."
        msg = (
            f"as_udf: expected a model whose outputs are known; {program.name!r} tells them only when it runs. {repair}"
        )
        raise ModelError(msg)
    _check(column, labels, batch_size, on_error)
    context = as_context(context)
    parcel = context.sc.broadcast(program.parcel(context.threads_per_slot))
    inputs = len(program.inputs)
    nest = Nest(program.nest(list(range(max(inputs, 1)))))
    kept = column if labels is None else Labels(column, tuple(labels))
    return spark_function(ArgumentPredictor(parcel, inputs, nest, kept, int(batch_size), WRAPS[on_error]))


def _check(column: Column, labels: Sequence[str] | None, batch_size: Any, on_error: str) -> None:
    checks = Checks("as_udf")
    checks.positive_int("batch_size", batch_size)
    checks.one_of("on_error", on_error, WRAPS)
    if labels is not None:
        single = len(column.outputs) == 1 and not column.names
        words = not isinstance(labels, str) and all(isinstance(word, str) for word in labels) and len(labels) > 1
        checks.require(words, f"Expected labels to be a list of words, one for each class; received {labels!r}.")
        vector = single and column.outputs[0].depth == 1
        checks.require(vector, "Expected labels with a model that gives one vector a row; this one does not.")
        size = column.size if vector else None
        fits = size is None or not words or len(labels) == size
        checks.require(fits, f"Expected {size} labels, as many as the model has outputs; received {len(labels)}.")
    checks.done()
