"""LSTM, GRU and RNN: one loop over time, three kinds of step."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from zoo_lab.net.onnx.operation import Call
from zoo_lab.net.onnx.table import operator

_ACTIVATIONS = {"sigmoid": tf.sigmoid, "tanh": tf.tanh, "relu": tf.nn.relu, "softsign": tf.nn.softsign}
_DEFAULTS = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}


def _limits(node: Any) -> str:
    given = node.attributes
    others = sorted({name for name in given.get("activations") or [] if name.lower() not in _ACTIVATIONS})
    found = [f"the activations {', '.join(others)}"] if others else []
    found += [name for name in ("clip", "input_forget") if given.get(name)]
    return ", ".join(found)


@operator("LSTM", "GRU", "RNN", trains=(1, 2, 3, 7), limits=_limits)
def recurrent(call: Call, x: Any, weights: Any, recurrences: Any, bias: Any = None, *rest: Any) -> Any:
    """Run over (time, rows, features), forward, backward or both; returns all outputs and the last states."""
    lengths, first, first_cell, peepholes = ([*rest, None, None, None, None])[:4]
    if call.get("layout"):
        x = tf.transpose(x, [1, 0, 2])
        first, first_cell = (None if given is None else tf.transpose(given, [1, 0, 2]) for given in (first, first_cell))
    directions = weights.shape[0]
    names = call.get("activations") or _DEFAULTS[call.op] * directions
    each = len(_DEFAULTS[call.op])
    found = []
    for i in range(directions):
        backward = i == 1 or call.get("direction") == "reverse"
        activations = [_ACTIVATIONS[name.lower()] for name in names[i * each : (i + 1) * each]]
        own = [None if given is None else given[i] for given in (weights, recurrences, bias, peepholes)]
        starts = [None if given is None else given[i] for given in (first, first_cell)]
        found.append(_direction(call, x, own, starts, lengths, activations, backward))
    outputs, last, cells = (
        tf.stack(parts, axis) for parts, axis in zip(zip(*found, strict=True), (1, 0, 0), strict=True)
    )
    if call.get("layout"):
        outputs = tf.transpose(outputs, [2, 0, 1, 3])
        last, cells = tf.transpose(last, [1, 0, 2]), tf.transpose(cells, [1, 0, 2])
    return outputs, last, cells


def _direction(
    call: Call, x: Any, own: list[Any], starts: list[Any], lengths: Any, activations: list[Any], backward: bool
) -> tuple[Any, Any, Any]:
    """Return outputs (time, rows, units), the last of them and the last cell."""
    weights, recurrences, bias, peepholes = own
    steps, rows, units = tf.shape(x)[0], tf.shape(x)[1], recurrences.shape[-1]
    zeros = tf.zeros([rows, units], tf.convert_to_tensor(x).dtype)
    begin = tuple(zeros if start is None else start for start in starts)
    alive = tf.fill([rows], steps) if lengths is None else tf.cast(lengths, tf.int32)
    turn = lambda data: tf.reverse_sequence(data, alive, seq_axis=0, batch_axis=1) if backward else data  # noqa: E731
    gates = recurrences.shape[0]
    both = tf.zeros([2 * gates], zeros.dtype) if bias is None else bias
    given = tf.einsum("tri,gi->trg", turn(x), weights) + both[:gates]
    step = {"LSTM": _lstm, "GRU": _gru, "RNN": _rnn}[call.op]

    def advance(state: tuple[Any, Any], now: tuple[Any, Any]) -> tuple[Any, Any]:
        time, data = now
        new = step(call, data, state, recurrences, both[gates:], peepholes, activations)
        going = (time < alive)[:, None]
        return tuple(tf.where(going, after, before) for after, before in zip(new, state, strict=True))

    states, cells = tf.scan(advance, (tf.range(steps), given), begin)
    time = tf.range(steps)[:, None, None]
    outputs = turn(tf.where(time < alive[None, :, None], states, tf.zeros_like(states)))
    outputs = tf.ensure_shape(outputs, [x.shape[0], x.shape[1], units])
    return outputs, tf.ensure_shape(states[-1], [x.shape[1], units]), tf.ensure_shape(cells[-1], [x.shape[1], units])


def _lstm(_: Call, data: Any, state: Any, recurrences: Any, bias: Any, peepholes: Any, activations: Any) -> Any:
    before, cell = state
    gate, squash, out = activations
    into, output, forget, new = tf.split(data + tf.matmul(before, recurrences, transpose_b=True) + bias, 4, -1)
    seen = (0, 0, 0) if peepholes is None else tf.split(peepholes, 3)
    cell_after = gate(forget + seen[2] * cell) * cell + gate(into + seen[0] * cell) * squash(new)
    return gate(output + seen[1] * cell_after) * out(cell_after), cell_after


def _gru(call: Call, data: Any, state: Any, recurrences: Any, bias: Any, _: Any, activations: Any) -> Any:
    before, cell = state
    gate, squash = activations
    update_in, reset_in, new_in = tf.split(data, 3, -1)
    update_w, reset_w, new_w = tf.split(recurrences, 3)
    update_b, reset_b, new_b = tf.split(bias, 3)
    update = gate(update_in + tf.matmul(before, update_w, transpose_b=True) + update_b)
    reset = gate(reset_in + tf.matmul(before, reset_w, transpose_b=True) + reset_b)
    if call.get("linear_before_reset"):
        new = squash(new_in + reset * (tf.matmul(before, new_w, transpose_b=True) + new_b))
    else:
        new = squash(new_in + tf.matmul(reset * before, new_w, transpose_b=True) + new_b)
    return (1 - update) * new + update * before, cell


def _rnn(_: Call, data: Any, state: Any, recurrences: Any, bias: Any, __: Any, activations: Any) -> Any:
    before, cell = state
    return activations[0](data + tf.matmul(before, recurrences, transpose_b=True) + bias), cell
