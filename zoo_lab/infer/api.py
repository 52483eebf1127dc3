"""`zoo_lab.predict`: check the arguments, then hand over to the module for this kind of data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoo_lab.core.attempts import POLICIES
from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.featureset import FeatureSet
from zoo_lab.feature.preprocessing import Collection

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext


def predict(
    model: Any,
    data: Any,
    *,
    batch_size: int = 32,
    context: NNContext | None = None,
    feature_cols: Any = None,
    prediction_col: str = "prediction",
    preprocessing: Any = None,
    on_error: str = "raise",
) -> Any:
    """Return the outputs of a Keras model for every row of `data`, computed on the Spark workers.

    The numbers are those of `model.predict`. Rows keep their order and their number, whatever the partitions.

    Args:
        model: a `keras.Model`, compiled or not; later changes of its weights do not reach a DataFrame or RDD
            returned before.
        data: a FeatureSet; an array, or a list or dict of arrays for several inputs; (x, y) as for `evaluate`, of
            which y is left out; a Spark DataFrame (with `feature_cols`); an RDD of x or (x, y); an ImageSet.
        batch_size: rows a worker computes at once.
        context: where to compute; default the data's own, or the current one.
        feature_cols: columns of a DataFrame, see `FeatureSet.from_dataframe`.
        prediction_col: the column that a DataFrame gets.
        preprocessing: a step or chain for each row of these columns, see `FeatureSet.from_dataframe`.
        on_error: "raise" ends with the error of the first row that fails, naming it. "null" goes on: a DataFrame has a
            null there, and a column more, such as `prediction_error`, with the reason (null where all went well); an
            RDD becomes one of pairs (output, None) or (None, reason); arrays come as a pair (outputs, reasons), with
            NaN (0 for whole numbers) in the place of the row; an image of an ImageSet is marked as bad, with the
            reason as its `problem`, and the set's policy is "mark". Order and number of rows stay.

    Returns:
        For a FeatureSet or arrays an array of shape (rows, …), or a list or dict of arrays as the model gives them.
        For a DataFrame the same DataFrame with one more column: a number where the model gives one a row, else an
        array; several outputs make a struct. For an RDD an RDD of outputs. For an ImageSet a set of the same images,
        whose `get_predict()` gives the outputs. What is lazy in Spark is computed when it is used, in batches that
        stream through the workers; a local set is predicted at once, on this machine.

    Raises:
        ArgumentError: lists every wrong argument.
        ModelError: the model cannot be sent to the workers.
        WorkerError: the model's code or the data failed on a worker.

    Example:
        >>> probabilities = zoo_lab.predict(model, x_test)                        # doctest: +SKIP
        >>> zoo_lab.predict(model, df, feature_cols=["age", "height"]).show()     # doctest: +SKIP
    """
    _check(model, batch_size, prediction_col, on_error)
    _expect_frame(preprocessing, data)
    if isinstance(data, FeatureSet):
        from zoo_lab.infer.pinned import predict_pinned

        return predict_pinned(model, data, int(batch_size), on_error)
    if isinstance(data, Collection):
        from zoo_lab.infer.images import predict_images

        return predict_images(model, data, int(batch_size), on_error)
    kind = kind_of(data)
    if kind == "arrays":
        return _predict_arrays(model, data, int(batch_size), context, on_error)
    from zoo_lab.infer.programs import KerasProgram

    if kind == "DataFrame":
        from zoo_lab.infer.frames import predict_frame

        return predict_frame(
            KerasProgram(model), data, feature_cols, int(batch_size), prediction_col, on_error, preprocessing
        )
    from zoo_lab.infer.records import predict_records

    return predict_records(KerasProgram(model), data, int(batch_size), context, on_error)


def _predict_arrays(model: Any, data: Any, batch_size: int, context: NNContext | None, on_error: str) -> Any:
    from zoo_lab.infer.pinned import predict_pinned

    feature_set = FeatureSet.from_numpy(_inputs(data), context=context)
    try:
        return predict_pinned(model, feature_set, batch_size, on_error)
    finally:
        feature_set.unpersist()


def _inputs(data: Any) -> Any:
    """Return x of `data`; a tuple is (x, y) or (x, y, sample_weight) as everywhere."""
    if not isinstance(data, tuple):
        return data
    if len(data) not in (2, 3):
        msg = f"predict: expected x or (x, y); received a tuple of {len(data)}. Put several inputs into a list or dict."
        raise ArgumentError(msg)
    return data[0]


def kind_of(data: Any) -> str:
    """Return "DataFrame", "RDD" or "arrays"."""
    if not type(data).__module__.startswith("pyspark."):
        return "arrays"
    from pyspark import RDD
    from pyspark.sql import DataFrame

    if isinstance(data, DataFrame):
        return "DataFrame"
    if isinstance(data, RDD):
        return "RDD"
    msg = f"predict: expected a FeatureSet, DataFrame, RDD, ImageSet or arrays; received {type(data).__name__}."
    raise ArgumentError(msg)


def _expect_frame(preprocessing: Any, data: Any) -> None:
    if preprocessing is not None and (isinstance(data, FeatureSet) or kind_of(data) != "DataFrame"):
        msg = (
            f"predict: expected a DataFrame with preprocessing; received {type(data).__name__}. Call the chain on an "
            "ImageSet or RDD, or zoo_lab.feature.preprocess on arrays, first."
        )
        raise ArgumentError(msg)


def _check(model: Any, batch_size: Any, prediction_col: Any, on_error: Any) -> None:
    import keras

    checks = Checks("predict")
    is_model = isinstance(model, keras.Model)
    checks.require(is_model, f"Expected model to be a keras.Model; received {type(model).__name__}.")
    checks.positive_int("batch_size", batch_size)
    named = isinstance(prediction_col, str) and bool(prediction_col)
    checks.require(named, f"Expected prediction_col to be a column name; received {prediction_col!r}.")
    checks.one_of("on_error", on_error, POLICIES)
    checks.done()
