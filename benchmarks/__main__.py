"""Print the benchmark's tables as Markdown and write their figures as JSON.

python -m benchmarks [--only training,ingest] [--models mlp,lenet] [--batch-sizes 128,1024] [--iterations 20000]
                     [--json FILE] [--from FILE] [--readme README.md] [--quick]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import cluster, endurance, images, ingest, monitor, prediction, report, serving, startup, training
from benchmarks.alone import run_alone
from benchmarks.markdown import rewrite
from benchmarks.measure import machine, write_json
from benchmarks.models import CASES

SECTIONS = (
    *("import", "startup", "training", "ingest", "images", "update", "predict", "serve", "monitor", "cluster"),
    "endurance",
)


def main() -> None:
    """Measure what was asked for, print it, and write it down."""
    arguments = _arguments()
    if arguments.stored is not None:
        figures = json.loads(arguments.stored.read_text(encoding="utf-8"))
    else:
        figures = _measured(arguments)
        print(f"\nFigures: {arguments.json}")
    print(f"\n{report.whole(figures)}")
    if arguments.readme is not None:
        rewrite(arguments.readme, "benchmark", report.short(figures))


def _measured(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of the sections; written after each, so that a run that breaks off leaves something."""
    figures: dict[str, Any] = {"machine": machine(), "seconds": {}}
    for name, measure in _sections(arguments).items():
        begin = time.monotonic()
        figures["import_seconds" if name == "import" else name] = measure()
        figures["seconds"][name] = round(time.monotonic() - begin)
        write_json(arguments.json, figures)
        print(f"{name}: {figures['seconds'][name]} s", flush=True)
    return figures


def _sections(arguments: argparse.Namespace) -> dict[str, Callable[[], Any]]:
    quick = arguments.quick
    small = {"rounds": 1, "most_steps": 8, "warm_up_jobs": 5} if quick else {}
    few = {"rows": 5000} if quick else {}
    some = {"count": 40, "turns": 2, "streamed": 200} if quick else {}
    cases = {"names": arguments.models, "batch_sizes": arguments.batch_sizes}
    sections: dict[str, Callable[[], Any]] = {
        "import": startup.import_seconds,
        "startup": lambda: startup.compare(turns=1 if quick else 5),
        "training": lambda: run_alone("benchmarks.__main__:on_local", section="training", **cases, **small),
        "ingest": lambda: run_alone("benchmarks.__main__:on_local", section="ingest", **few),
        "images": lambda: run_alone("benchmarks.__main__:on_local", section="images", **some),
        "update": lambda: run_alone("benchmarks.update:compare", **({"rounds": 3, "megabytes": 3} if quick else {})),
        "predict": lambda: run_alone(
            "benchmarks.__main__:on_local",
            section="predict",
            **({"rows": 2000, "images": 64, "rounds": 1} if quick else {}),
        ),
        "serve": lambda: serving.compare(**({"requests": 200, "rounds": 1, "endurance": 1000} if quick else {})),
        "monitor": lambda: monitor.compare(
            **({"points": 10_000, "seconds": 1.0, "turns": 1, "pages": 1, "steps": 60, "stops": 1} if quick else {})
        ),
        "cluster": lambda: cluster.compare(**({"warming": 1, "turns": 1, "steps": {3: 4}} if quick else {})),
        "endurance": lambda: endurance.endure(100 if quick else arguments.iterations),
    }
    return {name: sections[name] for name in SECTIONS if name in arguments.only}


def on_local(section: str, **arguments: Any) -> Any:
    """Measure a section on `local[2]`; to be called in a process of its own."""
    import zoo_lab

    context = zoo_lab.init_nncontext(master="local[2]", memory="3g", warm=True)
    try:
        measure = {
            "training": training.compare,
            "ingest": ingest.measure,
            "images": images.measure,
            "predict": prediction.compare,
        }
        return measure[section](context, **arguments)
    finally:
        context.stop()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="What zoo_lab takes, and its targets.")
    parser.add_argument("--only", type=_names, default=SECTIONS, help=f"some of {','.join(SECTIONS)}")
    parser.add_argument("--models", type=_names, default=list(CASES), help=f"some of {','.join(CASES)}")
    parser.add_argument("--batch-sizes", type=lambda text: list(map(int, _names(text))), default=[128, 1024])
    parser.add_argument("--iterations", type=int, default=endurance.ITERATIONS, help="of the longest endurance run")
    parser.add_argument("--json", type=Path, default=Path("build/benchmarks.json"))
    parser.add_argument("--from", dest="stored", type=Path, help="print the figures of an earlier run; measure nothing")
    parser.add_argument("--readme", type=Path, help="put the figures into this page")
    parser.add_argument("--quick", action="store_true", help="only try that everything runs; the figures mean nothing")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    return text.split(",")


if __name__ == "__main__":
    main()
