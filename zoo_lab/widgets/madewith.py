"""What a run was called with, as one flat table of settings, so that runs can be told apart by it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zoo_lab.core.events import RunMade

_MOST = 20
_SHORT = 60
_LEFT_OUT = ("seed", "batch_size", "epochs", "sync", "name", "runs", "model")  # RunStarted tells them, or nobody asks
_NO_SETTINGS = ("name", "registered_name", "module", "build_config", "input_layers", "output_layers", "inbound_nodes")


def settings(made: RunMade | None) -> dict[str, Any]:
    """Return setting → value: the call's arguments, the optimizer and loss, each layer's, the context's, the versions.

    Example:
        >>> settings(run.curves.made)["compiled optimizer learning_rate"]   # doctest: +SKIP
        0.001
    """
    if made is None:
        return {}
    given = {**made.arguments, **made.written, **made.others}
    return {
        **{name: word for name, word in given.items() if name not in _LEFT_OUT},
        **dict(_flat("compiled", _read(made.compiled))),
        **dict(_layers(_read(made.model))),
        "weights at the start": made.digest,
        **{name: value for name, value in made.context.items() if name != "spark.master"},
        **{f"{name} version": version for name, version in made.versions.items()},
    }


def differing(runs: Sequence[RunMade | None]) -> dict[str, list[Any]]:
    """Return setting → its value in each run, None where it has none, of the first twenty that differ."""
    tables = [settings(made) for made in runs]
    names = dict.fromkeys(name for table in tables for name in table)
    rows = {name: [_shortened(table.get(name)) for table in tables] for name in names}
    if not all(tables):  # an older run file says nothing of all this
        return {}
    different = [(name, values) for name, values in rows.items() if len(set(map(repr, values))) > 1]
    return dict(different[:_MOST])


def _read(text: str) -> Any:
    return json.loads(text) if text else {}


def _layers(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield the settings of each layer under its number and class: names are drawn anew whenever a model is built."""
    for number, layer in enumerate(model.get("config", {}).get("layers", ()), start=1):
        kind = f"layer {number}"
        yield kind, layer.get("class_name")
        yield from _flat(f"{kind} {layer.get('class_name')}", layer.get("config", {}))


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield plain settings of Keras' nested configuration; an object is its class and what it is configured with."""
    if isinstance(value, Mapping) and "class_name" in value and "config" in value:
        config = value["config"]
        yield name, config if isinstance(config, str) else value["class_name"]
        yield from _flat(name, config if isinstance(config, Mapping) else {})
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key not in _NO_SETTINGS:
                yield from _flat(f"{name} {key}", item)
    elif value is not None:
        yield name, value


def _shortened(value: Any) -> Any:
    text = str(value)
    return value if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"
