"""What an end trigger means for `zoo_lab.fit`: how many epochs and iterations, and what to ask at each epoch's end."""

from __future__ import annotations

import time
from typing import Any

import keras

from zoo_lab.core.ends import MaxEpoch, MaxIteration
from zoo_lab.core.triggers import AnyOf, Moment, Trigger

_ENDLESS = 1_000_000


def ending_of(trigger: Trigger, steps_per_epoch: int) -> dict[str, Any]:
    """Return the arguments epochs, max_iterations and callbacks of `zoo_lab.fit`.

    Bounds that stand alone, or between |, are known beforehand; everything else is asked at each epoch's end.
    """
    parts = trigger.parts if isinstance(trigger, AnyOf) else (trigger,)
    iterations = min((part.n for part in parts if isinstance(part, MaxIteration)), default=None)
    epochs = [part.n for part in parts if isinstance(part, MaxEpoch)]
    if iterations is not None:
        epochs.append(-(-iterations // steps_per_epoch))
    others = [part for part in parts if not isinstance(part, (MaxEpoch, MaxIteration))]
    return {
        "epochs": min(epochs, default=_ENDLESS),
        "max_iterations": iterations,
        "callbacks": [EndWhen(part, steps_per_epoch) for part in others],
    }


class EndWhen(keras.callbacks.Callback):
    """Ends training at the first epoch's end at which a trigger fires."""

    def __init__(self, trigger: Trigger, steps_per_epoch: int) -> None:
        super().__init__()
        self.watcher = trigger.watch()
        self.steps_per_epoch = steps_per_epoch
        self.begin = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Ask the trigger."""
        seconds = time.perf_counter() - self.begin
        moment = Moment((epoch + 1) * self.steps_per_epoch, epoch, True, seconds, logs or {})
        if self.watcher.fires(moment):
            self.model.stop_training = True
