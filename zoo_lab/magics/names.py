"""What the words of a magic mean in the user's namespace: names, expressions, `{n}` in plain values."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from zoo_lab.core.errors import ArgumentError

_EXPANDED = r"\{(?P<expression>[^{}]+)\}|\$(?P<name>[A-Za-z_]\w*)"
_PIECE = re.compile(rf"""'(?P<plain>[^']*)'|"(?P<quoted>[^"]*)"|{_EXPANDED}""")
_TOOLS = ("module", "function", "builtin_function_or_method", "method")


def evaluate(expression: str, namespace: Mapping[str, Any]) -> Any:
    """Return the value of a name or an expression.

    Raises `ArgumentError` for an unknown name, with the nearest known ones, and for whatever the expression raises.

    Example:
        >>> evaluate("(x, 2)", {"x": 1})
        (1, 2)
    """
    try:
        return eval(compile(expression.strip(), "<magic>", "eval"), dict(namespace))
    except SyntaxError:
        msg = f"Expected a name or an expression; received {expression!r}."
        raise ArgumentError(msg) from None
    except NameError as error:
        raise ArgumentError(_unknown(error.name or expression, namespace)) from None
    except Exception as error:
        msg = f"Expected {expression!r} to have a value; it raised {type(error).__name__}: {error}."
        raise ArgumentError(msg) from error


def expanded(word: str, namespace: Mapping[str, Any]) -> str:
    """Return `word` with each `{expression}` and `$name` replaced by its value, as IPython does for other magics.

    Quotes go, as in a shell: in double ones the same is replaced, in single ones nothing.

    Example:
        >>> expanded("{n}", {"n": 64}), expanded('"run $n"', {"n": 64}), expanded("'{{PWD}}/$HOME'", {})
        ('64', 'run 64', '{{PWD}}/$HOME')
    """

    def replaced(found: re.Match[str]) -> str:
        if found["plain"] is not None:
            return found["plain"]
        if found["quoted"] is not None:
            return re.sub(_EXPANDED, value, found["quoted"])
        return value(found)

    def value(found: re.Match[str]) -> str:
        try:
            return str(evaluate(found["expression"] or found["name"], namespace))
        except ArgumentError as error:
            msg = f"{error} To mean {found[0]} as it is written, put it in single quotes."
            raise ArgumentError(msg) from error

    return _PIECE.sub(replaced, word)


def own_names(namespace: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the user's values: no modules, no classes, no functions, nothing of IPython's own.

    Example:
        >>> list(own_names({"x": 1, "_": 2, "Out": {}, "int": int}))
        ['x']
    """
    for name, value in namespace.items():
        tool = isinstance(value, type) or type(value).__name__ in _TOOLS
        if not tool and not name.startswith("_") and name not in ("In", "Out", "exit", "quit", "get_ipython"):
            yield name


def _unknown(name: str, namespace: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, list(own_names(namespace)), n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else "Run the cell that makes it first."
    return f"Expected a name that this notebook knows; received {name!r}. {hint}"
