"""The help of a magic as text, made from its table."""

from __future__ import annotations

import textwrap

from zoo_lab.magics.command import HELP, Command, Option

_WIDTH = 110
_LEFT = 26


def usage(command: Command) -> str:
    """Return what `--help` prints: the form, what it does, every argument and option with its default, an example."""
    arguments = " ".join(_argument(option) for option in command.arguments)
    parts = [" ".join(part for part in (f"%{command.name}", arguments, "[options]") if part), ""]
    parts += [*textwrap.wrap(command.summary, _WIDTH), ""]
    parts += [_row(option.name, option) for option in command.arguments]
    parts += [_row(f"{option.name} {option.kind.metavar}".rstrip(), option) for option in command.options]
    parts += [_wrapped(HELP[0], "Print this."), "", f"Example: {command.example}"]
    return "\n".join(parts)


def _argument(option: Option) -> str:
    return f"[{option.name}]" if option.default else option.name


def _row(left: str, option: Option) -> str:
    notes = [f"default {option.default}"] * bool(option.default) + ["can be repeated"] * option.many
    return _wrapped(left, option.help + (f" ({', '.join(notes)})" if notes else ""))


def _wrapped(left: str, text: str) -> str:
    head = f"  {left}".ljust(_LEFT)
    lines = textwrap.wrap(text, _WIDTH - _LEFT, break_long_words=False, break_on_hyphens=False)
    if len(head) > _LEFT:  # too long to stand beside its text
        return "\n".join([head, *(" " * _LEFT + line for line in lines)])
    return ("\n" + " " * _LEFT).join(lines).join([head, ""])
