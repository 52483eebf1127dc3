"""NeuralCF: neural collaborative filtering (He et al. 2017), a perceptron beside a matrix factorization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from zoo_lab.core.checks import Checks


@keras.saving.register_keras_serializable(package="zoo_lab")
class NeuralCF(keras.Model):
    """Predicts the class (such as the rating) that a user gives an item.

    Two embeddings of user and item go through a perceptron; two more are multiplied (the matrix factorization); both
    results together give the probabilities of the classes.

    Args:
        user_count: number of users; ids run from 0 to user_count - 1.
        item_count: number of items; ids run from 0 to item_count - 1.
        class_num: number of classes; labels run from 0 to class_num - 1.
        user_embed: width of the user's embedding in the perceptron.
        item_embed: width of the item's embedding in the perceptron.
        hidden_layers: widths of the perceptron's layers.
        include_mf: whether to have the matrix factorization.
        mf_embed: width of both embeddings in the matrix factorization.
        name: of the model.

    Features: {"user": ids, "item": ids}, each of shape (rows,), such as the columns of a DataFrame with
    `feature_cols={"user": "userId", "item": "itemId"}`. Output: probabilities, shape (rows, class_num).

    Defaults: compiled with Adam(1e-3), sparse categorical cross-entropy and accuracy; `compile` again to change them.

    Raises `ArgumentError` listing every wrong argument. Ids out of range fail the run and name the worker and rows.

    Source: `NeuralCF` of Analytics Zoo, whose ids and labels began at 1.

    Example:
        >>> model = NeuralCF(user_count=100, item_count=50, class_num=5)
        >>> model.output_shape
        (None, 5)
    """

    def __init__(
        self,
        user_count: int,
        item_count: int,
        class_num: int,
        user_embed: int = 20,
        item_embed: int = 20,
        hidden_layers: Sequence[int] = (40, 20, 10),
        include_mf: bool = True,
        mf_embed: int = 20,
        name: str = "neural_cf",
        **kwargs: Any,
    ) -> None:
        counts = {"user_count": user_count, "item_count": item_count, "class_num": class_num}
        widths = {"user_embed": user_embed, "item_embed": item_embed, "mf_embed": mf_embed}
        _check({**counts, **widths}, hidden_layers)
        user, item = (keras.Input((), dtype="int32", name=side) for side in ("user", "item"))
        parts = [_perceptron(user, item, user_count, item_count, user_embed, item_embed, hidden_layers)]
        if include_mf:
            parts.append(_factorization(user, item, user_count, item_count, mf_embed))
        joined = keras.layers.Concatenate(name="joined")(parts) if include_mf else parts[0]
        classes = keras.layers.Dense(class_num, "softmax", name="classes")(joined)
        super().__init__({"user": user, "item": item}, classes, name=name, **kwargs)
        self._recipe = {**counts, **widths, "hidden_layers": list(hidden_layers), "include_mf": include_mf}
        self.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**self._recipe, "name": self.name, "trainable": self.trainable}


def _perceptron(user: Any, item: Any, users: int, items: int, user_embed: int, item_embed: int, hidden: Any) -> Any:
    embedded = [
        keras.layers.Embedding(users, user_embed, name="user_embedding")(user),
        keras.layers.Embedding(items, item_embed, name="item_embedding")(item),
    ]
    values = keras.layers.Concatenate(name="pair")(embedded)
    for position, units in enumerate(hidden):
        values = keras.layers.Dense(units, "relu", name=f"hidden_{position}")(values)
    return values


def _factorization(user: Any, item: Any, users: int, items: int, width: int) -> Any:
    factors = [
        keras.layers.Embedding(users, width, name="user_factors")(user),
        keras.layers.Embedding(items, width, name="item_factors")(item),
    ]
    return keras.layers.Multiply(name="factorization")(factors)


def _check(numbers: dict[str, Any], hidden_layers: Any) -> None:
    checks = Checks("NeuralCF")
    for name, value in numbers.items():
        checks.positive_int(name, value)
    is_list = isinstance(hidden_layers, (list, tuple)) and bool(hidden_layers)
    checks.require(is_list, f"Expected hidden_layers to be a list of widths; received {hidden_layers!r}.")
    for position, units in enumerate(hidden_layers if is_list else ()):
        checks.positive_int(f"hidden_layers[{position}]", units)
    checks.done()
