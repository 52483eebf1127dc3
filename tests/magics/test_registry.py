from __future__ import annotations

import pytest

from zoo_lab.magics import load, unload
from zoo_lab.magics.registry import MAGICS


def test_unloading_takes_everything_back(shell):
    matchers = list(shell.Completer.custom_matchers)
    lines = shell.magics_manager.magics["line"]
    assert set(MAGICS) <= set(lines)
    unload(shell)
    assert not set(MAGICS) & set(lines)
    assert len(shell.Completer.custom_matchers) == len(matchers) - 1
    unload(shell)


def test_loading_twice_is_loading_once(shell):
    matchers = list(shell.Completer.custom_matchers)
    load(shell)
    assert list(shell.Completer.custom_matchers) == matchers


@pytest.mark.parametrize("name", MAGICS)
def test_the_help_has_every_option_and_is_the_docstring_too(run_cell, shell, name):
    command, _ = MAGICS[name]
    printed = run_cell(f"%{name} --help")
    assert all(option.name in printed and option.help in " ".join(printed.split()) for option in command.table)
    assert command.example in printed
    assert shell.find_line_magic(name).__doc__.strip() == printed.strip()
    assert max(map(len, printed.splitlines())) <= 110


@pytest.mark.parametrize("name", MAGICS)
def test_every_option_has_a_kind_that_says_what_it_takes_and_a_help_of_one_line(name):
    command, _ = MAGICS[name]
    assert len({option.key for option in command.table}) == len(command.table)
    assert all(option.help and "\n" not in option.help for option in command.table)
    assert command.example.startswith(f"%{name}")


def test_nothing_is_put_into_the_namespace(shell):
    before = set(shell.user_ns)
    unload(shell)
    load(shell)
    assert set(shell.user_ns) == before
