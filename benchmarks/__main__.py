"""Print the benchmark table and write its figures as JSON.

python -m benchmarks [--models mlp,lenet] [--batch-sizes 128,1024] [--iterations 5000] [--json FILE]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from benchmarks.endurance import Stretch, endure  # noqa: E402 - TensorFlow reads the variable above when it is imported
from benchmarks.measure import machine  # noqa: E402
from benchmarks.models import CASES  # noqa: E402
from benchmarks.startup import import_seconds  # noqa: E402
from benchmarks.training import Figures, compare  # noqa: E402


def main() -> None:
    """Run what was asked for and print it."""
    arguments = _arguments()
    import zoo_lab

    imported = import_seconds()
    context = zoo_lab.init_nncontext(master="local[2]", memory="3g", warm=True)
    rows = compare(context, arguments.models, arguments.batch_sizes)
    stretches = endure(context, arguments.iterations) if arguments.iterations else []
    context.stop()
    _print(imported, rows, stretches)
    figures: dict[str, Any] = {
        "machine": machine(),
        "import_seconds": imported,
        "training": [{**dataclasses.asdict(row), "ratio": row.ratio} for row in rows],
        "endurance": [dataclasses.asdict(stretch) for stretch in stretches],
    }
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    print(f"\nFigures: {arguments.json}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="zoo_lab on local[2] against Keras' fit.")
    parser.add_argument("--models", type=lambda text: text.split(","), default=list(CASES))
    parser.add_argument("--batch-sizes", type=lambda text: [int(size) for size in text.split(",")], default=[128, 1024])
    parser.add_argument("--iterations", type=int, default=5000, help="of the endurance run; 0 leaves it out")
    parser.add_argument("--json", type=Path, default=Path("build/benchmarks.json"))
    return parser.parse_args()


def _print(imported: float, rows: list[Figures], stretches: list[Stretch]) -> None:
    print(f"\n{machine()}\nimport zoo_lab: {imported:.2f} s\n")
    print(
        "| model | batch | Keras samples/s | zoo_lab samples/s | ratio | Keras ms | median ms | p90 ms | compute ms |"
        " overhead ms | first step s | driver MB | worker MB |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row.model} | {row.batch_size} | {row.keras_rate:,.0f} | {row.zoo_rate:,.0f} | {row.ratio:.2f} "
            f"| {row.keras_median:.1f} | {row.median:.1f} | {row.p90:.1f} | {row.compute:.1f} | {row.overhead:.1f} "
            f"| {row.first_step_seconds:.1f} | {row.driver_memory:.0f} | {row.worker_memory:.0f} |"
        )
    if stretches:
        print("\n| iterations | median ms | driver MB | worker MB | files |\n|---|---|---|---|---|")
    for stretch in stretches:
        print(
            f"| {stretch.iterations} | {stretch.median_milliseconds:.1f} | {stretch.driver_memory:.0f} "
            f"| {stretch.worker_memory:.0f} | {stretch.files} |"
        )


if __name__ == "__main__":
    main()
