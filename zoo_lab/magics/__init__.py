"""The IPython magics, %zoo_context, %zoo_fit and their like: each parses its line, makes a few calls, shows a widget.

`command` and `kinds` hold a magic's table of options, from which parser (`command`), help (`usage`) and completion
come; `context`, `fit`, `predict`, `show`, `stop`, `runs` and `config` are the magics, `defaults` is what the last one
sets; `registry` puts them into a shell and takes them out again.
"""

from __future__ import annotations

from typing import Any


def load(shell: Any) -> None:
    """Register the magics and their completion, and publish this kernel's contexts to the Jupyter server."""
    from zoo_lab.magics.registry import load as load_into

    load_into(shell)


def unload(shell: Any) -> None:
    """Take back all that `load` did; contexts and runs go on."""
    from zoo_lab.magics.registry import unload as unload_from

    unload_from(shell)
