"""%zoo_fit: train a model and show it in the cell. The hot path goes on in train/api.py and train/loop.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoo_lab.magics.command import Command, Given, Option
from zoo_lab.magics.defaults import defaults_of
from zoo_lab.magics.kinds import (
    COLUMNS,
    FLAG,
    NEW_NAME,
    NUMBER,
    NUMBER_OR_AUTO,
    PLACE,
    WHOLE_NUMBER,
    choice,
    is_a,
    text,
    value,
)

if TYPE_CHECKING:
    from zoo_lab.train.run import Run

_MODEL = value("NAME", is_a("keras", "Model"))
_IS_DATA = is_a("", "FeatureSet", "DataFrame", "RDD", "tuple")
_DATA = value("NAME", _IS_DATA)
_CALLBACKS = value("NAME", lambda thing: is_a("keras", "Callback")(thing) or isinstance(thing, list))
_DICT = value("NAME", lambda thing: isinstance(thing, dict))
_DROP = value("NAME", is_a("zoo_lab", "DropSlow"))

REHEARSALS = ("plan", "verify")

COMMAND = Command(
    "zoo_fit",
    "Train a compiled Keras model on the Spark workers and watch it in the cell. It waits for the end; ■ or Stop ends "
    "the run well, and the model keeps the weights of the last finished iteration. A NAME can be any expression.",
    (
        Option("model", _MODEL, "a compiled Keras model."),
        Option("data", _DATA, "a FeatureSet, a Spark DataFrame, an RDD of (x, y), or (x, y) arrays."),
        Option("--batch-size", WHOLE_NUMBER, "rows in a global batch, over all workers", "32"),
        Option("--epochs", WHOLE_NUMBER, "passes over the data", "1"),
        Option("--validation", _DATA, "data like the first, evaluated after each epoch"),
        Option("--callbacks", _CALLBACKS, "a Keras callback or a list of them"),
        Option("--class-weight", _DICT, "a dict of class number → weight in the loss"),
        Option("--feature-cols", COLUMNS, "columns of a DataFrame that the model takes; an expression in brackets too"),
        Option("--label-cols", COLUMNS, "columns of a DataFrame that it learns"),
        Option("--seed", WHOLE_NUMBER, "of the order and of dropout: the same seed, the same weights", "drawn"),
        Option("--no-shuffle", FLAG, "keep the data's order in every epoch"),
        Option("--sync", choice("auto", "collect", "shared", "sliced"), "how gradients are summed", "auto"),
        Option("--iterations-per-job", NUMBER_OR_AUTO, "how many iterations share a Spark job", "auto"),
        Option("--compression", choice("none", "bf16", "fp16"), "of gradients on their way, with sliced", "none"),
        Option("--sync-every", WHOLE_NUMBER, "how many steps each worker makes before weights are averaged", "1"),
        Option("--drop", _DROP, "a zoo_lab.train.DropSlow: what slow workers have not done in time is left out"),
        Option("--max-iterations", WHOLE_NUMBER, "end the run after so many iterations"),
        Option("--checkpoint", PLACE, "a folder or URL to save the run to after each epoch, or a Checkpoints"),
        Option("--resume", PLACE, "a folder or URL with checkpoints, from the newest of which the run goes on"),
        Option(
            "--keep-weights", WHOLE_NUMBER, "keep the last weights, each so many iterations, for branches and rewinds"
        ),
        Option(
            "--bad-batch", choice("raise", "skip", "quarantine", "ask"), "what becomes of a batch with a NaN", "raise"
        ),
        Option("--spikes", NUMBER, "a loss above so many times the running median is bad too"),
        Option("--watch", WHOLE_NUMBER, "show what the model makes of so many validation rows while it trains"),
        Option("--turns", _DICT, "a dict of iterations done → {knob: value}: what turns by itself while it trains"),
        Option("--name", text("TEXT"), "of the run", "the model's"),
        Option("--runs", PLACE, "the folder of the run files, which %zoo_runs lists", ".zoo_lab/runs"),
        Option("-o", NEW_NAME, "keep the run under this name"),
        Option("--plan", FLAG, "only measure a few iterations and print what the run will take"),
        Option("--verify", FLAG, "only compare three iterations with one process and print the difference"),
        Option("--background", FLAG, "return the run at once and train on while other cells run"),
    ),
    "%zoo_fit model train --batch-size 256 --epochs 5 --validation test -o run",
)


def work(values: Given, shell: Any) -> Run | None:
    """Train; the run is kept under the name that -o gives, and returned from the background only."""
    from zoo_lab.context.nncontext import current_context
    from zoo_lab.magics.context import context_defaults, start_context
    from zoo_lab.train.api import fit
    from zoo_lab.train.made import written_as

    words = as_said(values)
    values = {**defaults_of(COMMAND, shell.user_ns), **values}
    name = values.pop("o", None)
    if current_context() is None:
        start_context(**context_defaults(shell.user_ns))
    model, data, rehearsals = values.pop("model"), values.pop("data"), [values.pop(name, None) for name in REHEARSALS]
    if any(rehearsals):
        _rehearse(model, data, arguments(values), *rehearsals)
        return None
    with written_as(words):
        run = fit(model, data, **arguments(values))
    if name is not None:
        shell.user_ns[name] = run
    return run if "background" in values else None


def _rehearse(model: Any, data: Any, given: dict[str, Any], plan: bool | None, verify: bool | None) -> None:
    from zoo_lab.train import rehearsal

    if plan:
        print(rehearsal.estimate(model, data, **given))
    if verify:
        print(rehearsal.verify(model, data, **given))


def arguments(values: dict[str, Any]) -> dict[str, Any]:
    """Return the keyword arguments of `zoo_lab.fit` that the options stand for."""
    found = dict(values)
    if "no_shuffle" in found:
        found["shuffle"] = not found.pop("no_shuffle")
    if "validation" in found:
        found["validation_data"] = found.pop("validation")
    if "callbacks" in found and not isinstance(found["callbacks"], (list, tuple)):
        found["callbacks"] = [found["callbacks"]]
    return found


def as_said(values: Given) -> dict[str, str]:
    """Return how the line wrote the arguments of `zoo_lab.fit`."""
    words = dict(values.words)
    if "validation" in words:
        words["validation_data"] = words.pop("validation")
    if "callbacks" in words and not isinstance(values["callbacks"], (list, tuple)):
        words["callbacks"] = f"[{words['callbacks']}]"
    return words
