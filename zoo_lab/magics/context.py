"""%zoo_context: start the context or show the one that runs, with TensorFlow loaded in its workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoo_lab.magics.command import Command, Option
from zoo_lab.magics.kinds import FLAG, NEW_NAME, PAIR, WHOLE_NUMBER, text
from zoo_lab.magics.notes import Note

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext

COMMAND = Command(
    "zoo_context",
    "Start Spark for this notebook, or show the context that runs, and load TensorFlow in its workers.",
    (
        Option(
            "--master",
            text("URL", "local[*]", "local[2]", "yarn", "spark://", "k8s://"),
            "where Spark runs",
            "the machine's own setting, else local[*]",
        ),
        Option(
            "--memory",
            text("SIZE", "2g", "4g", "8g"),
            "such as 4g: of Spark's Java with a local master, else of each executor",
            "a part of the machine's",
        ),
        Option("--cores", WHOLE_NUMBER, "tasks at once with a local master, else cores of each executor", "all"),
        Option("--ship-env", FLAG, "pack this Python environment and send it to the cluster's executors"),
        Option(
            "--env-archive",
            text("FILE"),
            "send this packed environment instead: a .tar.gz here, or a URL that the cluster reads",
        ),
        Option("--app-name", text("TEXT"), "what the Spark UI shows", "zoo_lab"),
        Option("--conf", PAIR, "a Spark property; it wins over zoo_lab's own settings", many=True),
        Option("--debug", FLAG, "show errors with all that is known, not only their message"),
        Option("-o", NEW_NAME, "keep the context under this name"),
    ),
    "%zoo_context --master local[2] --memory 4g",
)


def work(values: dict[str, Any], shell: Any) -> None:
    """Start or find the context, warm it up and show it."""
    name = values.pop("o", None)
    context = start_context(**values)
    if name is not None:
        shell.user_ns[name] = context


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
