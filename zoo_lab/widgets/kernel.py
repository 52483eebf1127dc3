"""Where this process runs: inside which Jupyter kernel, or in none. Asks only what is loaded already."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from zoo_lab.core.kernelstate import is_kernel_id

_CONNECTION_FILE = re.compile(r"kernel-(.+)\.json")


def in_kernel() -> bool:
    """Tell whether this process is a Jupyter kernel with a front end that can show pictures and widgets."""
    return _kernel() is not None


def kernel_id() -> str | None:
    """Return the id under which the Jupyter server knows this kernel; None outside one, or when started by hand."""
    connection = _connection_file()
    found = _CONNECTION_FILE.fullmatch(connection.name) if connection else None
    return found[1] if found and is_kernel_id(found[1]) else None


def runtime_folder() -> Path | None:
    """Return Jupyter's runtime folder as this kernel's server uses it; None outside a kernel.

    It is the folder of the connection file, which stays right where the environment variables of server and
    kernel differ.
    """
    connection = _connection_file()
    return connection.parent if connection else None


def cell_id() -> str | None:
    """Return the id of the notebook cell that runs now, as JupyterLab sends it along; None where nobody says."""
    kernel = _kernel()
    try:
        found = kernel.get_parent("shell")["metadata"]["cellId"]
    except (AttributeError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None


def _kernel() -> Any:
    if "ipykernel" not in sys.modules or "IPython" not in sys.modules:
        return None
    shell = sys.modules["IPython"].get_ipython()
    return getattr(shell, "kernel", None)


def _connection_file() -> Path | None:
    kernel = _kernel()
    application = getattr(kernel, "parent", None)
    path = getattr(application, "abs_connection_file", "") or getattr(kernel, "connection_file", "")
    return Path(path) if path else None
