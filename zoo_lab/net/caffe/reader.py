"""Reads Caffe's files: the network of a .prototxt as it is when tested, and the blobs of a .caffemodel by layer.

Nothing here knows Keras; graph builds from what comes back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo_lab.core.errors import DataError
from zoo_lab.net.caffe.oldnames import OLD_TYPES
from zoo_lab.net.caffe.schema import classes
from zoo_lab.net.protofile import packed, read_message

_TEXT = "the text of a network (.prototxt)"
_BINARY = "weights that Caffe saved (.caffemodel)"
_SWAPPED = "Are def_path and model_path swapped?"
_TOKEN = re.compile(r"""\#[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[{}<>]|\w+""")


@dataclass(frozen=True)
class Network:
    """A network of a .prototxt.

    Attributes:
        name: as the file says, or the file's stem.
        inputs: name → shape with rows, of the older `input:` lines.
        layers: messages, those of older files too, in the phase TEST.
        texts: for each of the layers its text, for the strict check of its parameters.
    """

    name: str
    inputs: dict[str, tuple[int, ...]]
    layers: list[Any]
    texts: list[str]


def read_network(path: Path) -> Network:
    """Return the network that a .prototxt describes; raises `DataError` for a file that is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        msg = f"{path}: expected {_TEXT}; received a binary file. {_SWAPPED}"
        raise DataError(msg) from error
    net = _parsed(path, text, classes()["Net"], lenient=True)
    layers = [*map(modern, net.layers)] if net.layers else list(net.layer)
    if not layers or (net.layers and net.layer):
        found = "one with both layer and layers" if layers else "one without layers"
        msg = f"{path}: expected {_TEXT}; received {found}."
        raise DataError(msg)
    texts = list(_blocks(text, "layers" if net.layers else "layer"))
    used = [(layer, part) for layer, part in zip(layers, texts, strict=True) if _in_test(layer)]
    return Network(net.name or path.stem, _inputs(path, net), [layer for layer, _ in used], [part for _, part in used])


def unknown_parameter(text: str) -> str | None:
    """Return what is wrong with the parameters in a layer's text, by the file's own lines; None if nothing is."""
    from google.protobuf import text_format

    old = re.match(r"\s*layers\b", text)
    try:
        text_format.Parse(text, classes()["Net"]())
    except text_format.ParseError as error:
        return str(error).replace("OldLayer", "layers") if old else str(error)
    return None


def read_blobs(path: Path) -> dict[str, list[np.ndarray]]:
    """Return layer's name → blobs of a .caffemodel; raises `DataError` for a file that is none."""
    net = read_message(path, classes()["Net"], _BINARY)
    if any(layer.HasField("layer") for layer in net.layers):
        msg = f"{path}: expected {_BINARY}; received those of Caffe before 2014. Upgrade them with Caffe's "
        raise DataError(msg + "upgrade_net_proto_binary first.")
    layers = [*map(modern, net.layers), *net.layer]
    if not layers:
        msg = f"{path}: expected {_BINARY}; received a file without layers. {_SWAPPED}"
        raise DataError(msg)
    try:
        return {layer.name: [_array(blob) for blob in layer.blobs] for layer in layers}
    except ValueError as error:
        msg = f"{path}: expected {_BINARY}; a blob has other numbers than its shape says: {error}."
        raise DataError(msg) from error


def modern(old: Any) -> Any:
    """Return a layer of the older `layers` as one of `layer`."""
    layer = classes()["Layer"](type=OLD_TYPES.get(old.type, f"V1 type {old.type}"))
    for field, value in old.ListFields():
        if field.name in ("type", "param", "layer") or field.name not in layer.DESCRIPTOR.fields_by_name:
            continue
        if isinstance(value, (str, bytes, int, float)):
            setattr(layer, field.name, value)
        else:
            getattr(layer, field.name).MergeFrom(value)
    return layer


def _parsed(path: Path, text: str, message_class: Any, lenient: bool) -> Any:
    from google.protobuf import text_format

    try:
        return text_format.Parse(text, message_class(), allow_unknown_field=lenient)
    except text_format.ParseError as error:
        msg = f"{path}: expected {_TEXT}; {error}."
        raise DataError(msg) from error


def _blocks(text: str, name: str) -> Iterator[str]:
    """Yield each outer block `name { … }` alone, on the lines that it has in the file."""
    depth, field = 0, None
    for token in _TOKEN.finditer(text):
        if token[0] in "{<":
            depth += 1
        elif token[0] in "}>":
            depth -= 1
            if depth == 0 and field and field[0] == name:
                yield "\n" * text.count("\n", 0, field.start()) + text[field.start() : token.end()]
        elif depth == 0 and token[0][0] not in "#'\"":
            field = token


def _inputs(path: Path, net: Any) -> dict[str, tuple[int, ...]]:
    names, shapes = list(net.input), [tuple(shape.dim) for shape in net.input_shape]
    if net.input_dim:
        shapes = [tuple(net.input_dim[start : start + 4]) for start in range(0, len(net.input_dim), 4)]
    if len(names) != len(shapes):
        msg = f"{path}: expected a shape for each input; received {len(shapes)} for {', '.join(names)}."
        raise DataError(msg)
    return dict(zip(names, shapes, strict=True))


def _in_test(layer: Any) -> bool:
    if layer.include:
        return any(map(_meets, layer.include))
    return not any(map(_meets, layer.exclude))


def _meets(rule: Any) -> bool:
    """Tell whether the state of a network that is tested (level 0, no stages) meets a rule."""
    phase = not rule.HasField("phase") or rule.phase == 1
    return phase and rule.min_level <= 0 <= (rule.max_level if rule.HasField("max_level") else 0) and not rule.stage


def _array(blob: Any) -> np.ndarray:
    numbers = packed(blob.double_data, "<f8") if blob.double_data else packed(blob.data, "<f4")
    old = (blob.num, blob.channels, blob.height, blob.width)
    shape = tuple(blob.shape.dim) if blob.HasField("shape") else old
    return numbers.astype(np.float32, copy=False).reshape(shape)
