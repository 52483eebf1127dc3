"""NeuralCF is a Keras model that learns preferences on the workers, with ids and labels from 0."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

import zoo_lab
from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError, WorkerError
from zoo_lab.models import NeuralCF

COLUMNS = {"user": "user", "item": "item"}


def preferences(users: int = 12, items: int = 10) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Every user of a group likes (1) the items of that group's kind and no others (0)."""
    user, item = (part.reshape(-1) for part in np.meshgrid(np.arange(users), np.arange(items), indexing="ij"))
    return {"user": user, "item": item}, (user % 2 == item % 2).astype(np.int64)


def test_it_has_the_layers_of_the_recipe() -> None:
    model = NeuralCF(user_count=100, item_count=50, class_num=5)
    assert model.output_shape == (None, 5)
    shapes = {layer.name: layer.get_weights()[0].shape for layer in model.layers if layer.get_weights()}
    assert shapes == {
        "user_embedding": (100, 20),
        "item_embedding": (50, 20),
        "hidden_0": (40, 40),
        "hidden_1": (40, 20),
        "hidden_2": (20, 10),
        "user_factors": (100, 20),
        "item_factors": (50, 20),
        "classes": (30, 5),
    }


def test_without_factorization_only_the_perceptron_is_left() -> None:
    model = NeuralCF(4, 5, 2, hidden_layers=[7], include_mf=False)
    assert model.get_layer("classes").get_weights()[0].shape == (7, 2)
    assert "factorization" not in [layer.name for layer in model.layers]


def test_it_learns_a_preference_matrix_on_the_workers(context: NNContext) -> None:
    keras.utils.set_random_seed(0)
    (x, y), model = preferences(), NeuralCF(12, 10, 2, user_embed=4, item_embed=4, hidden_layers=(16,), mf_embed=4)
    model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
    run = zoo_lab.fit(model, (x, y), batch_size=24, epochs=12, seed=1, context=context, display="none")
    assert run.history["loss"][-1] < run.history["loss"][0] / 2
    assert zoo_lab.evaluate(model, (x, y), context=context)["accuracy"] >= 0.95
    likes = zoo_lab.predict(model, x, context=context)
    assert (likes.argmax(1) == y).mean() >= 0.95


def test_frozen_embeddings_stay_as_they_are(context: NNContext) -> None:
    (x, y), model = preferences(), NeuralCF(12, 10, 2, hidden_layers=(8,))
    frozen, free = model.get_layer("user_embedding"), model.get_layer("item_embedding")
    frozen.trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    before = frozen.get_weights()[0], free.get_weights()[0]
    zoo_lab.fit(model, (x, y), context=context, display="none")
    np.testing.assert_array_equal(frozen.get_weights()[0], before[0])
    assert (free.get_weights()[0] != before[1]).any()


def test_it_is_saved_and_loaded_as_what_it_is(tmp_path: Path) -> None:
    model = NeuralCF(6, 5, 3, hidden_layers=(4,), mf_embed=3)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded, NeuralCF)
    assert loaded.get_config() == model.get_config()
    x = {"user": np.arange(5), "item": np.arange(5)}
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))


def test_wrong_arguments_are_told_all_at_once() -> None:
    with pytest.raises(ArgumentError) as raised:
        NeuralCF(0, 5, 2.5, hidden_layers=[8, -1])
    assert all(name in str(raised.value) for name in ("user_count", "class_num", "hidden_layers[1]"))


def test_ids_that_begin_at_one_are_told(context: NNContext) -> None:
    (x, y), model = preferences(), NeuralCF(12, 10, 2)
    with pytest.raises(WorkerError, match="12"):
        zoo_lab.fit(model, ({**x, "user": x["user"] + 1}, y), context=context, display="none")


def test_it_learns_real_ratings_of_a_data_frame(context: NNContext, test_data: Path) -> None:
    path = test_data / "recommender" / "data.parquet"
    if not path.is_file():
        pytest.skip(f"no ratings in {path}")
    ratings = context.spark.read.parquet(str(path)).selectExpr("userId - 1 user", "itemId - 1 item", "label - 1 label")
    keras.utils.set_random_seed(0)
    model = NeuralCF(100, 100, 5)
    zoo_lab.fit(
        model, ratings, feature_cols=COLUMNS, label_cols="label", batch_size=32, epochs=30, seed=1, display="none"
    )
    assert zoo_lab.evaluate(model, ratings, feature_cols=COLUMNS, label_cols="label")["accuracy"] >= 0.4
    predicted = zoo_lab.predict(model, ratings, feature_cols=COLUMNS)
    right = predicted.filter("array_position(prediction, array_max(prediction)) - 1 = label").count()
    assert right / 458 >= 0.4
