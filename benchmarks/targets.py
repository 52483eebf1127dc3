"""What zoo_lab set out to reach, and how far the figures are from it. Pure: figures in, targets out.

Figures are the dict that `python -m benchmarks` writes as JSON. A section that was not measured has no targets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.monitor import costs

# Milliseconds an iteration on this kind of machine: (model, batch) → BigDL 2.4, and gloo DDP with two processes.
BIGDL = {("mlp", 128): 57.0, ("mlp", 1024): 158.0, ("lenet", 128): 68.0, ("lenet", 1024): 224.0}
GLOO = {("mlp", 128): 10.0, ("mlp", 1024): 34.0, ("lenet", 128): 10.0, ("lenet", 1024): 50.0}

_RATIOS = {
    ("lenet", 1024): 1.0,
    ("resnet20", 1024): 1.0,
    ("lenet", 128): 0.85,
    ("resnet20", 128): 0.85,
    ("mlp", 1024): 0.85,
    ("mlp", 128): 0.5,
}
_BIGDL_SPEED_UP = 5.0
_PREDICT_RATIO = 0.85
_CLUSTER_SECONDS = {"none": 1800.0, "bf16": 1200.0}


@dataclass(frozen=True)
class Target:
    """A figure that should be at least, or at most, a limit.

    Attributes:
        name: what was measured.
        limit: to reach.
        measured: what was reached.
        unit: of both.
        least: whether `limit` is the least to reach, not the most.
    """

    name: str
    limit: float
    measured: float
    unit: str = ""
    least: bool = False

    @property
    def met(self) -> bool:
        """Whether the limit is reached."""
        return self.measured >= self.limit if self.least else self.measured <= self.limit

    @property
    def missed_by(self) -> float:
        """The part of the limit by which it is missed, 0.0 where it is met."""
        return 0.0 if self.met else abs(self.measured - self.limit) / self.limit if self.limit else float("inf")

    @property
    def verdict(self) -> str:
        """The result in words."""
        by = f" by {100 * self.missed_by:.0f} %" if self.limit else ""
        return "met" if self.met else f"missed{by}"

    @property
    def wanted(self) -> str:
        """The limit in words."""
        return f"{'≥' if self.least else '≤'} {amount(self.limit, self.unit)}"


def targets(figures: Mapping[str, Any]) -> list[Target]:
    """Return the targets of all sections of the figures that were measured."""
    sections = {
        "import_seconds": _import,
        "training": _training,
        "ingest": _ingest,
        "images": _images,
        "update": _update,
        "predict": _predict,
        "serve": _serve,
        "monitor": _monitor,
        "cluster": _cluster,
        "endurance": _endurance,
    }
    return [target for name, find in sections.items() if figures.get(name) for target in find(figures[name])]


def mean_milliseconds(row: Mapping[str, Any], way: str) -> float:
    """Return an iteration's time with the launch of its job, which the median of grouped iterations leaves out."""
    return 1000 * row["batch_size"] / row[way]["rate"]


def amount(value: float, unit: str) -> str:
    """Return a value with its unit as text."""
    number = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{number} {unit}".strip()


def _import(seconds: float) -> Iterator[Target]:
    yield Target("import zoo_lab", 0.3, seconds, "s")


def _training(rows: list[Mapping[str, Any]]) -> Iterator[Target]:
    found = {(row["model"], row["batch_size"]): row for row in rows}
    for case, limit in _RATIOS.items():
        if case in found:
            ratio = found[case]["auto"]["rate"] / found[case]["keras_rate"]
            yield Target(f"{_named(case)}: samples/s against Keras' fit", limit, ratio, least=True)
    for limit in (30.0, 25.0):
        yield _worst("overhead of one job an iteration", limit, found, lambda row: row["single"]["overhead"], "ms")
    yield _worst("warm context to first step", 3.0, found, lambda row: row["auto"]["first_step_seconds"], "s")
    for case, before in BIGDL.items():
        if case in found:
            speed_up = before / mean_milliseconds(found[case], "auto")
            yield Target(f"{_named(case)}: times as fast as BigDL 2.4", _BIGDL_SPEED_UP, speed_up, least=True)


def _ingest(lines: list[Mapping[str, Any]]) -> Iterator[Target]:
    for line in lines:
        if line["rows"] >= 1_000_000:
            yield Target(f"one million rows × 20 columns, {line['source']}", 10.0, line["first"], "s")


def _images(figures: Mapping[str, Any]) -> Iterator[Target]:
    chain, memory = figures["chain"], figures["memory"]
    name = f"decode and SSD chain on local[{chain['workers']}], part of {chain['workers']} OpenCV loops"
    yield Target(name, 0.9, chain["ratio"], least=True)
    first, last = memory[1], memory[-1]  # in the first stretch caches and pools fill
    for who in ("driver", "worker"):
        grown = max(0.0, last[who] - first[who])
        yield Target(f"{last['images']:,} images streamed: {who} memory grows by", 30.0, grown, "MB")


def _update(rows: list[Mapping[str, Any]]) -> Iterator[Target]:
    for row in rows:
        yield Target(f"{row['model']}: optimizer update, times Keras' own", 1.0, row["ratio"])


def _predict(rows: list[Mapping[str, Any]]) -> Iterator[Target]:
    for row in rows:
        name = f"predict of {row['rows']:,} rows with {row['model']}"
        for way in ("arrays", "pinned"):
            yield Target(f"{name} ({way}), times Keras' rate", _PREDICT_RATIO, row[way] / row["keras"], least=True)
        # Keras has its rows already; Spark has to bring those of a DataFrame to Python first
        brought = 1 / (1 / row["keras"] + 1 / row["carried"])
        told = f"{name} (frame), times Keras' rate where Spark brings it the rows"
        yield Target(told, _PREDICT_RATIO, row["frame"] / brought, least=True)


def _serve(figures: Mapping[str, Any]) -> Iterator[Target]:
    loads = {(load["clients"], load["way"]): load["rate"] for load in figures["loads"]}
    for (clients, way), rate in loads.items():
        if way == "batched":
            # alone a request cannot gain, and must not lose
            limit = 0.95 if clients == 1 else 1.0
            name = f"service, {clients} client{'s' * (clients > 1)}: requests/s, times one request a call"
            yield Target(name, limit, rate / loads[clients, "single"], least=True)
    later = figures["memory"][3:]
    yield Target(f"service: memory that {figures['requests']:,} requests add", 10.0, later[-1] - min(later), "MB")


def _monitor(figures: Mapping[str, Any]) -> Iterator[Target]:
    found = costs(figures)
    yield Target(f"pan over {figures['points']:,} iterations", 30.0, found["frames"], "frames/s", least=True)
    yield Target("kernel → browser while training", 30.0, found["kilobytes"], "KB/s")
    # what two runs or two pages of the same kind differ by cannot be told from a cost; what the monitor computes can
    unlike = max(2.0, 100 * found["unlike"])
    yield Target("training throughput that the monitor costs", unlike, max(0.0, 100 * found["share"]), "%")
    yield Target("processors' time that the monitor takes from training", 2.0, 100 * found["busy"], "%")
    yield Target("JupyterLab extension", 300.0, found["extension"], "KB")
    yield Target("Stop in the page until the cell has ended", 1000.0, found["stop"], "ms")
    yield Target(
        "JupyterLab ready later with the extension", max(found["spread"], 50.0), max(0.0, found["later"]), "ms"
    )


def _cluster(rows: list[Mapping[str, Any]]) -> Iterator[Target]:
    sliced = {(row["megabytes"], row["compression"]): row for row in rows if row["sync"] == "sliced"}
    for (megabytes, compression), row in sliced.items():
        name = f"sliced on a local cluster, W = {megabytes} MB{', bf16' if compression == 'bf16' else ''}"
        if megabytes >= 100:
            yield Target(f"{name}: an iteration", _CLUSTER_SECONDS[compression], row["median"], "ms")
            yield Target(f"{name}: through the driver", 3.0, row["driver"], "W")
        elif compression == "none":
            yield Target(f"{name}: overhead", 100.0, row["overhead"], "ms")


def _endurance(runs: list[Mapping[str, Any]]) -> Iterator[Target]:
    for run in runs:
        name = f"{run['iterations']:,} iterations of {run['name']}: figures that grow"
        yield Target(name, 0, sum(not line["flat"] for line in run["verdict"]))


def _worst(name: str, limit: float, found: Mapping[Any, Any], value: Any, unit: str) -> Target:
    case = max(found, key=lambda key: value(found[key]))
    return Target(f"{name}, at worst ({_named(case)})", limit, value(found[case]), unit)


def _named(case: tuple[str, int]) -> str:
    return f"{case[0]} at {case[1]}"
