"""Surgery on the graph of a Functional or Sequential model: cut it at a layer, freeze what lies above, free it again.

The predecessor's `new_graph`, `freeze_up_to` and `unfreeze`; layers are shared with the model, never copied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ModelError


def new_graph(model: Any, outputs: str | Sequence[str]) -> Any:
    """Return a `keras.Model` from the inputs of `model` to the outputs of some of its layers; weights are shared.

    Args:
        model: a Functional or Sequential model that has its inputs.
        outputs: names of layers; with one name the new model has one output.

    Raises:
        ArgumentError: lists the names that are not layers of the model, with near misses.
        ModelError: the model has no graph, or a layer is used more than once in it.

    Source: `GraphNet.new_graph` of Analytics Zoo.

    Example:
        >>> features = new_graph(keras.applications.MobileNetV2(), ["global_average_pooling2d"])    # doctest: +SKIP
    """
    import keras

    names = _names("new_graph", model, outputs)
    tensors = [_output_of(model, name) for name in names]
    wanted = tensors[0] if len(tensors) == 1 else tensors
    needed = {id(operation) for operation in _upstream(tensors)}
    inputs = [tensor for tensor in model.inputs if id(_operation(tensor)) in needed]
    return keras.Model(inputs[0] if len(inputs) == 1 else inputs, wanted, name=f"{model.name}_to_{names[-1]}")


def freeze_up_to(model: Any, names: str | Sequence[str]) -> None:
    """Freeze the named layers and every layer that their outputs depend on; `compile` again before training.

    Args:
        model: a Functional or Sequential model that has its inputs.
        names: names of layers, themselves included.

    Raises:
        ArgumentError: lists the names that are not layers of the model, with near misses.
        ModelError: the model has no graph, or a layer is used more than once in it.

    Source: `GraphNet.freeze_up_to` of Analytics Zoo.

    Example:
        >>> freeze_up_to(model, "pool3")          # doctest: +SKIP
    """
    import keras

    tensors = [_output_of(model, name) for name in _names("freeze_up_to", model, names)]
    for operation in _upstream(tensors):
        if isinstance(operation, keras.Layer):
            _set_trainable(operation, False)


def unfreeze(model: Any, names: str | Sequence[str] | None = None) -> None:
    """Make layers trainable again; `compile` again before training.

    Args:
        model: any Keras model.
        names: the layers, default all.

    Raises `ArgumentError` listing the names that are not layers of the model, with near misses.

    Source: `GraphNet.unfreeze` of Analytics Zoo.
    """
    wanted = [layer.name for layer in model.layers] if names is None else _names("unfreeze", model, names)
    for layer in model.layers:
        if layer.name in wanted:
            _set_trainable(layer, True)


def _set_trainable(layer: Any, value: bool) -> None:
    # Keras hands the value down to inner layers, but not where the outer one has it already.
    for inner in layer._flatten_layers():
        inner.trainable = value


def _names(where: str, model: Any, names: str | Sequence[str]) -> list[str]:
    """Return the checked names of layers of `model`."""
    given = [names] if isinstance(names, str) else list(names)
    known = [layer.name for layer in model.layers]
    checks = Checks(where)
    checks.require(bool(given), f"Expected names of layers of {model.name!r}; received none.")
    for name in given:
        inner = None if name in known else _model_around(model, name)
        if inner is not None:
            checks.fail(
                f"Expected a layer of {model.name!r} itself; {name!r} lies in its layer {inner!r}. "
                f"Call {where}(model.get_layer({inner!r}), …)."
            )
        else:
            checks.one_of("a layer's name", name, known)
    checks.done()
    return given


def _model_around(model: Any, name: str) -> str | None:
    """Return the layer of `model` inside which a layer `name` lies, or None."""
    for layer in model.layers:
        if any(inner.name == name for inner in layer._flatten_layers(include_self=False)):
            return layer.name
    return None


def _output_of(model: Any, name: str) -> Any:
    """Return the one output tensor of a layer within the graph of `model`."""
    layer = next(layer for layer in model.layers if layer.name == name)
    tensors = [node.output_tensors for node in _nodes(model) if node.operation is layer]
    if len(tensors) != 1 or len(tensors[0]) != 1:
        count = sum(map(len, tensors))
        msg = f"Expected a layer with one output in {model.name!r}; {name!r} has {count} there. Name a layer after it."
        raise ModelError(msg)
    return tensors[0][0]


def _upstream(tensors: Iterable[Any]) -> list[Any]:
    """Return the operations that make `tensors`, themselves and everything before them, each once."""
    found = {id(node.operation): node.operation for node in _walk(tensors)}
    return list(found.values())


def _nodes(model: Any) -> list[Any]:
    if not getattr(model, "outputs", None):
        msg = (
            f"Expected a model with a graph of layers; {model.name!r} ({type(model).__name__}) has none. Build it with "
            "keras.Model(inputs, outputs), or give a Sequential model a keras.Input first."
        )
        raise ModelError(msg)
    return list(_walk(model.outputs))


def _walk(tensors: Iterable[Any]) -> Iterator[Any]:
    """Yield each node (one call of a layer) on the way from `tensors` back to the inputs, once."""
    waiting = list(tensors)
    seen: set[int] = set()
    while waiting:
        history = waiting.pop()._keras_history
        node = history.operation._inbound_nodes[history.node_index]
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            waiting.extend(node.input_tensors)


def _operation(tensor: Any) -> Any:
    return tensor._keras_history.operation
