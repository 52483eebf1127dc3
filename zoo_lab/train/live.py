"""The driver's own model: its real optimizer applies the summed gradient, its metrics add up the workers' parts."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo_lab.core.errors import ModelError
from zoo_lab.feature.structure import Structure
from zoo_lab.train.layout import Layout, ModelVariables, assign_values, flat_values
from zoo_lab.train.setup import Prepared
from zoo_lab.train.step import build
from zoo_lab.train.totals import MetricTotals
from zoo_lab.train.update import UpdateRule, rule_of, slots_of
from zoo_lab.train.wholeupdate import WholeUpdate


class LiveModel:
    """A compiled Keras model during a run; `model` is the user's own object and holds the newest weights throughout."""

    def __init__(self, model: Any, structure: Structure, head: dict[str, np.ndarray]) -> None:
        self.model = model
        expect_trainable(model)
        build(model, structure, head)
        model.optimizer.build(model.trainable_variables)
        self.variables = ModelVariables(model)
        self.layout = Layout.of(self.variables)
        self._prepared: Prepared | None = None
        self._apply: Any = None
        self.totals = MetricTotals(model)

    def connect(self, prepared: Prepared, fresh: bool = True) -> None:
        """Take over what the workers found out when they traced the step; `fresh` unless a run is resumed."""
        self._prepared = prepared
        update = WholeUpdate(self.model, prepared)
        self._apply = _TracedAside(update.apply, update.signature, eager=fresh)

    def flat_weights(self) -> np.ndarray:
        """Return all trainable variables as one array."""
        return flat_values(self.variables.trainable, self.layout.dtype)

    def flat_state(self, only_updated: bool = True) -> np.ndarray:
        """Return the floating state as one array: what a step updates, or everything."""
        wanted = range(len(self.variables.state))
        if only_updated and self._prepared is not None:
            wanted = self._prepared.updated
        return flat_values([self.variables.state[index] for index in wanted], self.layout.dtype)

    @property
    def updates(self) -> int:
        """How many updates the optimizer has done."""
        return int(self.model.optimizer.iterations)

    @functools.cached_property
    def rule(self) -> UpdateRule | str:
        """How workers can update slices of this model, or why they cannot; known once connected."""
        known, variables = self._prepared, self.variables.trainable
        return rule_of(self.model.optimizer, variables, unconnected=bool(known.unconnected), sparse=bool(known.sparse))

    def kept(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return what an elementwise optimizer keeps: a flat array for each slot, and its scalars."""
        slots, scalars = self._kept_variables()
        return [flat_values(variables, self.layout.dtype) for variables in slots], [np.asarray(v) for v in scalars]

    def rates(self, updates: int, count: int) -> list[float]:
        """Return the learning rates of the `count` updates after the first `updates`."""
        optimizer = self.model.optimizer
        schedule = optimizer._learning_rate  # the property `learning_rate` asks a schedule for the present one
        if not isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
            return [float(np.asarray(optimizer.learning_rate))] * count
        return [float(np.asarray(schedule(update))) for update in range(updates, updates + count)]

    def set_rate(self, rate: float) -> None:
        """Set the learning rate, unless a schedule gives it."""
        optimizer = self.model.optimizer
        if not isinstance(optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule):
            optimizer.learning_rate = rate

    def set_clip(self, name: str, value: float) -> None:
        """Set one of the optimizer's ways to clip gradients, 0 for off; how slices are updated changes with it."""
        setattr(self.model.optimizer, name, value or None)
        self.__dict__.pop("rule", None)
        if self._prepared is not None:
            self.connect(self._prepared, fresh=False)

    @property
    def knobs(self) -> dict[str, float]:
        """What can be changed of the optimizer between two iterations: the learning rate, unless a schedule gives it,
        and clipping, 0 for off."""
        optimizer = self.model.optimizer
        scheduled = isinstance(optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule)
        rate = {} if scheduled else {"learning_rate": float(np.asarray(optimizer.learning_rate))}
        outer = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)  # the one within it clips
        clips = () if outer else ("clipnorm", "global_clipnorm", "clipvalue")
        return {**rate, **{name: float(getattr(optimizer, name) or 0.0) for name in clips}}

    def restore(
        self, weights: np.ndarray, state: np.ndarray, slots: Any = None, scalars: Any = None, updates: int | None = None
    ) -> None:
        """Set weights and updated state, and unless None what the optimizer keeps and how many updates it has done."""
        assign_values(self.variables.trainable, weights)
        assign_values([self.variables.state[index] for index in self._prepared.updated], state)
        if updates is None:
            return
        own_slots, own_scalars = self._kept_variables()
        for variables, values in zip(own_slots, slots, strict=True):
            assign_values(variables, values)
        for variable, value in zip(own_scalars, scalars, strict=True):
            variable.assign(value)
        self.model.optimizer.iterations.assign(updates)

    def restore_all(self, weights: np.ndarray, state: np.ndarray, optimizer: list[np.ndarray]) -> None:
        """Set weights, the whole state and every variable of the optimizer."""
        assign_values(self.variables.trainable, weights)
        assign_values(self.variables.state, state)
        for variable, value in zip(self.model.optimizer.variables, optimizer, strict=True):
            variable.assign(value)

    def remember(self) -> Callable[[], None]:
        """Return what takes weights, state and optimizer back to how they are now, the learning rate excepted."""
        weights, state = self.flat_weights(), self.flat_state(only_updated=False)
        optimizer = [np.array(np.asarray(variable)) for variable in self.model.optimizer.variables]

        def go_back() -> None:
            rate = self.rates(self.updates, 1)[0]
            self.restore_all(weights, state, optimizer)
            self.set_rate(rate)

        return go_back

    def apply(self, gradient: np.ndarray, sparse: list[tuple[np.ndarray, np.ndarray]], state: np.ndarray) -> np.ndarray:
        """Update the model with a whole batch's gradients and state; return the new flat weights."""
        return self._apply(gradient, sparse, state).numpy()

    def finish(self) -> None:
        """Do what Keras does to the weights after training (moving averages of the optimizer)."""
        self.model.optimizer.finalize_variable_values(self.model.trainable_weights)

    def _kept_variables(self) -> tuple[list[list[Any]], list[Any]]:
        """Return the optimizer's variables: for each slot those of all weights, and the scalars."""
        return slots_of(self.model.optimizer, self.rule, len(self.variables.trainable))


class _TracedAside:
    """A TensorFlow function that is traced in a thread of its own; its first call runs before that, step by step.

    Tracing the update of a deep model takes longer than the rest of the first iteration. That always a run's first
    update and no other is computed eagerly keeps a seed's results the same, also where a run is resumed.
    """

    def __init__(self, function: Callable[..., Any], signature: list[Any], eager: bool) -> None:
        self._eager = function
        self._function = tf.function(function, input_signature=signature, autograph=False)
        self._called = not eager
        self._tracing = threading.Thread(target=self._trace, name="zoo_lab update tracing", daemon=True)
        self._tracing.start()

    def __call__(self, *arguments: Any) -> Any:
        if not self._called:
            self._called = True
            return self._eager(*tf.nest.map_structure(tf.convert_to_tensor, arguments))
        self._tracing.join()
        return self._function(*arguments)

    def _trace(self) -> None:
        with contextlib.suppress(Exception):  # raised again, in the caller's thread, by the first compiled call
            self._function.get_concrete_function()


def expect_trainable(model: Any) -> None:
    """Raise `ModelError` unless `model` is a compiled Keras model whose step can run on the workers."""
    if not isinstance(model, keras.Model):
        msg = f"Expected a compiled keras.Model; received {type(model).__name__}."
        raise ModelError(msg)
    if not model.compiled or model.optimizer is None:
        msg = f"Expected a compiled model; received {model.name!r}, not compiled. Call model.compile(optimizer, loss)."
        raise ModelError(msg)
    own_step = getattr(type(model).train_step, "__module__", "")
    if not own_step.startswith("keras."):
        msg = (
            f"The model {model.name!r} has its own train_step(), which would run on the driver only. "
            "Put the computation of the loss into compute_loss(), which runs on the workers."
        )
        raise ModelError(msg)
