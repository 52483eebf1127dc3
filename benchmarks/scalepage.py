"""Tells in Markdown what the fitted cost model says of real clusters. Pure: figures in, text out.

What is assumed of them is here and nowhere else: links of 10 Gbit/s in each direction, one worker a node that uses all
its cores, and what a node computes in an iteration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.costmodel import TERMS, Constants, Place, Setting, best, efficiency, seconds, traffic
from benchmarks.markdown import table

NODES = (16, 32, 64, 96, 128, 192, 256)
CLUSTER = Place(bandwidth=10e9 / 8)
ACROSS_HOSTS = ("collect", "sliced")
PUBLISHED_SPEED_UP = 5.3  # of the predecessor, Inception-v1, from 16 to 96 nodes; 6 would be ideal
_WITHIN = 0.15


@dataclass(frozen=True)
class Network:
    """A model of the published kind: bytes of its weights, and seconds that a node computes in an iteration."""

    name: str
    weight_bytes: float
    compute_seconds: float

    def on(self, nodes: int, strategy: str = "sliced") -> Setting:
        """Return its iteration on `nodes`, each with the same number of images."""
        return Setting(strategy, nodes, self.weight_bytes, self.compute_seconds)


# A second is about a hundred images of Inception-v1 on a server with two sockets; ResNet-50 takes 2.6 times as many
# operations.
INCEPTION = Network("Inception-v1", 28e6, 1.0)
RESNET = Network("ResNet-50", 102e6, 2.6)
HASTY = (Network("Inception-v1, a quarter", 28e6, 0.25), Network("ResNet-50, a quarter", 102e6, 0.65))


def constants_of(figures: Mapping[str, Any]) -> dict[str, Constants]:
    """Return the fitted constants by strategy."""
    return {strategy: Constants(**found) for strategy, found in figures["fits"].items()}


def speed_up(network: Network, known: Mapping[str, Constants], fewer: int = 16, more: int = 96) -> float:
    """Return how much more `more` nodes do than `fewer`, each with the same number of images an iteration."""
    ends = (efficiency(network.on(nodes), CLUSTER, known["sliced"]) for nodes in (fewer, more))
    first, last = ends
    return more / fewer * last / first


def markdown(figures: Mapping[str, Any]) -> str:
    """Return everything that the page shows of the figures."""
    known = constants_of(figures)
    parts = [
        f"Calibrated on {figures['machine']}.",
        "### The fitted constants",
        _constants(known),
        "### How well it predicts what it has not seen",
        _check(figures["held_back"]),
        "### 16 to 256 nodes",
        "![Efficiency by nodes](scaling-efficiency.svg)",
        _efficiencies(known),
        _published(known),
        "### Which strategy, for which model on how many nodes",
        "![The faster strategy by weights and nodes](scaling-strategies.svg)",
        _winners(known),
        "### What travels",
        _traffic(),
    ]
    return "\n\n".join(parts)


def winner(nodes: int, weight_bytes: float, known: dict[str, Constants]) -> str:
    """Return the faster strategy across hosts; computing takes the same time with both."""
    return best([Setting(strategy, nodes, weight_bytes, 0.0) for strategy in ACROSS_HOSTS], CLUSTER, known)


def _constants(known: Mapping[str, Constants]) -> str:
    names = list(dict.fromkeys(name for terms in TERMS.values() for name in terms))
    units = {name: (1e9, "ns") if name.endswith("byte") else (1e3, "ms") for name in names}
    told = [f"{name.replace('_', ' ')}, {units[name][1]}" for name in names]
    heads = ["strategy", *told, "busy cores", "largest error on the runs"]
    cells = []
    for strategy, found in known.items():
        values = [f"{found.seconds[name] * units[name][0]:.3g}" if name in found.seconds else "" for name in names]
        cells.append([strategy, *values, f"{found.busy:.2f}", f"{100 * found.error:.0f} %"])
    return table(heads, cells)


def _hits(held_back: list[dict[str, Any]], strategies: tuple[str, ...]) -> str:
    errors = [abs(run["error"]) for run in held_back if run["strategy"] in strategies]
    good, names = sum(error <= _WITHIN for error in errors), " and ".join(f"`{name}`" for name in strategies)
    within, worst = f"{100 * _WITHIN:.0f} %", f"{100 * max(errors, default=0.0):.0f} %"
    return f"{good} of {len(errors)} of {names} within {within}, the worst off by {worst}"


def _check(held_back: list[dict[str, Any]]) -> str:
    if not held_back:
        return "Nothing was held back."
    workers = held_back[0]["workers"]
    told = (
        f"A fit without the runs on {workers} workers predicts {_hits(held_back, ('collect', 'sliced'))}: those are "
        f"the strategies of clusters. Of `shared`, which is for the workers of one host: "
        f"{_hits(held_back, ('shared',))}; nothing below rests on it."
    )
    cells = [
        [
            run["strategy"],
            f"{run['bytes'] / 1e6:.1f}",
            f"{1000 * run['seconds']:.0f}",
            f"{1000 * run['predicted']:.0f}",
            f"{100 * run['error']:+.0f} %",
        ]
        for run in held_back
    ]
    return f"{told}\n\n{table(['strategy', 'W MB', 'measured ms', 'predicted ms', 'error'], cells)}"


def _efficiencies(known: dict[str, Constants]) -> str:
    cells = []
    for network in (INCEPTION, RESNET, *HASTY):
        for strategy in ACROSS_HOSTS:
            shares = [efficiency(network.on(nodes, strategy), CLUSTER, known[strategy]) for nodes in NODES]
            about = f"{network.weight_bytes / 1e6:.0f} MB, {network.compute_seconds:g} s"
            cells.append([network.name, about, strategy, *(f"{100 * share:.0f} %" for share in shares)])
    return table(["model", "W, computing", "strategy", *map(str, NODES)], cells)


def _published(known: Mapping[str, Constants]) -> str:
    found = ", ".join(f"{network.name} {speed_up(network, known):.1f}×" for network in (INCEPTION, RESNET, *HASTY))
    hundred = seconds(INCEPTION.on(96), CLUSTER, known["sliced"]) - INCEPTION.compute_seconds
    return (
        f"From 16 to 96 nodes `sliced` is predicted to do: {found}. The predecessor published {PUBLISHED_SPEED_UP}× "
        "for Inception-v1, where 6× is ideal, nearly linear throughput to 128 nodes and a reasonable one at 256. What "
        f"Inception-v1 spends on anything but computing on 96 nodes: {1000 * hundred:.0f} ms an iteration."
    )


def _winners(known: dict[str, Constants]) -> str:
    nodes = (2, 4, 8, *NODES)
    cells = [
        [f"{megabytes:g}", *(winner(count, megabytes * 1e6, known) for count in nodes)]
        for megabytes in (0.1, 1, 3, 10, 28, 102, 400)
    ]
    return table(["W MB \\ nodes", *map(str, nodes)], cells)


def _traffic() -> str:
    cells = []
    for strategy in ACROSS_HOSTS:
        for nodes in (2, 16, 96, 256):
            moved = traffic(strategy, nodes, 1.0)
            values = (moved.node_in, moved.node_out, moved.driver_in, moved.driver_out)
            cells.append([strategy, str(nodes), *(f"{value:.2f}" for value in values)])
    return table(["strategy", "nodes", "node receives W", "node sends W", "driver receives W", "driver sends W"], cells)
