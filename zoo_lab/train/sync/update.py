"""The update where the driver does it: for `collect`, in one piece of the flat weights where the optimizer allows."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo_lab.train.live import LiveModel
from zoo_lab.train.update import SliceUpdate, UpdateRule


class DriverUpdate:
    """Holds the newest weights and state of a run; `pull` hands them to the live model.

    Args:
        live: the live model.
        rule: how slices are updated; None where only the live model's own optimizer, variable by variable, will do.
    """

    def __init__(self, live: LiveModel, rule: UpdateRule | None) -> None:
        self._live = live
        self._flat: SliceUpdate | None = None
        if rule is not None:
            compiled = bool(live.model.jit_compile)
            self._flat = SliceUpdate(rule, live.layout.weights_size, live.layout.dtype, compiled)
        self.publish()

    def publish(self) -> None:
        """Go on from the live model."""
        live = self._live
        self.weights, self.state, self.updates = live.flat_weights(), live.flat_state(), live.updates
        if self._flat is not None:
            self._flat.load(self.weights, *live.kept(), self.updates)

    def apply(self, gradient: np.ndarray, sparse: Any, state: np.ndarray, into: np.ndarray | None = None) -> None:
        """Apply the gradient and state of a whole batch; the new weights may be written into `into`."""
        if self._flat is None:
            self.weights = self._live.apply(gradient, sparse, state)
        else:
            self.weights = self._flat(gradient, self._live.rates(self.updates, 1)[0], into)
        self.state = state
        self.updates += 1

    def pull(self) -> None:
        """Bring the live model up to date."""
        if self._flat is not None:
            self._live.restore(self.weights, self.state, *self._flat.kept(), self.updates)
