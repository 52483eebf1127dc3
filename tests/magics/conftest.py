from __future__ import annotations

from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell

from zoo_lab.magics import load, unload


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """An IPython shell with the magics, without a kernel and so with text in place of widgets."""
    made = InteractiveShell.instance()
    load(made)
    yield made
    unload(made)
    InteractiveShell.clear_instance()


@pytest.fixture
def run_cell(shell, capsys):
    """Run a cell and return what it printed; an error in it is raised unless `fails`."""

    def run(source: str, fails: bool = False) -> str:
        outcome = shell.run_cell(source)
        assert outcome.success is not fails, outcome.error_in_exec or outcome.error_before_exec
        printed = capsys.readouterr()
        return printed.out + printed.err

    return run
