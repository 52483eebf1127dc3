"""Writes a run as a plain Python script that does the same again, from what the run file says of its call.

The script needs zoo_lab and Spark, no notebook. What a file cannot know (the data, callbacks, a model of the user's own
class) has a marked place in it.
"""

from __future__ import annotations

import ast
import builtins
import json
import textwrap
import time
from collections.abc import Iterable, Iterator

from zoo_lab.core.errors import ArgumentError
from zoo_lab.core.events import CheckpointSaved, Event, KnobTurned, RunMade, RunPaused
from zoo_lab.core.runlog import read_events
from zoo_lab.widgets.runfiles import RunFile

_NAMES = {
    "keras": "import keras",
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "tf": "import tensorflow as tf",
    "zoo_lab": "import zoo_lab",
    "Checkpoints": "from zoo_lab.train import Checkpoints",
    "DropSlow": "from zoo_lab.train import DropSlow",
}
_WIDTH = 110
_HERE = "=====> PUT {what} HERE <====="
_ELSEWHERE = ("model", "data", "validation_data", "callbacks")
_PROPERTIES = {"spark.app.name": "app_name", "spark.master": "master"}


def as_script(run: RunFile, weights: str = "") -> str:
    """Return the script that does the same as `run`.

    Args:
        run: a run whose file tells of its call.
        weights: the name of the file beside the script with the weights that it begins with, "" for none.

    Errors:
        ArgumentError: the file was written by a version that did not tell.

    Example:
        >>> print(as_script(read_run(run.path)))                            # doctest: +SKIP
    """
    made = run.curves.made
    if made is None:
        msg = f"Expected a run file that says how the run was called; {run.path} was written by an older zoo_lab."
        raise ArgumentError(msg)
    turned = [event for event in read_events(run.path) if isinstance(event, KnobTurned)]
    parts = [_head(run, made), _imports(made), *_context(made), *_data(made), *_model(run, made, weights)]
    parts += [*_callbacks(made, turned), _main(made, turned), *_texts(made)]
    return "\n".join(parts) + '\n\nif __name__ == "__main__":\n    main()\n'


def _head(run: RunFile, made: RunMade) -> str:
    """Return the docstring: which run it was, how it ended, and with what it was made."""
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started))
    versions = ", ".join(f"{name} {version}" for name, version in made.versions.items())
    lines = [f"The run {run.name!r} of {when} once more; written by %zoo_runs --export.", ""]
    lines += textwrap.wrap(f"It ended so: {run.curves.status}", _WIDTH)
    lines += textwrap.wrap(f"It was made with {versions}.", _WIDTH)
    lines += [line for event in read_events(run.path) for line in _told(event)][:40]
    return '"""{}\n"""\n'.format("\n".join(lines).replace("\\", "\\\\").replace('"""', "'''"))


def _told(event: Event) -> Iterator[str]:
    if isinstance(event, RunPaused):
        yield f"After iteration {event.iteration:,} somebody paused it."
    elif isinstance(event, KnobTurned):
        yield f"After iteration {event.iteration:,} the {event.knob} went from {event.before:g} to {event.value:g}."
    elif isinstance(event, CheckpointSaved):
        yield f"After iteration {event.iteration:,} it was saved in {event.path}."


def _imports(made: RunMade) -> str:
    names = {name for word in made.written.values() for name in free_names(word)} | {"keras", "np", "zoo_lab"}
    used = [line for name, line in _NAMES.items() if name in names]
    own = [line for line in used if "zoo_lab" in line]
    return "\n".join(
        ["import json", "from pathlib import Path", "", *[line for line in used if line not in own], "", *own, ""]
    )


def _context(made: RunMade) -> Iterator[str]:
    properties = dict(made.context)
    named: dict[str, str | bool] = {name: properties.pop(key) for key, name in _PROPERTIES.items() if key in properties}
    memory = "spark.driver.memory" if str(named.get("master", "local")).startswith("local") else "spark.executor.memory"
    if memory in properties:
        named["memory"] = properties.pop(memory)
    shipped = properties.pop("zoo_lab.ship_env", None)
    if shipped is not None:
        named["ship_env"] = True if shipped == "True" else shipped
    given = [json.dumps(properties)] if properties else []
    given += [f"{name}={value!r}" for name, value in sorted(named.items(), reverse=True)]
    yield '\ndef start_context():\n    """Start Spark as it was started for the run; passwords and keys are never kept."""'
    yield f"    return zoo_lab.init_nncontext({', '.join(given)})\n"


def _data(made: RunMade) -> Iterator[str]:
    train, validation = made.written.get("data", ""), made.written.get("validation_data", "")
    yield '\ndef make_data():\n    """Return what the run trained on, and what it was validated on or None."""'
    yield from _comment(_HERE.format(what="YOUR DATA"))
    yield from _comment(f"The run's was {made.data}.")
    yield from _unknown([train, validation])
    names = [name for name, word in (("validation_data", validation), ("data", train)) if not word]
    for name in names:
        if name == "data" or name in made.others:
            yield from _comment(f"{name} was {made.others.get(name, 'not written down')}")
    missing = "..." if "validation_data" in made.others else "None"
    yield f"    return {train or '...'}, {validation or missing}\n"


def _model(run: RunFile, made: RunMade, weights: str) -> Iterator[str]:
    yield '\ndef make_model():\n    """Return the model, compiled as it was, with the weights that it began with."""'
    if not made.model or not made.compiled:
        yield from _comment(_HERE.format(what="YOUR MODEL"))
        kind = run.curves.started.model if run.curves.started else "model"
        yield from _comment(f"The run's was a {kind} of Python code, which no file holds; compile it too.")
        yield from _unknown([made.written.get("model", "")])
        yield f"    made = {made.written.get('model') or '...'}"
    else:
        yield "    # objects of your own that are no part of Keras: custom_objects={'name': object}"
        yield "    made = keras.models.model_from_json(MODEL)"
        yield "    made.compile_from_config(json.loads(COMPILED))"
    if weights:
        yield f'    with np.load(Path(__file__).with_name("{weights}"), allow_pickle=False) as kept:'
        yield '        made.set_weights([kept[name] for name in kept if name.startswith("weight ")])'
        yield '        state = [kept[name] for name in kept if name.startswith("optimizer ")]'
        yield "    if state:"
        yield "        made.optimizer.build(made.trainable_variables)"
        yield "        for variable, value in zip(made.optimizer.variables, state, strict=True):"
        yield "            variable.assign(value)"
    else:
        yield from _comment(
            "The weights that the run began with are too many to be kept: load yours here for the same."
        )
    yield "    return made\n"


def _callbacks(made: RunMade, turned: list[KnobTurned]) -> Iterator[str]:
    """Yield the function that returns the callbacks; one of them turns the learning rate again where it was turned."""
    rates = {event.iteration + 1: event.value for event in turned if event.knob == "learning_rate"}
    if rates:
        yield "\nclass Turned(keras.callbacks.Callback):"
        yield '    """Changes the learning rate again before the iterations at which it was changed by hand."""\n'
        yield "    iteration = 0\n"
        yield "    def on_train_batch_begin(self, step, logs=None):"
        yield "        self.iteration += 1"
        yield "        if self.iteration in RATES:"
        yield "            self.model.optimizer.learning_rate = RATES[self.iteration]\n"
        yield f"\nRATES = {rates!r}  # iteration → learning rate\n"
    own = made.written.get("callbacks", "")
    if not own and "callbacks" not in made.others and not rates:
        return
    yield '\ndef make_callbacks():\n    """Return the Keras callbacks of the run."""'
    if own or "callbacks" in made.others:
        yield from _comment(_HERE.format(what="YOUR CALLBACKS"))
        yield from _comment(f"They were {made.others['callbacks']}") if not own else ()
        yield from _unknown([own])
    joined = [f"*{own}" if own.startswith(("[", "(")) else f"*({own})"] if own else []
    yield f"    return [{', '.join([*joined, *(['Turned()'] if rates else [])])}]\n"


def _main(made: RunMade, turned: list[KnobTurned]) -> str:
    """Return the function that trains with the run's own arguments."""
    lines = ["\ndef main():", '    """Train as the run did."""', "    context = start_context()"]
    lines += _unknown(word for name, word in made.written.items() if name not in _ELSEWHERE)
    lines += [
        "    train, validation = make_data()",
        "    run = zoo_lab.fit(",
        "        make_model(),",
        "        train,",
    ]
    if {"validation_data"} & {*made.written, *made.others}:
        lines.append("        validation_data=validation,")
    if {"callbacks"} & {*made.written, *made.others} or any(event.knob == "learning_rate" for event in turned):
        lines.append("        callbacks=make_callbacks(),")
    for name, literal in made.arguments.items():
        note = "  # the folder of the run itself: name another one" if name == "checkpoint" else ""
        lines.append(f"        {'# ' if note else ''}{name}={literal},{note}")
    lines += [f"        {name}={word}," for name, word in made.written.items() if name not in _ELSEWHERE]
    lines += [f"        # {name}=…,  # it was {word}" for name, word in made.others.items() if name not in _ELSEWHERE]
    lines += ["    )", "    print(run)", "    context.stop()", "    return run\n"]
    return "\n".join(lines)


def _texts(made: RunMade) -> Iterator[str]:
    if not made.model or not made.compiled:
        return
    for name, text in (("MODEL", made.model), ("COMPILED", made.compiled)):
        yield f"\n{name} = {_quoted(json.dumps(json.loads(text), indent=1))}\n"


def _quoted(text: str) -> str:
    """Return JSON as a Python string of several lines."""
    plain = "'''" not in text and not text.endswith("'")
    return f"r'''\n{text}\n'''" if plain else repr(text)


def _unknown(expressions: Iterable[str]) -> Iterator[str]:
    """Yield lines for the names that expressions use and that only the notebook knew."""
    names = sorted({name for word in expressions for name in free_names(word)} - set(_NAMES))
    if names:
        yield from _comment(f"The notebook's cells made {', '.join(names)}: put here what made them.")


def free_names(expression: str) -> set[str]:
    """Return the names that an expression takes from around it, Python's own left out.

    Example:
        >>> sorted(free_names("(x[:n], [len(word) for word in y])"))
        ['n', 'x', 'y']
    """
    try:
        tree = ast.parse(expression or "()", mode="eval")
    except SyntaxError:
        return set()
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in found if isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return {node.id for node in found} - bound - set(dir(builtins))


def _comment(text: str) -> Iterator[str]:
    for line in textwrap.wrap(text, _WIDTH - 6):
        yield f"    # {line}"
