"""Arguments of fit and evaluate: all wrong ones at once, before anything long happens, and every kind of data."""

from __future__ import annotations

import gc

import keras
import numpy as np
import pytest
from keras import layers

import zoo_lab
from tests.train.keras_reference import largest_difference, twin
from tests.train.models import CLASSES, FEATURES, compiled, dense, linear, table
from zoo_lab.core.errors import ArgumentError, ModelError, ZooLabError

X, Y = table(60)


def test_all_wrong_arguments_come_at_once(train):
    with pytest.raises(ArgumentError) as caught:
        train(
            linear(),
            (X, Y),
            batch_size=0,
            epochs=1.5,
            seed=-1,
            sync="shred",
            display="txt",
            class_weight=[1],
            callbacks=3,
        )
    message = str(caught.value)
    assert message.startswith("fit: 7 arguments are wrong.")
    assert "received 'shred'. Did you mean 'shared'?" in message
    assert "received 'txt'. Did you mean 'text'?" in message


@pytest.mark.parametrize("wrong", ["EarlyStopping", keras.callbacks.EarlyStopping, print])
def test_a_callback_that_is_none_is_named(train, wrong):
    with pytest.raises(ArgumentError, match="Expected callbacks to be a list of Keras callbacks; received"):
        train(linear(), (X, Y), callbacks=[wrong])


@pytest.mark.parametrize("data", ["train.csv", X, {"x": X}, 3])
def test_data_of_another_kind_is_named(train, data):
    with pytest.raises(
        ArgumentError, match=f"FeatureSet, DataFrame, RDD, ImageSet or .*received {type(data).__name__}"
    ):
        train(linear(), data)


def test_too_many_arrays_are_named(train):
    with pytest.raises(ArgumentError, match=r"Expected \(x, y\) or \(x, y, sample_weight\); received 4 values"):
        train(linear(), (X, X, Y, Y))


def test_what_is_no_model_is_named(train):
    with pytest.raises(ZooLabError, match=r"keras.Model.*received"):
        train("lenet", (X, Y))


@pytest.mark.parametrize("sync", ["auto", "collect"])
def test_rows_of_another_width_name_both_shapes(train, sync):
    with pytest.raises(ZooLabError) as caught:
        train(linear(), (X[:, :5], Y), sync=sync)
    message = str(caught.value)
    assert f"(None, {FEATURES})" in message or f"({FEATURES},)" in message
    assert "5" in message
    assert len(message.splitlines()) < 12


def test_targets_of_another_shape_name_both_shapes(train):
    model = linear()
    model.compile("sgd", "categorical_crossentropy")
    with pytest.raises(ZooLabError, match=r"(?s)\(None, 4\).*\(None, 3\)|\(2, 4\).*\(2, 3\)|\(2, 3\).*\(2, 4\)"):
        train(model, (X, np.eye(3, dtype="float32")[Y % 3]))


def test_a_wrong_number_of_inputs_is_named(train):
    one, two = layers.Input((FEATURES,)), layers.Input((1,))
    model = compiled(keras.Model([one, two], layers.Dense(CLASSES, "softmax")(layers.Concatenate()([one, two]))))
    with pytest.raises(ZooLabError, match=r"(?is)2 inputs?|expects? 2"):
        train(model, (X, Y))


def test_missing_targets_are_named(train):
    with pytest.raises(ZooLabError, match="(?i)target|label"):
        train(linear(), zoo_lab.FeatureSet.from_numpy(X))


def test_a_loss_that_is_not_reduced_is_refused_with_the_way_out(train):
    model = linear()
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(reduction=None))
    with pytest.raises(ArgumentError, match="one number a batch; received 'sparse_categorical_crossentropy'"):
        train(model, (X, Y))


def test_class_and_sample_weights_together_are_refused_as_by_keras(train):
    weight = np.ones(60, "float32")
    with pytest.raises(ArgumentError, match="class_weight.*sample_weight"):
        train(linear(), (X, Y, weight), class_weight={0: 2.0})


def test_class_weights_for_several_outputs_are_refused_as_by_keras(train):
    entry = layers.Input((FEATURES,))
    model = compiled(keras.Model(entry, [layers.Dense(CLASSES, "softmax")(entry) for _ in range(2)]))
    with pytest.raises(ArgumentError, match="one output with class_weight; received 2"):
        train(model, (X, [Y, Y]), class_weight={0: 2.0})


def test_a_failed_check_leaves_no_run_file(train, tmp_path):
    with pytest.raises(ZooLabError):
        train(linear(), (X[:, :5], Y), batch_size=0)
    assert list(tmp_path.iterdir()) == []


def test_arrays_frames_and_feature_sets_train_alike(train, context):
    names = [f"c{column}" for column in range(FEATURES)]
    rows = [(*map(float, x), int(y)) for x, y in zip(X, Y, strict=True)]
    frame = context.spark.createDataFrame(rows, [*names, "label"])
    rdd = context.sc.parallelize(list(zip(X, Y, strict=True)), 3)
    models = []
    for data, columns in (
        ((X, Y), {}),
        (frame, {"feature_cols": names, "label_cols": "label"}),
        (rdd, {}),
        (zoo_lab.FeatureSet.from_dataframe(frame, names, "label"), {}),
    ):
        model, _ = twin(linear)
        run = train(model, data, seed=3, batch_size=16, validation_data=data, **columns)
        assert run.plan.rows == 60
        assert "val_loss" in run.history
        models.append(model)
    assert all(largest_difference(models[0], other) == 0 for other in models[1:])


def test_a_frame_without_columns_says_what_to_name(train, context):
    frame = context.spark.createDataFrame([(1.0, 0)], ["x", "y"])
    with pytest.raises(ArgumentError, match=r"Expected feature_cols \(and label_cols\) with a DataFrame"):
        train(linear(), frame)


def test_data_of_the_callers_stays_and_what_fit_has_pinned_goes(train, context):
    def folders():
        return {path.name for path in context.scratch.glob("shards-*")}

    gc.collect()  # what earlier tests have left goes when it is collected
    mine = zoo_lab.FeatureSet.from_numpy(X, Y)
    before = folders()
    train(linear(), mine, validation_data=(X, Y))
    train(linear(), (X, Y))
    zoo_lab.evaluate(linear(), (X, Y))
    assert folders() == before
    assert len(mine.head(3)[0]) == 3


def test_evaluate_checks_its_arguments(context):
    with pytest.raises(ArgumentError, match="evaluate: Expected batch_size to be an integer of at least 1; received 0"):
        zoo_lab.evaluate(linear(), (X, Y), batch_size=0)


def test_evaluate_leaves_weights_and_data_alone(context):
    model, reference = twin(dense)
    zoo_lab.evaluate(model, (X, Y), batch_size=7)
    assert largest_difference(model, reference) == 0


def test_evaluate_of_a_model_that_is_not_compiled_is_refused(context):
    model = keras.Sequential([layers.Input((FEATURES,)), layers.Dense(CLASSES)])
    with pytest.raises(ModelError, match="not compiled"):
        zoo_lab.evaluate(model, (X, Y))
