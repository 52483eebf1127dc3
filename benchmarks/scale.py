"""What training will cost on clusters that are not here: runs on 1 to 8 workers, a model fitted to them, predictions.

python -m benchmarks.scale [--json FILE] [--page docs/scaling.md] [--from FILE] [--quick]

It writes the figures as JSON, draws the plots beside the page, and puts tables and plots into it. `costmodel` owns the
formulas, `scaleplots` the drawing; this module runs, fits and predicts.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import scalepage
from benchmarks.alone import run_alone
from benchmarks.costmodel import STRATEGIES, Constants, Place, Setting, fit, seconds
from benchmarks.markdown import rewrite
from benchmarks.measure import machine, write_json
from benchmarks.models import dense, dense_data

WORKERS = (1, 2, 4, 8)
HELD_BACK = 4
_MEGABYTES = (0.3, 3.0, 24.0)
_STEPS = {0.3: (15, 25), 3.0: (15, 16), 24.0: (12, 9)}  # to warm, and to measure
_WARM_UP = {"sliced": 80, "collect": 30}  # iterations before all else: a young Java is several times slower
_ROWS_PER_WORKER = 16
_JSON = Path("build/scale.json")
_PAGE = Path("docs/scaling.md")


def main() -> None:
    """Measure, fit, predict, and write it all down."""
    arguments = _arguments()
    if arguments.stored is not None:
        figures = json.loads(arguments.stored.read_text(encoding="utf-8"))
    else:
        figures = calibrate(arguments.json, arguments.quick)
    figures |= {"fits": fits(figures), "held_back": held_back(figures)}
    write_json(arguments.json, figures)
    text = scalepage.markdown(figures)
    print(text)
    if arguments.page is not None and not arguments.quick:
        from benchmarks.scaleplots import draw

        draw(figures, arguments.page.parent)
        rewrite(arguments.page, "scaling", text)


def calibrate(path: Path, quick: bool = False) -> dict[str, Any]:
    """Return the machine and the timed iterations of every strategy, number of workers and size of model.

    They are written to `path` after each number of workers: `--from` takes what there is if a larger one fails.
    """
    figures: dict[str, Any] = {"machine": machine(), "cores": _cores(), "task_seconds": math.inf, "runs": []}
    sizes = [0.3] if quick else list(_MEGABYTES)
    for count in (1, 2) if quick else WORKERS:
        found = run_alone("benchmarks.scale:measure", workers=count, megabytes=sizes, shorter=8 if quick else 1)
        figures["runs"] += found["runs"]
        figures["task_seconds"] = min(found["task_seconds"], figures["task_seconds"])
        write_json(path, figures)
        print(f"{count} workers: {len(figures['runs'])} runs so far", flush=True)
    return figures


def measure(workers: int, megabytes: list[float], shorter: int) -> dict[str, Any]:
    """Return the timed runs on so many workers, and a task's launch; to be called in a process of its own."""
    import zoo_lab

    context = zoo_lab.init_nncontext(master=f"local-cluster[{workers},1,1024]", warm=True)
    for strategy, count in _WARM_UP.items():
        _run(context, megabytes[0], strategy, 0, count // shorter)
    runs = []
    for size in megabytes:
        warm, steps = (max(2, count // shorter) for count in _STEPS[size])
        runs += [_run(context, size, strategy, warm, steps) for strategy in STRATEGIES]
    launch = _task_seconds(context)
    context.stop()
    return {"task_seconds": launch, "runs": runs}


def fits(figures: dict[str, Any], without: int | None = None) -> dict[str, dict[str, Any]]:
    """Return the constants of each strategy, fitted to its runs; those on `without` workers are not looked at."""
    measured = [
        (setting_of(run, figures["runs"]), run["seconds"]) for run in figures["runs"] if run["workers"] != without
    ]
    found = fit(measured, Place(cores=figures["cores"]), figures["task_seconds"])
    return {strategy: asdict(constants) for strategy, constants in found.items()}


def held_back(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """Return how well a fit without the runs on `HELD_BACK` workers predicts them."""
    held = [run for run in figures["runs"] if run["workers"] == HELD_BACK]
    if not held:
        return []
    place, known = Place(cores=figures["cores"]), fits(figures, without=HELD_BACK)
    found = []
    for run in held:
        predicted = seconds(setting_of(run, figures["runs"]), place, Constants(**known[run["strategy"]]))
        found.append({**run, "predicted": predicted, "error": predicted / run["seconds"] - 1})
    return found


def setting_of(run: dict[str, Any], runs: list[dict[str, Any]]) -> Setting:
    """Return the setting of a run; what a worker computes is taken from the runs of the same model on one worker."""
    alone = [other["compute"] for other in runs if other["workers"] == 1 and other["bytes"] == run["bytes"]]
    return Setting(run["strategy"], run["workers"], run["bytes"], statistics.median(alone))


def _run(context: Any, megabytes: float, strategy: str, warm: int, steps: int) -> dict[str, Any]:
    """Train a model of this size with one job an iteration, and return the medians after `warm` iterations."""
    import zoo_lab
    from zoo_lab.core.events import IterationDone
    from zoo_lab.feature.featureset import FeatureSet

    context.one_host = strategy == "shared"  # for the others each executor is to be a host of its own
    model, batch_size = dense(megabytes), context.slots * _ROWS_PER_WORKER
    data = FeatureSet.from_numpy(*dense_data((warm + steps) * batch_size), context=context)
    with tempfile.TemporaryDirectory() as folder:
        usual = {"batch_size": batch_size, "epochs": 1, "display": "none", "runs": folder}
        run = zoo_lab.fit(model, data, sync=strategy, iterations_per_job=1, **usual)
        events = [event for event in run.events if isinstance(event, IterationDone)][warm:]
    data.unpersist()
    return {
        "strategy": strategy,
        "workers": context.slots,
        "bytes": 4 * model.count_params(),
        "seconds": statistics.median(event.seconds for event in events),
        "compute": statistics.median(event.parts["compute"] for event in events),
    }


def _task_seconds(context: Any, few: int = 16, many: int = 272, repeats: int = 7) -> float:
    """Return what one more task takes that does nothing, in Java alone: launching it, and hearing of its end."""
    scala = context.sc._jsc.sc()
    times: dict[int, list[float]] = {few: [], many: []}
    for _ in range(repeats):
        for count, found in times.items():
            begin = time.perf_counter()
            scala.range(0, count, 1, count).count()
            found.append(time.perf_counter() - begin)
    medians = [statistics.median(found[2:]) for found in times.values()]
    return max(0.0, (medians[1] - medians[0]) / (many - few))


def _cores() -> int:
    from zoo_lab.context.slots import machine_cores

    return machine_cores()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description="Predict what a cluster will take.")
    parser.add_argument("--json", type=Path, default=_JSON)
    parser.add_argument("--page", type=Path, default=_PAGE, help="whose figures are replaced; plots go beside it")
    parser.add_argument("--from", dest="stored", type=Path, help="take the runs of an earlier JSON; measure nothing")
    parser.add_argument("--quick", action="store_true", help="only try that it runs: the page stays as it is")
    return parser.parse_args()


if __name__ == "__main__":
    main()
