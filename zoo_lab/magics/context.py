"""%zoo_context: start the context or show the one that runs, with TensorFlow loaded in its workers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zoo_lab.core.contextoptions import CONTEXT_OPTIONS, ContextOption
from zoo_lab.magics import form
from zoo_lab.magics.command import Command, Given, Option
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
    (*(_option(row) for row in CONTEXT_OPTIONS), Option("--form", FLAG, "ask for all this in a form, in a notebook")),
    "%zoo_context --master local[2] --memory 4g",
)


def work(values: Given, shell: Any) -> None:
    """Start or find the context, warm it up and show it, or ask in a form for what to start."""
    if values.pop("form", False):
        form.show(COMMAND, values.words, shell, lambda chosen, shown: _start(chosen, shell, Note(shown)))
    else:
        _start(values, shell, Note())


def _start(values: Mapping[str, Any], shell: Any, note: Note) -> None:
    settings = {**context_defaults(shell.user_ns), **values}
    name = settings.pop("o", None)
    context = start_context(note, **settings)
    if name is not None:
        shell.user_ns[name] = context


def context_defaults(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return what %zoo_config says of a context that is to start; nothing where one runs, which it would not fit."""
    from zoo_lab.context.current import current_context

    found = defaults_of(COMMAND, namespace) if current_context() is None else {}
    return {name: value for name, value in found.items() if name != "form"}


def start_context(
    note: Note | None = None,
    *,
    conf: list[tuple[str, str]] | None = None,
    ship_env: bool = False,
    env_archive: str | None = None,
    **settings: Any,
) -> NNContext:
    """Return the running context, or start one, and show how far it is and what it became, by default in the cell."""
    from zoo_lab.context import shipenv
    from zoo_lab.context.nncontext import current_context, init_nncontext
    from zoo_lab.magics.quiet import load_tensorflow

    with note or Note() as note:
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
