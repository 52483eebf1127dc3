"""When to do something during a run, such as saving a checkpoint: "every epoch", "every 10 minutes and at a best loss".

A trigger is an immutable description and pure: what it has to remember is a plain JSON value that a `Watcher` keeps
for it. Two kinds: `EveryEpoch` and `EveryIterations` count and are due at one moment only; `EveryMinutes` and
`BestMetric` compare with the last time they fired and so stay due until that happens, as part of a combination too.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ArgumentError

_BETTER_WHEN_HIGHER = ("acc", "auc", "precision", "recall", "f1")


@dataclass(frozen=True)
class Moment:
    """Where a run stands right after an iteration.

    Attributes:
        iteration: iterations done, from 1 over the whole run.
        epoch: the epoch that it belongs to, from 0.
        ends_epoch: whether it was its epoch's last, validation included.
        seconds: how long the run has trained so far, the time before it was resumed included.
        logs: metric name → value, at an epoch's end what Keras' callbacks receive.
    """

    iteration: int
    epoch: int
    ends_epoch: bool
    seconds: float
    logs: Mapping[str, float] = field(default_factory=dict)


class Trigger(ABC):
    """A condition on the moments of a run; `a & b` fires when both are due at one moment, `a | b` when either is.

    Example:
        >>> trigger = EveryMinutes(10) & EveryEpoch() | BestMetric("val_loss")
        >>> trigger
        EveryMinutes(10) & EveryEpoch() | BestMetric('val_loss')
        >>> trigger.watch().fires(Moment(iteration=3, epoch=0, ends_epoch=True, seconds=2.0, logs={"val_loss": 0.5}))
        True
    """

    @abstractmethod
    def start(self) -> Any:
        """Return the memory, a plain JSON value, of a run's beginning."""

    @abstractmethod
    def due(self, memory: Any, moment: Moment) -> bool:
        """Tell whether the condition holds at `moment`; changes nothing."""

    @abstractmethod
    def after(self, memory: Any, moment: Moment, fired: bool) -> Any:
        """Return the memory after `moment`; `fired` tells whether what was due has been done."""

    def watch(self) -> Watcher:
        """Return a fresh watcher: what to ask at each moment of one run."""
        return Watcher(self)

    def __and__(self, other: Trigger) -> AllOf:
        _expect_trigger("&", self, other)
        return AllOf((*_parts_of(self, AllOf), *_parts_of(other, AllOf)))

    def __or__(self, other: Trigger) -> AnyOf:
        _expect_trigger("|", self, other)
        return AnyOf((*_parts_of(self, AnyOf), *_parts_of(other, AnyOf)))

    def __bool__(self) -> bool:
        # `a and b` would quietly be `b`
        msg = f"Expected triggers combined with & or |; {self!r} stands where Python asks for True or False."
        raise ArgumentError(msg)


class Watcher:
    """Asks one trigger at each moment of one run and remembers for it; `Trigger.watch` makes it."""

    def __init__(self, trigger: Trigger) -> None:
        self.trigger = trigger
        self._memory = trigger.start()

    def fires(self, moment: Moment) -> bool:
        """Tell whether the trigger fires now. Ask once a moment, in order; with grouped iterations once a group.

        Errors:
            ArgumentError: an epoch ended without the metric that a `BestMetric` looks at.
        """
        fired = self.trigger.due(self._memory, moment)
        self._memory = self.trigger.after(self._memory, moment, fired)
        return fired

    def due(self, moment: Moment) -> bool:
        """Tell whether the trigger would fire at a moment to come; remembers nothing."""
        return self.trigger.due(self._memory, moment)

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs to go on from here, as plain JSON values."""
        return {"trigger": repr(self.trigger), "memory": self._memory}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from where `state()` was called.

        Errors:
            ArgumentError: the state is another trigger's; to go on with this one, start a fresh watcher.
        """
        if state.get("trigger") != repr(self.trigger):
            msg = (
                f"Expected the state of {self.trigger!r}; received that of {state.get('trigger')}. "
                "Resume with the same trigger, or start a fresh one without its state."
            )
            raise ArgumentError(msg)
        self._memory = state["memory"]

    def __repr__(self) -> str:
        return f"{self.trigger!r}.watch()"


@dataclass(frozen=True, repr=False)
class EveryEpoch(Trigger):
    """Fires at the end of every `n`-th epoch.

    Args:
        n: number of epochs, default 1.

    Source: `EveryEpoch` of Analytics Zoo.

    Example:
        >>> EveryEpoch().watch().fires(Moment(iteration=3, epoch=0, ends_epoch=True, seconds=2.0))
        True
    """

    n: int = 1

    def __post_init__(self) -> None:
        _expect_count("EveryEpoch", self.n)

    def start(self) -> None:
        """Nothing to remember."""

    def due(self, memory: None, moment: Moment) -> bool:
        """Tell whether `moment` ends an `n`-th epoch."""
        return moment.ends_epoch and (moment.epoch + 1) % self.n == 0

    def after(self, memory: None, moment: Moment, fired: bool) -> None:
        """Nothing to remember."""

    def __repr__(self) -> str:
        return f"EveryEpoch({'' if self.n == 1 else self.n})"


@dataclass(frozen=True, repr=False)
class EveryIterations(Trigger):
    """Fires after every `n`-th iteration; asked less often, at the first moment at or past it.

    Args:
        n: number of iterations.

    Source: `SeveralIteration` of Analytics Zoo.

    Example:
        >>> EveryIterations(100).watch().fires(Moment(iteration=100, epoch=0, ends_epoch=False, seconds=2.0))
        True
    """

    n: int

    def __post_init__(self) -> None:
        _expect_count("EveryIterations", self.n)

    def start(self) -> int:
        """Return 0: no iteration has been seen."""
        return 0

    def due(self, memory: int, moment: Moment) -> bool:
        """Tell whether a multiple of `n` lies after the last moment seen and not after this one."""
        return moment.iteration // self.n > memory // self.n

    def after(self, memory: int, moment: Moment, fired: bool) -> int:
        """Return the latest iteration seen; one that is done again after a failure does not count twice."""
        return max(memory, int(moment.iteration))

    def __repr__(self) -> str:
        return f"EveryIterations({self.n})"


@dataclass(frozen=True, repr=False)
class EveryMinutes(Trigger):
    """Fires once `minutes` of training have passed since it last fired, or since the run began.

    In `EveryMinutes(10) & EveryEpoch()` it waits for the other: that fires at the first epoch's end after 10 minutes.

    Args:
        minutes: minutes, whole or not.

    Example:
        >>> EveryMinutes(10).watch().fires(Moment(iteration=7, epoch=0, ends_epoch=False, seconds=600.0))
        True
    """

    minutes: float

    def __post_init__(self) -> None:
        number = isinstance(self.minutes, Real) and not isinstance(self.minutes, bool)
        if not (number and math.isfinite(self.minutes) and self.minutes > 0):
            msg = f"EveryMinutes: Expected minutes to be a finite number above 0; received {self.minutes!r}."
            raise ArgumentError(msg)

    def start(self) -> float:
        """Return 0.0: the second of the run since which it waits."""
        return 0.0

    def due(self, memory: float, moment: Moment) -> bool:
        """Tell whether the time is up."""
        return moment.seconds - memory >= self.minutes * 60

    def after(self, memory: float, moment: Moment, fired: bool) -> float:
        """Return the second of the run since which it waits."""
        # a clock that went back, at a resumed run say, must not make it wait for the time to come round again
        return float(moment.seconds if fired else min(memory, moment.seconds))

    def __repr__(self) -> str:
        return f"EveryMinutes({self.minutes})"


@dataclass(frozen=True, repr=False)
class BestMetric(Trigger):
    """Fires at an epoch's end whose metric is better than when it last fired; the first finite value is the best yet.

    Args:
        name: a metric as the epoch's logs name it, such as "val_loss".
        mode: "min" or "max": which values are better; "auto" takes "max" for names with acc, auc, precision, recall
            or f1 in them, else "min".

    Errors:
        ArgumentError: at an epoch's end, when its logs do not have the metric; the message names those they have.

    Example:
        >>> BestMetric("val_accuracy").direction
        'max'
    """

    name: str
    mode: str = "auto"

    def __post_init__(self) -> None:
        checks = Checks("BestMetric")
        named = isinstance(self.name, str) and self.name != ""
        checks.require(named, f"Expected name to be a metric's name, such as 'val_loss'; received {self.name!r}.")
        checks.one_of("mode", self.mode, ["auto", "min", "max"])
        checks.done()

    @property
    def direction(self) -> str:
        """Which values are better: "min" or "max"."""
        if self.mode != "auto":
            return self.mode
        return "max" if any(part in self.name.lower() for part in _BETTER_WHEN_HIGHER) else "min"

    def start(self) -> None:
        """Return None: it has not fired yet."""

    def due(self, memory: float | None, moment: Moment) -> bool:
        """Tell whether an epoch ends here with a value better than `memory`; NaN and infinities never are."""
        if not moment.ends_epoch:
            return False
        value = self._value(moment)
        if not math.isfinite(value):
            return False
        return memory is None or (value > memory if self.direction == "max" else value < memory)

    def after(self, memory: float | None, moment: Moment, fired: bool) -> float | None:
        """Return the value at which it last fired."""
        return self._value(moment) if fired else memory

    def _value(self, moment: Moment) -> float:
        if self.name not in moment.logs:
            known = ", ".join(map(repr, sorted(moment.logs))) or "none"
            msg = (
                f"Expected the metric {self.name!r} at the end of epoch {moment.epoch + 1}; its metrics are: {known}. "
                f"Give BestMetric one of these (those of validation data begin with 'val_')."
            )
            raise ArgumentError(msg)
        return float(moment.logs[self.name])

    def __repr__(self) -> str:
        return f"BestMetric({self.name!r}{'' if self.mode == 'auto' else f', mode={self.mode!r}'})"


@dataclass(frozen=True, repr=False)
class AllOf(Trigger):
    """Fires when all `parts` are due at the same moment; `a & b` makes it."""

    parts: tuple[Trigger, ...]

    def start(self) -> list[Any]:
        """Return the parts' memories."""
        return [part.start() for part in self.parts]

    def due(self, memory: list[Any], moment: Moment) -> bool:
        """Tell whether every part is due."""
        return all([part.due(own, moment) for part, own in zip(self.parts, memory, strict=True)])  # noqa: C419 - ask all

    def after(self, memory: list[Any], moment: Moment, fired: bool) -> list[Any]:
        """Return the parts' memories: what waited goes on waiting unless all were due."""
        return [part.after(own, moment, fired) for part, own in zip(self.parts, memory, strict=True)]

    def __repr__(self) -> str:
        return " & ".join(f"({part!r})" if isinstance(part, AnyOf) else repr(part) for part in self.parts)


@dataclass(frozen=True, repr=False)
class AnyOf(Trigger):
    """Fires when one of `parts` or more are due; `a | b` makes it."""

    parts: tuple[Trigger, ...]

    def start(self) -> list[Any]:
        """Return the parts' memories."""
        return [part.start() for part in self.parts]

    def due(self, memory: list[Any], moment: Moment) -> bool:
        """Tell whether a part is due."""
        return any([part.due(own, moment) for part, own in zip(self.parts, memory, strict=True)])  # noqa: C419 - ask all

    def after(self, memory: list[Any], moment: Moment, fired: bool) -> list[Any]:
        """Return the parts' memories: only those that were due themselves have fired."""
        pairs = zip(self.parts, memory, strict=True)
        return [part.after(own, moment, fired and part.due(own, moment)) for part, own in pairs]

    def __repr__(self) -> str:
        return " | ".join(map(repr, self.parts))


def _parts_of(trigger: Trigger, kind: type[AllOf] | type[AnyOf]) -> tuple[Trigger, ...]:
    """Return the parts of a combination of the same kind, so that brackets that say nothing vanish."""
    return trigger.parts if isinstance(trigger, kind) else (trigger,)


def _expect_trigger(sign: str, left: Trigger, right: Any) -> None:
    if not isinstance(right, Trigger):
        hint = f" Did you mean {right.__name__}(…)?" if isinstance(right, type) else ""
        msg = f"Expected a trigger such as EveryEpoch() on the right of {left!r} {sign}; received {right!r}.{hint}"
        raise ArgumentError(msg)


def _expect_count(where: str, n: Any) -> None:
    checks = Checks(where)
    checks.positive_int("n", n)
    checks.done()
