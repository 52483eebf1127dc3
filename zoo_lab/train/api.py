"""`zoo_lab.fit` and `zoo_lab.evaluate`: check the arguments, pin the data, hand over."""

from __future__ import annotations

import random
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo_lab.core.attempts import POLICIES
from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ArgumentError
from zoo_lab.train.badbatches import Policy, check_policy
from zoo_lab.train.combination import check_combination, settled
from zoo_lab.train.display import show
from zoo_lab.train.keeping import KeepWeights, Kept, Ring
from zoo_lab.train.knobs import Knobs, check_turns
from zoo_lab.train.made import made, words_of_call
from zoo_lab.train.plan import Plan, choose_sync
from zoo_lab.train.run import Run
from zoo_lab.train.saving import Checkpoints, Start, expect_unused
from zoo_lab.train.saving import resume as load_into
from zoo_lab.train.sources import as_feature_set, as_readable
from zoo_lab.train.trainer import Job, train
from zoo_lab.train.watching import MOST_SAMPLES

if TYPE_CHECKING:
    from zoo_lab.context.nncontext import NNContext
    from zoo_lab.core.events import Event
    from zoo_lab.train.stragglers import DropSlow

_STRATEGIES = ("auto", "collect", "shared", "sliced")


def fit(
    model: Any,
    data: Any,
    *,
    batch_size: int = 32,
    epochs: int = 1,
    validation_data: Any = None,
    callbacks: Sequence[Any] = (),
    listeners: Sequence[Callable[[Event], None]] = (),
    shuffle: bool = True,
    seed: int | None = None,
    class_weight: Mapping[int, float] | None = None,
    context: NNContext | None = None,
    sync: str = "auto",
    iterations_per_job: int | str = "auto",
    compression: str = "none",
    sync_every: int = 1,
    drop: DropSlow | None = None,
    max_iterations: int | None = None,
    checkpoint: Any = None,
    resume: str | Path | Kept | None = None,
    keep_weights: Any = None,
    bad_batch: str = "raise",
    spikes: float | None = None,
    watch: int = 0,
    turns: Mapping[int, Mapping[str, float]] | None = None,
    feature_cols: Any = None,
    label_cols: Any = None,
    name: str | None = None,
    runs: str | Path = ".zoo_lab/runs",
    display: str = "auto",
    background: bool = False,
) -> Run:
    """Train a compiled Keras model on the Spark workers and return the run.

    Synchronous mini-batch SGD: in each iteration every worker computes the gradient of its part of the global
    batch, the parts are summed, and the model's own optimizer applies the sum. The weights equal those of Keras'
    own fit on the same batches, up to float32 rounding. An interrupt (■) ends the run normally; the model then
    holds the weights of the last finished iteration.

    Args:
        model: a compiled `keras.Model`, taken as it is; its weights are updated in place.
        data: a FeatureSet; a Spark DataFrame (with `feature_cols` and `label_cols`); an RDD of (x, y); an
            ImageSet, whose random steps draw anew in each epoch; or (x, y) or (x, y, sample_weight) arrays.
        batch_size: rows in a global batch, over all workers; any number.
        epochs: passes over the data, each row once a pass.
        validation_data: like `data`; evaluated after each epoch.
        callbacks: Keras callbacks; they run on the driver with the live model.
        listeners: functions that are called with each event of the run, such as those of a `TrainSummary`; unlike
            callbacks for batches they slow nothing down.
        shuffle: draw a new order each epoch; False keeps the data's order.
        seed: of the order, of dropout and of random steps over the data; the same seed gives the same weights. Default:
            drawn, and noted in the plan.
        class_weight: class number (from 0) → weight in the loss.
        context: where to train; default the data's own, or the current one.
        sync: "auto", "shared" (workers on one host), "collect" (small models) or "sliced" (large ones).
        iterations_per_job: how many iterations share a Spark job with "shared": "auto" groups short ones, so that
            launching jobs takes little of the time; 1 gives each its own. The weights are the same.
        compression: of gradients with "sliced": "none", "bf16" or "fp16", rounded to nearest with error feedback.
        sync_every: how many steps each worker makes by itself, on its own parts of as many batches, before weights,
            optimizer and state are averaged by rows. 1 is exact; more is another algorithm that talks less, so only by
            your own choice, and with sync="auto".
        drop: `zoo_lab.train.DropSlow(…)` to do without what workers slower than usual have not done in time; None
            waits for all.
        max_iterations: end the run after so many iterations, also within an epoch.
        checkpoint: a folder or URL to save the run to after each epoch, or `zoo_lab.train.Checkpoints(…)`.
        resume: a folder or URL with checkpoints: the run goes on from the newest intact one, to the bit, with its seed.
            Give the same model, data and batch size.
        keep_weights: keep the weights after every so many iterations in memory, for `run.branch` and `run.rewind`;
            or `zoo_lab.train.KeepWeights(…)`, by default the last 20.
        bad_batch: what becomes of a batch whose loss is not finite: "raise" ends the run, "skip" drops its update,
            "quarantine" also leaves its bad rows out of all later epochs (`run.quarantine`), "ask" waits up to ten
            minutes for a choice in the monitor or by `run.decide`, then ends the run.
        spikes: a batch is bad too where its loss is above so many times the median of the last 50; None: never.
        watch: show what the model makes of so many rows while it trains, at most 32: the first of the validation data,
            without any of the data itself.
        turns: what is turned as by `run.turn`, but by the run itself: iterations done → {knob: value}.
        feature_cols, label_cols: columns of a DataFrame, see `FeatureSet.from_dataframe`.
        name: of the run; default the model's.
        runs: folder of the run files.
        display: "auto" (a live chart in a notebook, text elsewhere), "text" or "none".
        background: return at once; `run.wait()` or `await run` for its end.

    Raises:
        ArgumentError: lists every wrong argument.
        ModelError: this is no compiled Keras model, or it cannot be sent to the workers.
        WorkerError: the model's code or the data failed on a worker.
        NumericsError: the loss is NaN or infinite.

    Example:
        >>> run = zoo_lab.fit(model, (x, y), batch_size=128, epochs=2)      # doctest: +SKIP
        >>> run.history["loss"]                                             # doctest: +SKIP
    """
    from zoo_lab.train.live import expect_trainable
    from zoo_lab.train.match import live_model

    asked, words = dict(locals()), words_of_call(sys._getframe(1))
    expect_trainable(model)
    _check(
        batch_size,
        epochs,
        seed,
        class_weight,
        sync,
        iterations_per_job,
        compression,
        sync_every,
        drop,
        max_iterations,
        display,
        callbacks,
        listeners,
        bad_batch,
        spikes,
        watch,
    )
    with ExitStack() as pinned:
        train_set = _pinned(data, context, feature_cols, label_cols, pinned)
        validation = _pinned(validation_data, train_set.context, feature_cols, label_cols, pinned)
        live = live_model(model, train_set, class_weight)
        check_turns(turns or {}, Knobs(live, train_set).values)
        train_set.context.warm_up()
        size = live.layout.weights_size * live.layout.dtype.itemsize
        strategy, why = choose_sync(sync, train_set.context.one_host, size, train_set.context.slots, sync_every)
        plan = Plan(
            rows=train_set.rows,
            batch_size=int(batch_size),
            epochs=int(epochs),
            workers=train_set.context.slots,
            seed=random.SystemRandom().getrandbits(31) if seed is None else int(seed),
            shuffle=shuffle,
            sync=strategy,
            why=why,
            iterations_per_job=iterations_per_job,
            compression=compression,
            max_iterations=max_iterations,
            sync_every=int(sync_every),
            drop=drop,
        )
        plan = settled(plan)
        start = Start()
        if resume is not None:
            start, plan = _resumed(resume, live, plan, seed, train_set.context)
        saving, keeping = Checkpoints.of(checkpoint), KeepWeights.of(keep_weights)
        if resume is None:
            expect_unused(saving, train_set.context)
        run = Run(model, name or model.name, _run_path(Path(runs), name or model.name))
        call = made(run.id, fit, asked, words, plan.seed, train_set)
        for listener in listeners:
            run.stream.subscribe(listener)
        if keeping is not None:
            run.kept, run.arguments = Ring(keeping.last), asked
        show(run, train_set.context, display)
        policy = Policy(bad_batch, spikes)
        chosen = (start, saving, call, keeping, policy, watch, turns or {})
        job = Job(live, train_set, validation, plan, tuple(callbacks), class_weight, *chosen)
        return _start(run, job, pinned.pop_all(), background)


def evaluate(
    model: Any,
    data: Any,
    *,
    batch_size: int = 32,
    context: NNContext | None = None,
    feature_cols: Any = None,
    label_cols: Any = None,
    on_error: str = "raise",
) -> Any:
    """Return the loss and metrics of a compiled model over all of `data`, computed on the Spark workers.

    Args:
        model: a compiled `keras.Model`.
        data: as for `fit`.
        batch_size: rows a worker evaluates at once.
        context, feature_cols, label_cols: as for `fit`.
        on_error: "raise" ends with the error of the first row that fails, naming it. "null" leaves out the rows on
            which the model, its loss or metrics, or a chain of the data fails, and those of a DataFrame that cannot be
            read, such as for a null; the answer is then a pair, the second of which says for each of them why. Rows are
            counted as they come, without those that could not be read.

    Returns:
        A dict under Keras' names; with `on_error="null"` a pair of it and a list of reasons, empty where no row fails.

    Raises:
        ArgumentError: lists every wrong argument.
        DataError: a row fails, or with "null" all do.

    Example:
        >>> zoo_lab.evaluate(model, (x_test, y_test))["accuracy"]                          # doctest: +SKIP
        >>> results, reasons = zoo_lab.evaluate(model, df, feature_cols="v", label_cols="y",
        ...                                     on_error="null")                           # doctest: +SKIP
    """
    from zoo_lab.train.evaluation import evaluate_leniently, evaluate_once

    checks = Checks("evaluate")
    checks.positive_int("batch_size", batch_size)
    checks.one_of("on_error", on_error, POLICIES)
    checks.done()
    lenient = on_error == "null"
    feature_set, unread = as_readable(data, context, feature_cols, label_cols, lenient)
    try:
        if not lenient:
            return evaluate_once(model, feature_set, batch_size)
        results, reasons = evaluate_leniently(model, feature_set, batch_size)
        return results, unread + reasons
    finally:
        if feature_set is not data:
            feature_set.unpersist()


def _pinned(data: Any, context: Any, feature_cols: Any, label_cols: Any, pinned: ExitStack) -> Any:
    """Return `data` as a FeatureSet, which `pinned` releases unless the user made it."""
    feature_set = as_feature_set(data, context, feature_cols, label_cols)
    if feature_set is not None and feature_set is not data:
        pinned.callback(feature_set.unpersist)
    return feature_set


def _start(run: Run, job: Job, pinned: ExitStack, background: bool) -> Run:
    def work() -> None:
        with pinned:
            train(run, job)

    if not background:
        work()
        return run

    def quietly() -> None:
        try:
            work()
        except BaseException:
            pass

    threading.Thread(target=quietly, name=f"zoo_lab run {run.id}", daemon=True).start()
    return run


def _resumed(
    place: str | Path | Kept, live: Any, plan: Plan, seed: int | None, context: NNContext
) -> tuple[Start, Plan]:
    """Return where the run goes on, and its plan with the seed that it began with."""
    if isinstance(place, Kept):
        before = replace(plan, seed=place.seed)
        return place.into(live, plan), replace(before, why=f"{plan.why}; branches after iteration {place.iteration}")
    start, saved_seed, loaded = load_into(place, live, plan, context)
    for skipped in loaded.skipped:
        warnings.warn(f"Skipped the checkpoint {skipped}; training goes on from {loaded.path}.", stacklevel=3)
    if seed not in (None, saved_seed):
        msg = f"Expected seed={saved_seed} as in the checkpoint {loaded.path}, or none; received seed={seed}."
        raise ArgumentError(msg)
    return start, replace(plan, seed=saved_seed, why=f"{plan.why}; goes on after iteration {start.iteration}")


def _check(
    batch_size: Any,
    epochs: Any,
    seed: Any,
    class_weight: Any,
    sync: str,
    iterations_per_job: Any,
    compression: str,
    sync_every: Any,
    drop: Any,
    max_iterations: Any,
    display: str,
    callbacks: Any,
    listeners: Any,
    bad_batch: Any,
    spikes: Any,
    watch: Any,
) -> None:
    import keras

    checks = Checks("fit")
    checks.positive_int("batch_size", batch_size)
    checks.positive_int("epochs", epochs)
    if seed is not None:
        checks.natural_int("seed", seed)
    checks.one_of("sync", sync, _STRATEGIES)
    if iterations_per_job != "auto":
        checks.positive_int("iterations_per_job", iterations_per_job)
    if max_iterations is not None:
        checks.positive_int("max_iterations", max_iterations)
    checks.one_of("compression", compression, ("none", "bf16", "fp16"))
    checks.natural_int("watch", watch)
    checks.require(
        watch in range(MOST_SAMPLES + 1), f"Expected watch to be at most {MOST_SAMPLES}; received {watch!r}."
    )
    check_policy(checks, bad_batch, spikes, sync_every)
    check_combination(checks, sync, iterations_per_job, compression, sync_every, drop)
    checks.one_of("display", display, ("auto", "text", "none"))
    checks.require(
        class_weight is None or isinstance(class_weight, Mapping),
        f"Expected class_weight to be a dict of class number → weight; received {class_weight!r}.",
    )
    known = isinstance(callbacks, (list, tuple)) and all(isinstance(c, keras.callbacks.Callback) for c in callbacks)
    checks.require(known, f"Expected callbacks to be a list of Keras callbacks; received {callbacks!r}.")
    called = isinstance(listeners, (list, tuple)) and all(map(callable, listeners))
    checks.require(called, f"Expected listeners to be a list of functions; received {listeners!r}.")
    checks.done()


def _run_path(folder: Path, name: str) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    readable = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)
    return folder / f"{stamp}-{readable}-{random.SystemRandom().getrandbits(24):06x}.jsonl"
