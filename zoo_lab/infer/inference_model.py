"""InferenceModel: one loaded model for threads, SQL, streams and services."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ArgumentError, ModelError
from zoo_lab.infer.latency import Latency, LatencyMeter
from zoo_lab.infer.programs import KerasProgram, Program, as_fields

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext

_BATCH = 1024


class InferenceModel:
    """A model that is only used, not trained: by many threads, in Spark SQL and streams, behind a service.

    Load one with one of its loaders, or give a Keras model. All calls share its weights.

    Args:
        model: a `keras.Model` with weights; None to load one.
        concurrency: how many calls of `predict` compute at once; others wait.

    Raises:
        ArgumentError: lists every wrong argument.
        ModelError: the model has no weights yet, or layers that remember earlier calls.

    Source: `InferenceModel(supported_concurrent_num)` of Analytics Zoo.

    Example:
        >>> served = InferenceModel(concurrency=4).load_keras("digits.keras").warm_up()    # doctest: +SKIP
        >>> served.predict(images).argmax(axis=1)                                          # doctest: +SKIP
        >>> served.latency().p99                                                           # doctest: +SKIP
    """

    def __init__(self, model: Any = None, *, concurrency: int = 1) -> None:
        import keras

        checks = Checks("InferenceModel")
        checks.positive_int("concurrency", concurrency)
        fits = model is None or isinstance(model, keras.Model)
        checks.require(fits, f"Expected model to be a keras.Model; received {type(model).__name__}.")
        checks.done()
        self.concurrency = int(concurrency)
        self._free = threading.BoundedSemaphore(self.concurrency)
        self._meter = LatencyMeter()
        self._program: Program | None = None if model is None else KerasProgram(model)

    def load_keras(
        self,
        path: str | Path | None = None,
        *,
        json_path: str | Path | None = None,
        hdf5_path: str | Path | None = None,
        by_name: bool = False,
        custom_objects: Mapping[str, Any] | None = None,
    ) -> InferenceModel:
        """Load a model that Keras saved, in place of the one before; arguments and errors are as for `Net.load_keras`.

        Returns:
            this, so that calls can be chained.

        Example:
            >>> InferenceModel().load_keras("digits.keras")                # doctest: +SKIP
        """
        from zoo_lab.net import keras_file

        loaded = keras_file.load(
            path, json_path=json_path, hdf5_path=hdf5_path, by_name=by_name, custom_objects=custom_objects
        )
        return self._take(KerasProgram(loaded))

    def load_tf(self, path: str | Path, *, signature: str = "serving_default") -> InferenceModel:
        """Load a SavedModel of TensorFlow 2, in place of the one before.

        Its operations are examined first: none may call Python or reach files beside its own.

        Args:
            path: the folder.
            signature: which of its signatures to call.

        Raises:
            ArgumentError: there is no such signature.
            DataError: the folder holds no SavedModel.
            ModelError: the model would do more than compute.

        Source: `load_tensorflow` of Analytics Zoo.

        Example:
            >>> InferenceModel().load_tf("exported/digits")                # doctest: +SKIP
        """
        from zoo_lab.infer.savedmodel import SavedModelProgram

        return self._take(SavedModelProgram(Path(path), signature))

    def load_caffe(self, def_path: str | Path, model_path: str | Path, *, input_shape: Any = None) -> InferenceModel:
        """Load a Caffe network, in place of the one before; arguments and errors are as for `Net.load_caffe`.

        Example:
            >>> InferenceModel().load_caffe("deploy.prototxt", "googlenet.caffemodel")     # doctest: +SKIP
        """
        from zoo_lab.net import Net

        return self._take(KerasProgram(Net.load_caffe(def_path, model_path, input_shape=input_shape)))

    def load_bigdl(
        self, model_path: str | Path, weight_path: str | Path | None = None, *, input_shape: Any = None
    ) -> InferenceModel:
        """Load a model of BigDL, in place of the one before; arguments and errors are as for `Net.load_bigdl`.

        Example:
            >>> InferenceModel().load_bigdl("lenet.model")                 # doctest: +SKIP
        """
        from zoo_lab.net import Net

        return self._take(KerasProgram(Net.load_bigdl(model_path, weight_path, input_shape=input_shape)))

    def load_onnx(self, path: str | Path) -> InferenceModel:
        """Load a model in the format ONNX, in place of the one before; arguments and errors are as for `Net.load_onnx`.

        Returns:
            this, so that calls can be chained.

        Example:
            >>> InferenceModel().load_onnx("resnet50.onnx")                # doctest: +SKIP
        """
        from zoo_lab.net import onnx

        return self._take(KerasProgram(onnx.load(path)))

    def load_torch(self, path: str | Path, *, input_shape: Sequence[int | None] | None = None) -> InferenceModel:
        """Load a net of Torch7, in place of the model before; arguments and errors are as for `Net.load_torch`.

        Returns:
            this, so that calls can be chained.

        Source: `InferenceModel.load_torch` of Analytics Zoo.

        Example:
            >>> InferenceModel().load_torch("alexnet.t7", input_shape=(3, 224, 224))       # doctest: +SKIP
        """
        from zoo_lab.net import torch7

        return self._take(KerasProgram(torch7.load(path, input_shape=input_shape)))

    @property
    def program(self) -> Program:
        """The loaded model; raises `ModelError` before there is one."""
        if self._program is None:
            msg = "InferenceModel: expected a loaded model; there is none yet. Call load_keras or another loader first."
            raise ModelError(msg)
        return self._program

    def predict(self, inputs: Any, *, batch_size: int = _BATCH) -> Any:
        """Return the outputs for some rows, computed in this process; safe to call from any number of threads.

        Args:
            inputs: an array, shape (rows, …), or a list or dict of arrays for several inputs.
            batch_size: rows computed at once.

        Returns:
            an array, or a list or dict of arrays, as the model gives them.

        Raises:
            ArgumentError: the inputs have no rows, or different numbers of them.

        Example:
            >>> InferenceModel(model).predict(x).shape                     # doctest: +SKIP
        """
        program = self.program
        structure, data = as_fields(inputs)
        rows = _rows(data)
        with self._meter.call(rows), self._free:
            parts = list(program.outputs(structure, data, batch_size))
        return parts[0] if len(parts) == 1 else _joined(parts)

    def warm_up(self, example: Any = None, *, batch_sizes: Sequence[int] = (1,)) -> InferenceModel:
        """Compute once on an example, so that the first real call finds everything compiled; not counted as latency.

        Args:
            example: inputs as for `predict`; default zeros, where the model's input shapes are known.
            batch_sizes: numbers of rows to try.

        Returns:
            this, so that calls can be chained.

        Raises:
            ArgumentError: the shapes are not known and there is no example.

        Example:
            >>> InferenceModel(model).warm_up()                            # doctest: +SKIP
        """
        example = self.program.example() if example is None else example
        if example is None:
            msg = "InferenceModel.warm_up: expected an example, as the inputs' shapes are not known. Give a few rows."
            raise ArgumentError(msg)
        structure, data = as_fields(example)
        for size in batch_sizes:
            several = {name: np.resize(values, (size, *values.shape[1:])) for name, values in data.items()}
            list(self.program.outputs(structure, several, size))
        return self

    def latency(self) -> Latency:
        """Return how long calls of `predict` took, waiting for their turn included.

        Example:
            >>> InferenceModel(model).latency().count                      # doctest: +SKIP
            0
        """
        return self._meter.read()

    def reset_latency(self) -> None:
        """Forget the times measured so far.

        Example:
            >>> served.reset_latency()                                     # doctest: +SKIP
        """
        self._meter.reset()

    def distributed_predict(
        self,
        data: Any,
        *,
        batch_size: int = 32,
        feature_cols: Any = None,
        prediction_col: str = "prediction",
        on_error: str = "raise",
        context: NNContext | None = None,
    ) -> Any:
        """Return the outputs for a DataFrame or RDD, computed on the Spark workers, each of which loads the model once.

        Args:
            data: a Spark DataFrame (with `feature_cols`), also a streaming one, or an RDD of x or (x, y).
            batch_size, feature_cols, prediction_col, on_error, context: as for `zoo_lab.predict`.

        Returns:
            the DataFrame with a column more, or an RDD of outputs; computed when they are used.

        Raises:
            ArgumentError: lists every wrong argument.

        Source: `InferenceModel.distributed_predict` of Analytics Zoo.

        Example:
            >>> served.distributed_predict(df, feature_cols="pixels").show()       # doctest: +SKIP
        """
        from zoo_lab.core.attempts import POLICIES
        from zoo_lab.infer.api import kind_of

        checks = Checks("InferenceModel.distributed_predict")
        checks.positive_int("batch_size", batch_size)
        checks.one_of("on_error", on_error, POLICIES)
        kind = kind_of(data)
        repair = "Arrays that are here already are what predict is for."
        checks.require(kind != "arrays", f"Expected a DataFrame or an RDD; received {type(data).__name__}. {repair}")
        checks.done()
        if kind == "DataFrame":
            from zoo_lab.infer.frames import predict_frame

            return predict_frame(self.program, data, feature_cols, int(batch_size), prediction_col, on_error)
        from zoo_lab.infer.records import predict_records

        return predict_records(self.program, data, int(batch_size), context, on_error)

    def as_udf(
        self,
        *,
        labels: Sequence[str] | None = None,
        batch_size: int = 32,
        on_error: str = "raise",
        context: NNContext | None = None,
    ) -> Callable[..., Any]:
        """Return the model as a function of columns, for DataFrames, `spark.udf.register`, SQL and streams.

        Its arguments are one column for each input of the model, in order; a model with one input also takes several
        columns of numbers, which are stacked. Columns can be what `FeatureSet.from_dataframe` takes. The weights are
        those of now.

        Args:
            labels: a word for each output of a classifier: the function then returns that of the largest output.
            batch_size: rows a worker computes at once.
            on_error: for a row that fails: "raise" ends the query, "null" gives null, "reason" lets the function return
                a struct of prediction and error, one of them null.
            context: where the model goes; default the current one.

        Raises:
            ArgumentError: lists every wrong argument.
            ModelError: the model's outputs are not known before it runs.

        Example:
            >>> spark.udf.register("classify", served.as_udf(labels=["cat", "dog"]))       # doctest: +SKIP
            >>> spark.sql("SELECT path, classify(image) FROM pictures").show()             # doctest: +SKIP
        """
        from zoo_lab.infer.registering import sql_function

        return sql_function(self.program, labels, batch_size, on_error, context)

    def export(self, path: str | Path, *, format: str = "tf") -> Path:
        """Write the model for a server that is there already, and return where it lies.

        Args:
            path: for "tf" a folder that is not there yet; TensorFlow Serving wants it named by a version number, such
                as "models/digits/1". For "onnx" a file.
            format: "tf", a SavedModel with the signature "serving_default", or "onnx", for ONNX Runtime.

        Raises:
            ArgumentError: lists every wrong argument.
            ModelError: this model did not come from Keras, or cannot be exported.
            MissingExtraError: ONNX needs `pip install 'zoo-lab[onnx]'`.

        Example:
            >>> served.export("models/digits/1")                           # doctest: +SKIP
        """
        from zoo_lab.infer.export import export

        return export(self.program, Path(path), format)

    def __repr__(self) -> str:
        loaded = "nothing loaded" if self._program is None else self._program.name
        return f"InferenceModel({loaded}, concurrency={self.concurrency})"

    def _take(self, program: Program) -> InferenceModel:
        self._program = program
        self._meter.reset()
        return self


def _rows(data: Mapping[str, np.ndarray]) -> int:
    counts = {len(values) if values.ndim else 0 for values in data.values()}
    if len(counts) != 1 or 0 in counts:
        told = " and ".join(map(str, sorted(counts))) or "no arrays"
        msg = f"InferenceModel.predict: expected arrays with one number of rows, at least 1; received {told}."
        raise ArgumentError(msg)
    return counts.pop()


def _joined(parts: Sequence[Any]) -> Any:
    import keras

    return keras.tree.map_structure(lambda *arrays: np.concatenate(arrays), *parts)
