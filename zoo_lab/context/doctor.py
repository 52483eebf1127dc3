"""Says what is wrong with this machine and how to repair it: small pure checks from `Facts` to a `Finding`."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zoo_lab.context.facts import Facts
from zoo_lab.context.java import MINIMUM, REPAIR
from zoo_lab.core.errors import EnvironmentProblem

OK, WARNING, ERROR = "ok", "warning", "error"
_GIGABYTE = 1 << 30
_MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Attributes:
        level: "ok", "warning" (works, but not well) or "error" (does not work).
        subject: what was looked at.
        what: what was found.
        repair: what to do, "" where all is well.
    """

    level: str
    subject: str
    what: str
    repair: str = ""


def check_java(facts: Facts) -> Finding:
    """Is there a Java that Spark runs on, and is it the one that was meant?"""
    good = [java for java in facts.javas if java.version is not None and java.version >= MINIMUM]
    if not good:
        found = ", ".join(f"{java.source}: {_java(java.version)} in {java.home}" for java in facts.javas) or "none"
        return Finding(ERROR, "Java", f"No Java {MINIMUM} or newer; found {found}.", REPAIR)
    first, used = facts.javas[0], good[0]
    if first is not used and first.source == "JAVA_HOME":
        what = f"JAVA_HOME names {first.home}, which has {_java(first.version)}; {used.source}'s is used."
        return Finding(WARNING, "Java", what, f"Unset JAVA_HOME, or set it to a Java {MINIMUM} or newer.")
    return Finding(OK, "Java", f"Java {used.version} of {used.source} in {used.home}")


def check_spark_home(facts: Facts) -> Finding:
    """Is SPARK_HOME unset, or a Spark of PySpark's version?"""
    pyspark = facts.packages.get("pyspark", "none")
    if not facts.spark_home:
        return Finding(OK, "Spark", f"Spark {pyspark}, PySpark's own")
    repair = "Unset SPARK_HOME: PySpark brings its own Spark. Or install the PySpark of that Spark's version."
    if not facts.spark_home_version:
        return Finding(ERROR, "Spark", f"SPARK_HOME names {facts.spark_home}, which holds no Spark.", repair)
    if facts.spark_home_version.split(".")[:2] != pyspark.split(".")[:2]:
        what = f"SPARK_HOME names a Spark {facts.spark_home_version}; PySpark here is {pyspark}."
        return Finding(ERROR, "Spark", what, repair)
    return Finding(OK, "Spark", f"Spark {facts.spark_home_version} of SPARK_HOME")


def check_python(facts: Facts) -> Finding:
    """Do workers run the driver's Python version?"""
    if not facts.worker_python:
        return Finding(OK, "Python", f"Python {facts.python_version} for driver and workers")
    if not facts.worker_python_version:
        what = f"PYSPARK_PYTHON names {facts.worker_python}, which does not run on this machine."
        return Finding(WARNING, "Python", what, "Unset PYSPARK_PYTHON, unless that Python exists on the cluster.")
    if facts.worker_python_version.split(".")[:2] != facts.python_version.split(".")[:2]:
        what = (
            f"The driver runs Python {facts.python_version}; PYSPARK_PYTHON names {facts.worker_python}, a Python "
            f"{facts.worker_python_version}."
        )
        return Finding(ERROR, "Python", what, "Unset PYSPARK_PYTHON, or set it to a Python of the driver's version.")
    return Finding(OK, "Python", f"Python {facts.python_version}, workers {facts.worker_python_version}")


def check_packages(facts: Facts) -> Finding:
    """Is what zoo_lab stands on installed?"""
    missing = [name for name in ("pyspark", "tensorflow", "keras", "numpy", "pyarrow") if name not in facts.packages]
    if missing:
        return Finding(ERROR, "Packages", f"Not installed: {', '.join(missing)}.", "Run `pip install zoo-lab`.")
    shown = ", ".join(f"{name} {facts.packages[name]}" for name in ("tensorflow", "keras", "pyarrow"))
    return Finding(OK, "Packages", shown)


def check_pandas(facts: Facts) -> Finding:
    """Is pandas one that PySpark takes?"""
    version = facts.packages.get("pandas", "")
    if version and int(version.split(".")[0]) >= 3:
        what = f"pandas {version}: PySpark 4 is not made for pandas 3."
        return Finding(WARNING, "pandas", what, "Run `pip install 'pandas<3'`.")
    return Finding(OK, "pandas", version or "not installed")


def check_memory(facts: Facts) -> Finding:
    """Is there memory for Spark's Java and TensorFlow in a few workers?"""
    if not facts.memory_total:
        return Finding(OK, "Memory", "unknown on this system")
    what = f"{facts.memory_available / _GIGABYTE:.1f} GB free of {facts.memory_total / _GIGABYTE:.1f} GB"
    if facts.memory_available < _GIGABYTE:
        repair = "Free some: Spark's Java takes about 0.5 GB and each worker with TensorFlow as much."
        return Finding(ERROR, "Memory", what, repair)
    if facts.memory_available < 3 * _GIGABYTE:
        return Finding(WARNING, "Memory", what, "Use few slots and a small heap: master='local[2]', memory='1g'.")
    return Finding(OK, "Memory", what)


def check_heap(facts: Facts) -> Finding:
    """Does the heap that was asked for fit into this machine?"""
    if not (facts.heap_wanted and facts.memory_total):
        return Finding(OK, "Heap", "as much as fits")
    what = (
        f"A heap of {facts.heap_wanted / _GIGABYTE:.1f} GB was asked for; this machine has "
        f"{facts.memory_total / _GIGABYTE:.1f} GB, {facts.memory_available / _GIGABYTE:.1f} GB of them free."
    )
    if facts.heap_wanted > facts.memory_total:
        return Finding(ERROR, "Heap", what, "Ask for less (memory=…): Java would be killed once it used it.")
    if facts.heap_wanted > facts.memory_available:
        return Finding(WARNING, "Heap", what, "Ask for less (memory=…), or free some: Java may be killed as it fills.")
    return Finding(OK, "Heap", what)


def check_shared_memory(facts: Facts) -> Finding:
    """Is /dev/shm large enough for weights and gradients?"""
    if facts.shared_memory < 0:
        return Finding(OK, "Shared memory", "no /dev/shm on this system: a temporary file is used")
    what = f"/dev/shm has {facts.shared_memory / _MEGABYTE:.0f} MB"
    if facts.shared_memory < 256 * _MEGABYTE:
        repair = "Start the container with --shm-size=1g. Without, large models use a temporary file, which is slower."
        return Finding(WARNING, "Shared memory", what, repair)
    return Finding(OK, "Shared memory", what)


def check_temporary_folder(facts: Facts) -> Finding:
    """Is there room for shards and shuffle files?"""
    what = f"{facts.temporary_free / _GIGABYTE:.1f} GB free in the temporary folder"
    if facts.temporary_free < _GIGABYTE:
        return Finding(WARNING, "Disk", what, "Free some, or set TMPDIR to a folder with room for your data.")
    return Finding(OK, "Disk", what)


def check_loopback(facts: Facts) -> Finding:
    """Can Python, Java and the workers talk to each other on this machine?"""
    if facts.loopback_problem:
        what = f"This process cannot reach itself over 127.0.0.1: {facts.loopback_problem}."
        return Finding(ERROR, "Network", what, "Allow local connections in the firewall or the sandbox.")
    return Finding(OK, "Network", "local connections work")


def check_proxy(facts: Facts) -> Finding:
    """Do local addresses go past the proxy?"""
    if facts.proxies and not {"localhost", "127.0.0.1", "*"} & set(facts.no_proxy):
        what = f"{', '.join(facts.proxies)} set, and local addresses are no exception."
        return Finding(WARNING, "Proxy", what, "Set NO_PROXY=localhost,127.0.0.1, or pages such as the Spark UI fail.")
    return Finding(OK, "Proxy", "none in the way")


def check_opencv(facts: Facts) -> Finding:
    """Does OpenCV load, for images?"""
    if facts.opencv_problem:
        what = f"Images cannot be read, since cv2 does not load: {facts.opencv_problem}."
        repair = "Run `pip uninstall -y opencv-python` and `pip install --force-reinstall opencv-python-headless`."
        return Finding(WARNING, "OpenCV", what, repair)
    return Finding(OK, "OpenCV", "loads")


def check_processor(facts: Facts) -> Finding:
    """Can the processor run TensorFlow's wheels?"""
    if "sse2" in facts.processor_flags and "avx" not in facts.processor_flags:
        what = "This processor has no AVX, with which TensorFlow is built: it ends with 'Illegal instruction'."
        return Finding(ERROR, "Processor", what, "Use another machine, or pass the host's CPU through to this one.")
    return Finding(OK, "Processor", "runs TensorFlow")


def check_session_kind(facts: Facts) -> Finding:
    """Is PySpark in the mode that RDD jobs and job tags need?"""
    if facts.remote_session:
        what = f"SPARK_REMOTE is set to {facts.remote_session}: Spark Connect runs no RDD jobs."
        return Finding(ERROR, "PySpark mode", what, "Unset SPARK_REMOTE and name the cluster with master=….")
    if not facts.pinned_threads:
        what = "PYSPARK_PIN_THREAD is off: jobs cannot be told apart, so ■ could not stop them."
        return Finding(ERROR, "PySpark mode", what, "Unset PYSPARK_PIN_THREAD and restart the kernel.")
    return Finding(OK, "PySpark mode", "classic, with pinned threads")


Check = Callable[[Facts], Finding]
BEFORE_START: tuple[Check, ...] = (
    check_java,
    check_spark_home,
    check_python,
    check_loopback,
    check_session_kind,
    check_memory,
    check_heap,
    check_shared_memory,
)
ALL: tuple[Check, ...] = (
    *BEFORE_START,
    check_packages,
    check_pandas,
    check_temporary_folder,
    check_processor,
    check_opencv,
    check_proxy,
)


def examine(facts: Facts, checks: Sequence[Check] = ALL) -> list[Finding]:
    """Return the findings of `checks`, in their order."""
    return [check(facts) for check in checks]


def expect_no_error(findings: Sequence[Finding]) -> None:
    """Raise `EnvironmentProblem` with every error and its repair, or return."""
    errors = [finding for finding in findings if finding.level == ERROR]
    if errors:
        lines = "".join(f"\n  - {finding.subject}: {finding.what} {finding.repair}" for finding in errors)
        msg = f"Spark cannot start here:{lines}"
        raise EnvironmentProblem(msg)


def notices(findings: Sequence[Finding]) -> str:
    """Return the warnings with their repairs, one a line."""
    return "\n".join(f"{found.subject}: {found.what} {found.repair}" for found in findings if found.level == WARNING)


def as_table(findings: Sequence[Finding], width: int = 100) -> str:
    """Return the findings as a plain-text table, repairs below what they repair."""
    left = max(len(finding.subject) for finding in findings)
    lines = []
    for finding in findings:
        head = f"{finding.level:<7}  {finding.subject:<{left}}  "
        text = finding.what if not finding.repair else f"{finding.what}\n→ {finding.repair}"
        for number, line in enumerate(_wrapped(text, width - len(head))):
            lines.append((head if number == 0 else " " * len(head)) + line)
    return "\n".join(lines)


def _wrapped(text: str, width: int) -> list[str]:
    options = {"break_long_words": False, "break_on_hyphens": False}
    return [line for part in text.splitlines() for line in textwrap.wrap(part, max(40, width), **options)]


def _java(version: int | None) -> str:
    return "no Java that runs" if version is None else f"Java {version}"
