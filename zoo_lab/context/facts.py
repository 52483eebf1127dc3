"""Gathers what `doctor` judges. Effects only: it looks, and decides nothing."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from zoo_lab.context.java import Java, find_candidates
from zoo_lab.context.scratch import SHARED_MEMORY

_PACKAGES = ("pyspark", "tensorflow", "keras", "numpy", "pandas", "pyarrow", "jupyterlab", "anywidget", "ipywidgets")
_PROXIES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")


@dataclass(frozen=True)
class Facts:
    """What is so on this machine.

    Attributes:
        javas: the Javas found, in order of preference.
        spark_home: the variable SPARK_HOME, "" where unset.
        spark_home_version: the version of the Spark there, "" where there is none.
        worker_python: the variable PYSPARK_PYTHON, "" where unset.
        worker_python_version: its version, "" where it does not run on this machine.
        python_version: the running Python's.
        packages: {package: installed version}.
        memory_total: bytes of memory that this process may use.
        memory_available: bytes of it that are free.
        shared_memory: size of /dev/shm in bytes, -1 where there is none.
        temporary_free: free bytes in the temporary folder.
        loopback_problem: why this process cannot talk to itself over 127.0.0.1, "" if it can.
        opencv_problem: why cv2 cannot be imported, "" if it can or was not tried.
        processor_flags: what the processor can do, empty where unknown.
        proxies: the proxy variables that are set.
        no_proxy: the hosts that go past the proxy.
        remote_session: the variable SPARK_REMOTE.
        pinned_threads: whether PySpark pins threads (PYSPARK_PIN_THREAD).
        heap_wanted: bytes that Spark's Java is to have as its heap, 0 where nobody said.
    """

    javas: tuple[Java, ...] = ()
    spark_home: str = ""
    spark_home_version: str = ""
    worker_python: str = ""
    worker_python_version: str = ""
    python_version: str = platform.python_version()
    packages: dict[str, str] = field(default_factory=dict)
    memory_total: int = 0
    memory_available: int = 0
    shared_memory: int = -1
    temporary_free: int = 0
    loopback_problem: str = ""
    opencv_problem: str = ""
    processor_flags: frozenset[str] = frozenset()
    proxies: tuple[str, ...] = ()
    no_proxy: tuple[str, ...] = ()
    remote_session: str = ""
    pinned_threads: bool = True
    heap_wanted: int = 0


def gather(*, thorough: bool = True, heap_wanted: int = 0) -> Facts:
    """Look at this machine.

    Args:
        thorough: also import what takes time (OpenCV); False before a context starts.
        heap_wanted: bytes that Spark's Java is to have as its heap, 0 where nobody said.
    """
    environment = os.environ
    total, available = memory()
    worker_python = environment.get("PYSPARK_PYTHON", "")
    return Facts(
        javas=tuple(find_candidates()),
        spark_home=environment.get("SPARK_HOME", ""),
        spark_home_version=spark_version_of(environment.get("SPARK_HOME", "")),
        worker_python=worker_python,
        worker_python_version=python_version_of(worker_python),
        packages=installed_packages(),
        memory_total=total,
        memory_available=available,
        shared_memory=shutil.disk_usage(SHARED_MEMORY).total if SHARED_MEMORY.is_dir() else -1,
        temporary_free=shutil.disk_usage(tempfile.gettempdir()).free,
        loopback_problem=loopback_problem(),
        opencv_problem=opencv_problem() if thorough else "",
        processor_flags=processor_flags(),
        proxies=tuple(name for name in _PROXIES if name in environment),
        no_proxy=tuple(re.split(r"[,\s]+", environment.get("no_proxy") or environment.get("NO_PROXY") or "")),
        remote_session=environment.get("SPARK_REMOTE", ""),
        pinned_threads=environment.get("PYSPARK_PIN_THREAD", "true").lower() == "true",
        heap_wanted=heap_wanted,
    )


def memory() -> tuple[int, int]:
    """Return (all, available) bytes of memory of this machine or, if less, of its container; 0 where unknown."""
    lines = dict(re.findall(r"(\w+):\s+(\d+) kB", _text(Path("/proc/meminfo"))))
    total, available = (int(lines.get(name, 0)) << 10 for name in ("MemTotal", "MemAvailable"))
    limit, used = (_text(Path("/sys/fs/cgroup") / name).strip() for name in ("memory.max", "memory.current"))
    if limit.isdigit() and used.isdigit() and int(limit) < total:
        # files that were read count as used, and make room when it is needed
        cached = dict(re.findall(r"(\w+) (\d+)", _text(Path("/sys/fs/cgroup/memory.stat")))).get("inactive_file", "0")
        return int(limit), min(available, int(limit) - int(used) + int(cached))
    return total, available


def spark_version_of(home: str) -> str:
    """Return the version of the Spark in the folder `home`, "" where there is none."""
    for jar in Path(home, "jars").glob("spark-core_*.jar") if home else ():
        if match := re.search(r"spark-core_[\d.]+-(\d+\.\d+\.\d+\S*)\.jar", jar.name):
            return match.group(1)
    return ""


def python_version_of(program: str) -> str:
    """Return the version of a Python program, "" where it does not run on this machine."""
    if program in ("", sys.executable):
        return platform.python_version() if program else ""
    try:
        code = "import platform; print(platform.python_version())"
        done = subprocess.run([program, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def installed_packages() -> dict[str, str]:
    """Return {package: version} of the packages that zoo_lab stands on, as far as they are installed."""
    found = {}
    for name in (*_PACKAGES, "tensorflow-cpu"):
        try:
            found[name.removesuffix("-cpu")] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def loopback_problem() -> str:
    """Return why this process cannot talk to itself over 127.0.0.1, "" if it can."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=5).close()
    except OSError as error:
        return str(error)
    return ""


def opencv_problem() -> str:
    """Return why cv2 cannot be imported, "" if it can."""
    if importlib.util.find_spec("cv2") is None:
        return "not installed"
    try:
        import cv2  # noqa: F401
    except ImportError as error:
        return str(error)
    return ""


def processor_flags() -> frozenset[str]:
    """Return what the processor can do, such as "avx"; empty where the system does not say."""
    match = re.search(r"^flags\s*:\s*(.*)$", _text(Path("/proc/cpuinfo")), re.MULTILINE)
    return frozenset(match.group(1).split()) if match else frozenset()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
