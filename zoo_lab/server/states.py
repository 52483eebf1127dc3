"""Reads the kernels' state files, and forgets those of a kernel that died and was started anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from zoo_lab.core import kernelstate


def state_folder(kernel_manager: Any) -> Path:
    """Return where kernels leave their state files: beside the connection files that this server gives them."""
    return Path(kernel_manager.connection_dir) / "zoo_lab"


def live_states(folder: Path, alive: Iterable[str]) -> list[dict[str, Any]]:
    """Return the states in `folder` of those kernels in `alive` that wrote one, sorted by kernel id.

    Files of other kernels are left out and left alone: another server of the same user may run them.
    """
    known = set(kernelstate.list_kernels(folder)).intersection(alive)
    states = [kernelstate.read_state(folder, kernel_id) for kernel_id in sorted(known)]
    return [state for state in states if isinstance(state, dict)]


class CrashWatch:
    """Delete a kernel's state when the server restarts it after a crash, since the kernel could not.

    Without this the page would show for ever the run that the kernel died in.
    """

    def __init__(self, kernel_manager: Any) -> None:
        self._kernel_manager = kernel_manager
        self._watched: set[str] = set()

    def watch(self, kernel_ids: Iterable[str]) -> None:
        """Watch those of `kernel_ids` that are not watched yet, and forget kernels that are gone."""
        current = set(kernel_ids)
        for kernel_id in current - self._watched:
            for event in ("restart", "dead"):
                self._kernel_manager.add_restart_callback(kernel_id, self._forgetting(kernel_id), event)
        self._watched = current

    def _forgetting(self, kernel_id: str) -> Callable[[], None]:
        return lambda: kernelstate.remove_state(state_folder(self._kernel_manager), kernel_id)
