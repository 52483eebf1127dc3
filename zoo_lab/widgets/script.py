"""Writes a run as a plain Python script that does the same again, from what the run file says of its call.

The script needs zoo_lab and Spark, no notebook. Of a branch it trains what the branch comes from first, up to where they
part. What a file cannot know (the data, callbacks, a model of the user's own class) has a marked place in it, and what
nobody can repeat is said at its head.
"""

from __future__ import annotations

import ast
import builtins
import json
import textwrap
import time
from collections.abc import Iterable, Iterator, Mapping

from zoo_lab.core.events import (
    BranchedFrom,
    BranchStarted,
    CheckpointSaved,
    Event,
    KnobTurned,
    RunMade,
    RunPaused,
    RunRewound,
)
from zoo_lab.widgets.lineage import Part, lineage
from zoo_lab.widgets.runfiles import RunFile

_NAMES = {
    "keras": "import keras",
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "tf": "import tensorflow as tf",
    "zoo_lab": "import zoo_lab",
    **{
        name: f"from zoo_lab.train import {name}"
        for name in (
            "BestMetric",
            "Checkpoints",
            "DropSlow",
            "EveryEpoch",
            "EveryIterations",
            "EveryMinutes",
            "KeepWeights",
        )
    },
}
_WIDTH = 110
_MOST_TOLD = 40
_HERE = "=====> PUT {what} HERE <====="
_ELSEWHERE = ("model", "data", "validation_data", "callbacks")
_PROPERTIES = {"spark.app.name": "app_name", "spark.master": "master"}


def as_script(run: RunFile, weights: str = "") -> str:
    """Return the script that does the same as `run`.

    Args:
        run: a run whose file tells of its call.
        weights: the name of the file beside the script with the weights that it begins with, "" for none.

    Errors:
        ArgumentError: the file was written by a version that did not tell, or the run branches from one whose file is
            not there any more.

    Example:
        >>> print(as_script(read_run(run.path)))                            # doctest: +SKIP
    """
    parts = lineage(run)
    first = parts[0]
    written = [_head(parts), _imports(first.made), *_context(first.made), *_data(first.made)]
    written += [*_model(first.run, first.made, weights), *_callbacks(first.made), _main(parts), *_texts(first.made)]
    return "\n".join(written) + '\n\nif __name__ == "__main__":\n    main()\n'


def _head(parts: list[Part]) -> str:
    """Return the docstring: which run it was, how it ended, with what it was made, and what is not repeated."""
    run = parts[-1].run
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started))
    versions = ", ".join(f"{name} {version}" for name, version in parts[-1].made.versions.items())
    lines = [f"The run {run.name!r} of {when} once more; written by %zoo_runs --export.", ""]
    lines += textwrap.wrap(f"It ended so: {run.curves.status}", _WIDTH)
    lines += textwrap.wrap(f"It was made with {versions}.", _WIDTH)
    for words in (words for part in parts for words in part.unrepeated()):
        lines += textwrap.wrap(f"This script cannot repeat {words}.", _WIDTH)
    lines += [line for part in parts for event in _own(part) for line in _told(event)][:_MOST_TOLD]
    return '"""{}\n"""\n'.format("\n".join(lines).replace("\\", "\\\\").replace('"""', "'''"))


def _own(part: Part) -> Iterator[Event]:
    """Yield the events of a run up to where the next one branches off."""
    return (event for event in part.events if part.until is None or getattr(event, "iteration", 0) <= part.until)


def _told(event: Event) -> Iterator[str]:
    if isinstance(event, RunPaused):
        yield f"After iteration {event.iteration:,} somebody paused it."
    elif isinstance(event, KnobTurned):
        yield f"After iteration {event.iteration:,} the {event.knob} went from {event.before:g} to {event.value:g}."
    elif isinstance(event, CheckpointSaved):
        yield f"After iteration {event.iteration:,} it was saved in {event.path}."
    elif isinstance(event, BranchedFrom):
        yield f"It branched from {event.name!r} after iteration {event.iteration:,}, which is trained up to there first."
    elif isinstance(event, BranchStarted):
        yield f"After iteration {event.iteration:,} {event.name!r} branched off: that is a run of its own."
    elif isinstance(event, RunRewound):
        yield f"Once it was over, its model was rewound to iteration {event.iteration:,}."


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


def _callbacks(made: RunMade) -> Iterator[str]:
    """Yield the function that returns the user's callbacks, where there are any."""
    own = made.written.get("callbacks", "")
    if not own and "callbacks" not in made.others:
        return
    yield '\ndef make_callbacks():\n    """Return the Keras callbacks of the run."""'
    yield from _comment(_HERE.format(what="YOUR CALLBACKS"))
    yield from _comment(f"They were {made.others['callbacks']}") if not own else ()
    yield from _unknown([own])
    yield f"    return {own or '[]'}\n"


def _main(parts: list[Part]) -> str:
    """Return the function that trains with the run's own arguments, branch after branch."""
    made = parts[0].made
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
    if {"callbacks"} & {*made.written, *made.others}:
        lines.append("        callbacks=make_callbacks(),")
    lines += _literals(parts[0], parts[0].arguments)
    lines += [f"        {name}={word}," for name, word in made.written.items() if name not in _ELSEWHERE]
    lines += [f"        # {name}=…,  # it was {word}" for name, word in made.others.items() if name not in _ELSEWHERE]
    lines.append("    )")
    for part in parts[1:]:
        lines += _branch(part)
    rewound = parts[-1].rewound
    lines += [f"    run.rewind({rewound})"] if rewound is not None else []
    lines += ["    print(run)", "    context.stop()", "    return run\n"]
    return "\n".join(lines)


def _literals(part: Part, given: Mapping[str, str]) -> Iterator[str]:
    """Yield the arguments of a call that are Python literals; a run that others branch from ends where they do."""
    own = {name: text for name, text in given.items() if name != "turns"}
    if part.turns:
        own["turns"] = repr(part.turns)
    if part.until is not None:
        own["max_iterations"] = repr(part.until)
    for name, text in own.items():
        note = "  # the folder of the run itself: name another one" if name == "checkpoint" else ""
        yield f"        {'# ' if note else ''}{name}={text},{note}"
    if part.until is None and part.stopped_at:
        yield f"        # max_iterations={part.stopped_at},  # somebody stopped it there"


def _branch(part: Part) -> Iterator[str]:
    """Yield the call that branches as the run did."""
    branched = part.branched
    assert branched is not None
    whole = part.made.arguments.get("max_iterations", "None")  # what it branches from was given another end above
    yield "    run = run.branch("
    yield f"        {branched.iteration},"
    yield from _literals(part, {"max_iterations": whole, "turns": "{}", **branched.changes})
    yield from (f"        # {name}=…,  # it was {word}" for name, word in branched.others.items())
    yield "    )"


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
