"""InferenceModel: one model for many threads, loaded from files, with the numbers of Keras."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError, DataError, ModelError
from zoo_lab.infer import InferenceModel
from zoo_lab.infer.latency import LatencyMeter


@pytest.fixture(scope="module")
def model() -> Any:
    keras.utils.set_random_seed(8)
    layers = [keras.Input((4,)), keras.layers.Dense(5, "relu"), keras.layers.BatchNormalization()]
    return keras.Sequential([*layers, keras.layers.Dense(3, "softmax")], name="three")


@pytest.fixture(scope="module")
def two_inputs() -> Any:
    one, other = keras.Input((4,), name="one"), keras.Input((), dtype="int32", name="other")
    joined = keras.layers.Concatenate()([one, keras.layers.Embedding(9, 2)(other)])
    return keras.Model({"one": one, "other": other}, {"score": keras.layers.Dense(1)(joined)}, name="two")


@pytest.fixture(scope="module")
def saved(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return InferenceModel(model).export(tmp_path_factory.mktemp("saved") / "three" / "1")


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)


def assert_equal(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_model_in_memory_predicts_as_keras_does_in_any_batches(model: Any, x: np.ndarray) -> None:
    served = InferenceModel(model)
    for size in (7, 50, 1000):
        assert_equal(served.predict(x, batch_size=size), model.predict(x, verbose=0))
    assert_equal(served.predict(x.tolist()), model.predict(x, verbose=0))
    assert_equal(served.predict(x.astype("float64")), model.predict(x, verbose=0))


def test_several_inputs_and_outputs_keep_their_names(two_inputs: Any, x: np.ndarray) -> None:
    data = {"one": x, "other": np.arange(50) % 9}
    found = InferenceModel(two_inputs).predict(data, batch_size=20)
    assert list(found) == ["score"]
    assert_equal(found["score"], two_inputs.predict(data, verbose=0)["score"])


def test_a_keras_file_loads(model: Any, x: np.ndarray, tmp_path: Path) -> None:
    model.save(tmp_path / "three.keras")
    served = InferenceModel(concurrency=2).load_keras(tmp_path / "three.keras")
    assert repr(served) == "InferenceModel(three, concurrency=2)"
    assert_equal(served.predict(x), model.predict(x, verbose=0))


def test_a_saved_model_loads_and_takes_numbers_of_another_type(model: Any, saved: Path, x: np.ndarray) -> None:
    served = InferenceModel().load_tf(saved).warm_up(batch_sizes=(1, 8))
    assert_equal(served.predict(x, batch_size=20), model.predict(x, verbose=0))
    whole = np.arange(8).reshape(2, 4)
    assert_equal(served.predict(whole), model.predict(whole.astype("float32"), verbose=0))


def test_a_saved_model_of_several_inputs_takes_a_dict(two_inputs: Any, x: np.ndarray, tmp_path: Path) -> None:
    served = InferenceModel().load_tf(InferenceModel(two_inputs).export(tmp_path / "two"))
    data = {"one": x, "other": np.arange(50) % 9}
    assert_equal(served.predict(data), two_inputs.predict(data, verbose=0)["score"])
    with pytest.raises(ArgumentError, match="expected the inputs one, other, as a dict"):
        served.predict(x)


def test_an_unknown_signature_names_the_known_ones(saved: Path) -> None:
    with pytest.raises(ArgumentError, match="expected the signature 'classify'; the model has 'serv"):
        InferenceModel().load_tf(saved, signature="classify")


def test_a_folder_that_is_no_saved_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected a folder with saved_model\.pb"):
        InferenceModel().load_tf(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"\xff not a protobuf")
    with pytest.raises(DataError, match="expected a SavedModel"):
        InferenceModel().load_tf(tmp_path)


def test_a_saved_model_that_reaches_files_is_never_run(tmp_path: Path) -> None:
    target = tmp_path / "written"
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
    def serve(x: Any) -> Any:
        with tf.control_dependencies([tf.io.write_file(str(target), "x")]):
            return {
                "y": tf.cond(
                    tf.reduce_all(x > 0), lambda: tf.strings.length(tf.io.read_file("/etc/hostname")), lambda: 0
                )
            }

    module.serve = serve
    tf.saved_model.save(module, str(tmp_path / "evil"), signatures={"serving_default": serve})
    with pytest.raises(ModelError, match="ReadFile, WriteFile"):
        InferenceModel().load_tf(tmp_path / "evil")
    assert not target.exists()


def test_a_saved_model_that_calls_python_is_refused(tmp_path: Path) -> None:
    module = tf.Module()
    module.serve = tf.function(
        lambda x: {"y": tf.numpy_function(lambda a: a, [x], tf.float32)},
        input_signature=[tf.TensorSpec([None], tf.float32)],
    )
    tf.saved_model.save(module, str(tmp_path / "code"), signatures={"serving_default": module.serve})
    with pytest.raises(ModelError, match="PyFunc"):
        InferenceModel().load_tf(tmp_path / "code")


def test_many_threads_get_each_their_own_rows(model: Any, x: np.ndarray) -> None:
    served, expected = InferenceModel(model, concurrency=3).warm_up(), model.predict(x, verbose=0)

    def ask(number: int) -> None:
        start = number % 40
        assert_equal(served.predict(x[start : start + 10]), expected[start : start + 10])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ask, range(200)))
    assert served.latency().count == 200
    assert served.latency().rows == 2000


def test_no_more_calls_compute_at_once_than_the_concurrency() -> None:
    peak = Peak()
    model = keras.Sequential([keras.Input((1,)), peak])
    served = InferenceModel(model, concurrency=2)
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda _: served.predict(np.zeros((1, 1))), range(12)))
    assert peak.most == 2


def test_layers_that_remember_earlier_calls_are_refused() -> None:
    remembering = keras.Sequential([keras.Input(batch_shape=(1, 3, 2)), keras.layers.SimpleRNN(2, stateful=True)])
    with pytest.raises(ModelError, match="forget earlier calls.*built with stateful=True"):
        InferenceModel(remembering)


def test_latency_counts_calls_rows_and_failures_but_no_warm_up(model: Any, x: np.ndarray) -> None:
    served = InferenceModel(model).warm_up()
    assert served.latency().count == 0
    assert np.isnan(served.latency().p99)
    for _ in range(5):
        served.predict(x)
    with pytest.raises(Exception):  # noqa: B017 - whatever Keras raises for a wrong shape
        served.predict(np.zeros((2, 9)))
    found = served.latency()
    assert (found.count, found.failures, found.rows) == (5, 1, 250)
    assert 0 < found.p50 <= found.p99 <= found.longest
    served.reset_latency()
    assert served.latency().count == 0


def test_percentiles_are_those_of_the_last_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(np.cumsum([0, *[1, 0] * 10_000, 3, 0]).tolist())
    monkeypatch.setattr("zoo_lab.infer.latency.time.perf_counter", lambda: next(times))
    meter = LatencyMeter()
    for _ in range(10_001):
        with meter.call(1):
            pass
    found = meter.read()
    assert (found.count, found.p50, found.longest) == (10_001, 1000.0, 3000.0)
    assert found.mean == pytest.approx((9_999 * 1000 + 3000) / 10_000)


def test_wrong_calls_say_what_to_do(model: Any) -> None:
    with pytest.raises(ModelError, match="Call load_keras or another loader first"):
        InferenceModel().predict(np.zeros((1, 4)))
    with pytest.raises(ArgumentError, match="concurrency"):
        InferenceModel(model, concurrency=0)
    for wrong in (np.zeros((0, 4)), {"a": np.zeros(2), "b": np.zeros(3)}, np.float32(1)):
        with pytest.raises(ArgumentError, match="one number of rows"):
            InferenceModel(model).predict(wrong)
    with pytest.raises(ModelError, match="is not built"):
        InferenceModel(keras.Sequential([keras.layers.Dense(1)]))
    wide = keras.Sequential([keras.Input((None, 3)), keras.layers.GlobalAveragePooling1D()])
    with pytest.raises(ArgumentError, match="expected an example"):
        InferenceModel(wide).warm_up()
    assert InferenceModel(wide).warm_up(np.zeros((1, 5, 3))).latency().count == 0


def test_workers_load_a_saved_model_and_keep_order_and_failing_rows(
    context: NNContext, saved: Path, model: Any, x: np.ndarray
) -> None:
    served = InferenceModel().load_tf(saved)
    rows = [(row, x[row].tolist() if row != 9 else None) for row in range(50)]
    frame = context.spark.createDataFrame(rows, "id int, v array<float>").repartitionByRange(2, "id")
    found = served.distributed_predict(frame, feature_cols="v", on_error="null").collect()
    assert [row.id for row in found] == list(range(50))
    assert [row.id for row in found if row.prediction_error is not None] == [9]
    good = [row for row in range(50) if row != 9]
    assert_equal([found[row].prediction for row in good], model.predict(x[good], verbose=0))
    outputs = served.distributed_predict(context.sc.parallelize([*x], 2)).collect()
    assert_equal(np.array(outputs), model.predict(x, verbose=0))
    with pytest.raises(ArgumentError, match="Expected a DataFrame or an RDD; received ndarray"):
        served.distributed_predict(x)


class Peak(keras.layers.Layer):
    """Notes how many threads are inside at once."""

    def __init__(self) -> None:
        super().__init__()
        self.most, self._inside, self._guard = 0, 0, threading.Lock()

    def call(self, inputs: Any) -> Any:
        return tf.ensure_shape(tf.numpy_function(self._stay, [inputs], tf.float32), inputs.shape)

    def compute_output_spec(self, inputs: Any) -> Any:
        return keras.KerasTensor(inputs.shape, inputs.dtype)

    def _stay(self, inputs: np.ndarray) -> np.ndarray:
        with self._guard:
            self._inside += 1
            self.most = max(self.most, self._inside)
        threading.Event().wait(0.05)
        with self._guard:
            self._inside -= 1
        return inputs
