"""What a context can be started with: the one table that %zoo_context and JupyterLab's form are made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class ContextOption:
    """One setting.

    Attributes:
        name: as %zoo_context takes it, such as "--memory".
        kind: "text", "number", "flag", "pair" (KEY=VALUE) or "name" (of a variable to make).
        metavar: what the help calls the value, "" for a flag.
        help: one sentence.
        title: what a form calls it.
        default: what holds without it, in words; "" where that is nothing.
        suggestions: values to offer.
        many: whether it can be given several times.
    """

    name: str
    kind: str
    metavar: str
    help: str
    title: str
    default: str = ""
    suggestions: tuple[str, ...] = ()
    many: bool = False


CONTEXT_OPTIONS = (
    ContextOption(
        "--master",
        "text",
        "URL",
        "where Spark runs",
        "Master",
        "the machine's own setting, else local[*]",
        ("local[*]", "local[2]", "yarn", "spark://", "k8s://"),
    ),
    ContextOption(
        "--memory",
        "text",
        "SIZE",
        "such as 4g: of Spark's Java with a local master, else of each executor",
        "Memory",
        "a part of the machine's",
        ("2g", "4g", "8g"),
    ),
    ContextOption(
        "--cores", "number", "N", "tasks at once with a local master, else cores of each executor", "Cores", "all"
    ),
    ContextOption(
        "--ship-env",
        "flag",
        "",
        "pack this Python environment and send it to the cluster's executors",
        "Ship the environment",
    ),
    ContextOption(
        "--env-archive",
        "text",
        "FILE",
        "send this packed environment instead: a .tar.gz here, or a URL that the cluster reads",
        "Environment archive",
    ),
    ContextOption("--app-name", "text", "TEXT", "what the Spark UI shows", "Application name", "zoo_lab"),
    ContextOption(
        "--conf",
        "pair",
        "KEY=VALUE",
        "a Spark property; it wins over zoo_lab's own settings",
        "Spark properties",
        many=True,
    ),
    ContextOption("--debug", "flag", "", "show errors with all that is known, not only their message", "Debug"),
    ContextOption("-o", "name", "NAME", "keep the context under this name", "Keep as"),
)


def as_plain() -> list[dict[str, Any]]:
    """Return the table as plain JSON values.

    Example:
        >>> as_plain()[0]["name"]
        '--master'
    """
    return [{**asdict(option), "suggestions": list(option.suggestions)} for option in CONTEXT_OPTIONS]
