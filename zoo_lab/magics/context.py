"""%zoo_context: start the context or show the one that runs, with TensorFlow loaded in its workers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zoo_lab.core.contextoptions import CONTEXT_OPTIONS, ContextOption
from zoo_lab.magics.command import Command, Option
from zoo_lab.magics.defaults import defaults_of
from zoo_lab.magics.kinds import FLAG, NEW_NAME, PAIR, WHOLE_NUMBER, text
from zoo_lab.magics.notes import Note

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext

_KINDS = {"flag": FLAG, "name": NEW_NAME, "number": WHOLE_NUMBER, "pair": PAIR}


def _option(row: ContextOption) -> Option:
    kind = text(row.metavar, *row.suggestions) if row.kind == "text" else _KINDS[row.kind]
    return Option(row.name, kind, row.help, row.default, row.many)


COMMAND = Command(
    "zoo_context",
    "Start Spark for this notebook, or show the context that runs, and load TensorFlow in its workers.",
    tuple(_option(row) for row in CONTEXT_OPTIONS),
    "%zoo_context --master local[2] --memory 4g",
)


def work(values: dict[str, Any], shell: Any) -> None:
    """Start or find the context, warm it up and show it."""
    name = values.pop("o", None)
    context = start_context(**{**context_defaults(shell.user_ns), **values})
    if name is not None:
        shell.user_ns[name] = context


def context_defaults(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return what %zoo_config says of a context that is to start; nothing where one runs, which it would not fit."""
    from zoo_lab.context.current import current_context

    return defaults_of(COMMAND, namespace) if current_context() is None else {}


def start_context(
    *,
    conf: list[tuple[str, str]] | None = None,
    ship_env: bool = False,
    env_archive: str | None = None,
    **settings: Any,
) -> NNContext:
    """Return the running context, or start one, and show in the cell how far it is and what it became."""
    from zoo_lab.context import shipenv
    from zoo_lab.context.nncontext import current_context, init_nncontext
    from zoo_lab.magics.quiet import load_tensorflow

    with Note() as note:
        if current_context() is None:
            packs = ship_env and not env_archive and not shipenv.is_packed()
            note.say("Packing this environment and starting Spark, a few minutes …" if packs else "Starting Spark …")
        context = init_nncontext(dict(conf) if conf else None, ship_env=env_archive or ship_env, **settings)
        if context.state != "warm":
            workers = "the worker" if context.slots == 1 else f"{context.slots} workers"
            note.say(f"Spark runs on {context.master.url}. Loading TensorFlow here and in {workers} …")
            load_tensorflow()
            context.warm_up()
        note.show({"text/html": context._repr_html_(), "text/plain": repr(context)})
    if context.notice:
        print(context.notice)
    return context
