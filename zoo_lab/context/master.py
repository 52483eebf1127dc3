"""Reads a Spark master URL: where the workers are and how many tasks they take. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zoo_lab.core.errors import ArgumentError

_LOCAL = re.compile(r"local(?:\[\s*(\*|\d+)\s*(?:,\s*\d+\s*)?\])?")
_LOCAL_CLUSTER = re.compile(r"local-cluster\[\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\]")
_CLUSTERS = ("spark://", "k8s://", "yarn")


@dataclass(frozen=True)
class Master:
    """A Spark master.

    Attributes:
        url: as Spark takes it.
        kind: "local" (workers are threads of the driver's JVM), "local-cluster" or "cluster".
        threads: tasks at once of a local master, 0 for "as many as the machine has cores".
        executors: executors of a local-cluster, else 0.
        executor_cores: cores of each executor of a local-cluster, else 0.
        executor_megabytes: memory of each executor of a local-cluster, else 0.
    """

    url: str
    kind: str
    threads: int = 0
    executors: int = 0
    executor_cores: int = 0
    executor_megabytes: int = 0

    @property
    def on_this_machine(self) -> bool:
        """Tell whether all of it runs on the driver's machine."""
        return self.kind != "cluster"

    @classmethod
    def parse(cls, url: str) -> Master:
        """Read a master URL such as "local[2]", "local-cluster[2,1,1024]", "spark://host:7077", "yarn", "k8s://…".

        Errors:
            ArgumentError: the URL is none that Spark knows.
        """
        if match := _LOCAL.fullmatch(url):
            count = match.group(1) or "1"
            return cls(url, "local", threads=0 if count == "*" else int(count))
        if match := _LOCAL_CLUSTER.fullmatch(url):
            executors, cores, megabytes = map(int, match.groups())
            return cls(url, "local-cluster", 0, executors, cores, megabytes)
        if url.startswith(_CLUSTERS):
            return cls(url, "cluster")
        msg = (
            "init_nncontext: Expected master to be local[N], local[*], local-cluster[executors,cores,megabytes], "
            f"spark://host:port, yarn or k8s://…; received {url!r}."
        )
        raise ArgumentError(msg)
