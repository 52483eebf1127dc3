"""%zoo_predict: show the first rows with what the model predicts for them, and keep the predictions of all."""

from __future__ import annotations

from typing import Any

from zoo_lab.core.checks import Checks
from zoo_lab.magics.command import Command, Option
from zoo_lab.magics.fit import _DATA, _MODEL
from zoo_lab.magics.kinds import COLUMNS, NEW_NAME, WHOLE_NUMBER, choice, is_a, value
from zoo_lab.magics.notes import Note

_WORDS = value("NAME", lambda thing: isinstance(thing, (list, tuple)) and all(isinstance(word, str) for word in thing))
_STEP = value("NAME", is_a("zoo_lab", "Preprocessing"))

COMMAND = Command(
    "zoo_predict",
    "Show the first rows of the data, as a table or as pictures, each with the model's prediction beside it. With "
    "--into all rows are predicted, on the Spark workers, and kept.",
    (
        Option("model", _MODEL, "a Keras model."),
        Option("data", _DATA, "a FeatureSet, a Spark DataFrame, an RDD, arrays, or (x, y), whose y is shown too."),
        Option("--into", NEW_NAME, "keep what zoo_lab.predict returns for all rows under this name"),
        Option("--rows", WHOLE_NUMBER, "how many to show", "20"),
        Option("--labels", _WORDS, "a list of words, one for each class"),
        Option("--feature-cols", COLUMNS, "columns of a DataFrame that the model takes; an expression in brackets too"),
        Option("--preprocessing", _STEP, "a step or chain for each row of these columns"),
        Option("--prediction-col", COLUMNS, "the column that a DataFrame gets", "prediction"),
        Option("--batch-size", WHOLE_NUMBER, "rows a worker computes at once", "32"),
        Option("--on-error", choice("raise", "null"), "what --into does with a row that fails", "raise"),
    ),
    "%zoo_predict model test --labels words --into predicted",
)


def work(values: dict[str, Any], shell: Any) -> None:
    """Predict, show some rows, and keep all predictions under the name that --into gives."""
    from zoo_lab.context.nncontext import current_context
    from zoo_lab.infer.api import predict
    from zoo_lab.magics.context import start_context
    from zoo_lab.magics.samples import sample

    count, labels = values.get("rows", 20), values.get("labels", ())
    checks = Checks("%zoo_predict")
    checks.positive_int("--rows", count)
    checks.done()
    if current_context() is None:
        start_context()
    model, data = values["model"], values["data"]
    reading = {name: values[name] for name in ("feature_cols", "preprocessing", "batch_size") if name in values}
    writing = {name: values[name] for name in ("prediction_col", "on_error") if name in values}
    with Note() as note:
        note.say("Predicting …")
        if "into" in values:
            shell.user_ns[values["into"]] = predict(model, data, **reading, **writing)
        found = sample(model, data, count, **reading)
        note.show(shown(model.name, found, labels))


def shown(name: str, found: Any, labels: Any = ()) -> dict[str, str]:
    """Return a sample as HTML and text; the pictures of its first input that is one stand for it."""
    from zoo_lab.magics.wording import as_picture, prediction_text, value_text
    from zoo_lab.widgets.predictions import PredictedRow, bundle

    rows = []
    for number, prediction in enumerate(found.predictions):
        inputs = {column: values[number] for column, values in found.inputs.items()}
        picture = next(filter(None, map(as_picture, inputs.values())), b"")
        truth = None if found.truths is None else found.truths[number]
        rows.append(
            PredictedRow(
                {column: value_text(given) for column, given in inputs.items()},
                "" if prediction is None else prediction_text(prediction, labels),
                "" if truth is None else _truth_text(truth, labels),
                found.errors[number] or "",
                picture,
            )
        )
    told = "1 row" if len(rows) == 1 else f"{len(rows):,} rows"
    return bundle(f"{told} and the predictions of {name}", rows)


def _truth_text(truth: Any, labels: Any) -> str:
    """Return an expected value as the prediction would be told: a class by its label, a one-hot row by its class."""
    import numpy as np

    from zoo_lab.magics.wording import value_text

    values = np.asarray(truth).reshape(-1)
    if values.size > 1 and set(np.unique(values).tolist()) <= {0, 1} and values.sum() == 1:
        values = np.asarray([values.argmax()])
    if values.size == 1 and labels and float(values[0]).is_integer() and 0 <= values[0] < len(labels):
        return str(labels[int(values[0])])
    return value_text(values[0] if values.size == 1 else values)
