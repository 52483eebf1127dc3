"""Notes what `fit` was called with, as the event `RunMade`, so that a script can do the same again.

Nothing here decides anything: a run whose call cannot be told in full trains all the same.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import hashlib
import inspect
import io
import itertools
import json
import linecache
import os
import platform
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from zoo_lab.context.facts import installed_packages
from zoo_lab.core.events import RunMade

if TYPE_CHECKING:
    from types import FrameType

    from zoo_lab.context.nncontext import NNContext

START_BYTES = 512 << 10
_POSITIONS = ("model", "data")
NOT_REPEATED = ("context", "listeners", "display", "background")
_LONGEST = 200
_as_written: ContextVar[Mapping[str, str] | None] = ContextVar("zoo_lab_as_written", default=None)


@contextlib.contextmanager
def written_as(words: Mapping[str, str]) -> Iterator[None]:
    """Within this, `fit` is called for a line that gave its arguments as these words; its own caller tells nothing."""
    token = _as_written.set(words)
    try:
        yield
    finally:
        _as_written.reset(token)


def made(
    run: str, function: Callable[..., Any], given: Mapping[str, Any], words: Mapping[str, str], seed: int, data: Any
) -> RunMade:
    """Return the event of a call.

    Args:
        run: the run's id.
        function: what was called.
        given: its arguments by name, defaults included.
        words: how those are written that are no literals.
        seed: the run's, drawn or given.
        data: the FeatureSet that the run trains on, or will.
    """
    import zoo_lab

    arguments, written, others = _sorted_out(function, {**given, "seed": seed}, words)
    return RunMade(
        run=run,
        arguments=arguments,
        written=written,
        others=others,
        data=repr(data),
        **_model(given["model"]),
        context=_context(data.context),
        versions={"zoo_lab": zoo_lab.__version__, "python": platform.python_version(), **installed_packages()},
    )


def _sorted_out(
    function: Callable[..., Any], given: Mapping[str, Any], words: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Return the arguments that differ from their defaults: literals, expressions of the caller, and what is neither."""
    arguments, written, others = {}, {}, {}
    for name, parameter in inspect.signature(function).parameters.items():
        value = given[name]
        if name in NOT_REPEATED or (name not in _POSITIONS and _same(value, parameter.default)):
            continue
        text = None if name in _POSITIONS else literal(value)
        if text is not None:
            arguments[name] = text
        elif words.get(name):
            written[name] = words[name]
        else:
            others[name] = shortened(value)
    return arguments, written, others


def _same(value: Any, default: Any) -> bool:
    return value is default or (type(value) is type(default) and value == default)


def literal(value: Any) -> str | None:
    """Return a value as Python text where it consists of plain ones, else None."""
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if hasattr(value, "tolist") and getattr(value, "ndim", 1) == 0:  # a number of numpy's
        value = value.tolist()
    with contextlib.suppress(ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        text = repr(value)
        if ast.literal_eval(text) == value:
            return text
    return None


def shortened(value: Any) -> str:
    """Return a value in so many words as a comment holds."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def words_of_call(caller: FrameType) -> Mapping[str, str]:
    """Return how the arguments of the call of `fit` under way in the frame `caller` are written.

    Nothing where that is not known: Python 3.10 does not say where a call stands, and a call of zoo_lab's own is nobody's
    words.
    """
    said = _as_written.get()
    if said is not None:
        return said
    positions = getattr(caller.f_code, "co_positions", None)
    if positions is None or str(caller.f_globals.get("__name__")).partition(".")[0] == "zoo_lab":
        return {}
    first, last, begin, end = next(itertools.islice(positions(), caller.f_lasti // 2, None), (None,) * 4)
    lines = linecache.getlines(caller.f_code.co_filename, caller.f_globals)
    if None in (first, last, begin, end) or not 0 < first <= last <= len(lines):
        return {}
    rows = [line.encode() for line in lines[first - 1 : last]]
    rows[-1] = rows[-1][:end]  # the last one first: it may be the first one too
    rows[0] = rows[0][begin:]
    try:
        call = ast.parse(b"(" + b"".join(rows) + b")", mode="eval").body
    except (SyntaxError, ValueError):
        return {}
    if not isinstance(call, ast.Call):
        return {}
    named = {each.arg: ast.unparse(each.value) for each in call.keywords if each.arg}
    plain = itertools.takewhile(lambda each: not isinstance(each, ast.Starred), call.args)
    return {**dict(zip(_POSITIONS, map(ast.unparse, plain), strict=False)), **named}


def _model(model: Any) -> dict[str, str]:
    """Return architecture, compile configuration and beginning of a compiled model as text, "" for what has none."""
    arrays = {f"weight {at:04d}": value for at, value in enumerate(model.get_weights())}
    optimizer = model.optimizer
    if getattr(optimizer, "built", False) and int(optimizer.iterations) > 0:
        arrays |= {f"optimizer {at:04d}": value.numpy() for at, value in enumerate(optimizer.variables)}
    digest = hashlib.blake2b(digest_size=8)
    for value in arrays.values():
        digest.update(value.tobytes())
    fits = sum(value.nbytes for value in arrays.values()) <= START_BYTES
    return {
        "model": _text(model.to_json),
        "compiled": _text(lambda: json.dumps(model.get_compile_config())),
        "digest": digest.hexdigest(),
        "start": _packed(arrays) if fits else "",
    }


def _text(make: Callable[[], str]) -> str:
    """Return what `make` returns: "" for models of the user's own classes, which cannot be told in JSON."""
    try:
        text = make()
    except (NotImplementedError, TypeError, ValueError, AttributeError):
        return ""
    return "" if "__lambda__" in text else text  # marshalled code: nobody should run it from a file


def _packed(arrays: Mapping[str, Any]) -> str:
    import numpy as np

    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return base64.b64encode(content.getvalue()).decode("ascii")


def _context(context: NNContext) -> dict[str, str]:
    return {"spark.master": context.master.url, **context.asked}
