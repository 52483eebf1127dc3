"""%zoo_context --form: the options in a form, whose Start does what the line that it shows would do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from zoo_lab.core.contextoptions import as_plain
from zoo_lab.core.errors import ArgumentError
from zoo_lab.magics.command import Command
from zoo_lab.widgets import kernel

_PLAIN = re.compile(r"[\w./:*,@+%-]+|local(-cluster)?\[[\w*,]+\]")
_ARGUMENTS = {"--master": "master", "--memory": "memory", "--cores": "cores", "--conf": "conf"}
Start = Callable[[Mapping[str, Any], Callable[[Mapping[str, str]], None]], None]


def show(command: Command, words: Mapping[str, str], shell: Any, start: Start) -> None:
    """Show the form in the running cell; outside a notebook say how to do without it.

    Args:
        command: whose options they are.
        words: what the line gives already, by key.
        shell: IPython's.
        start: called with the values of the line, and with what shows a MIME bundle.
    """
    if not kernel.in_kernel():
        print(f"The form needs a notebook. Here write the options: {command.example}")
        return
    from IPython.display import display

    from zoo_lab.widgets.context_form import ContextForm

    handle: Any = None

    def begin(values: Mapping[str, str], say: Callable[[str], None]) -> None:
        card: dict[str, str] = {}

        def shown(bundle: Mapping[str, str]) -> None:
            card.update(bundle)
            if "text/html" not in bundle:
                say(bundle["text/plain"])

        start(command.parse(line_of(command, values).partition(" ")[2], shell.user_ns) or {}, shown)
        if "text/html" in card:  # the context in place of the form: that is what a saved notebook keeps
            handle.update({**card, "text/plain": f"{line_of(command, values)}\n{card['text/plain']}"}, raw=True)

    given = texts(command, words)
    form = ContextForm(as_plain(), given, lambda values: check(command, values, shell.user_ns), begin, notice())
    bundle, _ = form._repr_mimebundle_()
    handle = display({**bundle, "text/plain": form.line}, raw=True, display_id=True)


def notice() -> str:
    """Return what to know before Start is pressed, "" for nothing."""
    from zoo_lab.context.current import current_context

    context = current_context()
    if context is None:
        return ""
    return f"A context runs on {context.master.url}: Start shows it, and refuses what it cannot change while it runs."


def texts(command: Command, words: Mapping[str, str]) -> dict[str, str]:
    """Return what the fields begin with: the words of the line without the quotes around them."""
    named = {option.key: option for option in command.options}
    given = {named[key].name: "1" if not named[key].kind.metavar else word for key, word in words.items()}
    return {name: re.sub(r"^(['\"])(.*)\1$", r"\2", word) for name, word in given.items() if name != "--form"}


def line_of(command: Command, values: Mapping[str, str]) -> str:
    """Return the magic's line that says the same as the fields.

    Example:
        >>> from zoo_lab.magics.context import COMMAND
        >>> line_of(COMMAND, {"--master": "local[2]", "--debug": "1", "--app-name": "my run"})
        "%zoo_context --master local[2] --app-name 'my run' --debug"
    """
    parts = [f"%{command.name}"]
    for option in command.options:
        text = values.get(option.name, "").strip()
        if text and not option.kind.metavar:
            parts.append(option.name)
        elif text:
            given = [line.strip() for line in text.splitlines() if line.strip()] if option.many else [text]
            parts += [f"{option.name} {_quoted(each)}" for each in given]
    return " ".join(parts)


def check(command: Command, values: Mapping[str, str], namespace: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return the line, and what is wrong with each field: as the magic reads it, and as Spark would be asked for it."""
    problems: dict[str, str] = {}
    read: dict[str, Any] = {}
    for option in command.options:
        text = values.get(option.name, "").strip()
        if not text or not option.kind.metavar:
            continue
        try:
            found = [option.kind.read(_quoted(each), namespace) for each in text.splitlines()]
            read[option.name] = found if option.many else found[0]
        except ArgumentError as error:
            problems[option.name] = str(error)
    for name in _ARGUMENTS:
        if name in read and name not in problems and (problem := _refused(name, read)):
            problems[name] = problem
    return line_of(command, values), problems


def _refused(name: str, read: Mapping[str, Any]) -> str:
    """Return why a context cannot have the value of `name` beside its master, "" if it can."""
    from zoo_lab.context.settings import asked_for

    together = {name, "--master"} if name == "--cores" else {name}
    given = {_ARGUMENTS[each]: read[each] for each in together if each in read}
    if "conf" in given:
        given["conf"] = dict(given["conf"])
    try:
        asked_for(**given)
    except ArgumentError as error:
        return str(error).removeprefix("init_nncontext: ")
    return ""


def _quoted(text: str) -> str:
    """Return the text as one word of the line that is taken as it is."""
    name, equals, value = text.partition("=")
    if equals and _PLAIN.fullmatch(name):
        return f"{name}={_quoted(value)}" if value else text
    if _PLAIN.fullmatch(text):
        return text
    return f"'{text}'" if "'" not in text else '"{}"'.format(text.replace('"', ""))
