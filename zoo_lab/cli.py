"""The command `zoo-lab`: open the lab, examine the machine, run the demo, serve a model."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import zoo_lab
from zoo_lab.core.errors import ZooLabError

# The quickstart's last cell prints this, with a JSON object behind it.
DEMO_MARK = "zoo_lab demo:"
_QUICKSTART = Path("notebooks") / "quickstart.ipynb"
_CELL_SECONDS = 1800


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: without the program's name; default those of the process.
    """
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command is not lab:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    options.rest = rest
    try:
        return options.command(options)
    except ZooLabError as error:
        sys.stderr.write(f"zoo-lab: {error}\n")
        return 1


def lab(options: argparse.Namespace) -> int:
    """Start JupyterLab in a folder or on a notebook, in place of this process; unknown arguments go on to it."""
    command = [sys.executable, "-m", "jupyterlab", *options.rest]
    if options.folder is not None:
        path = Path(options.folder).resolve()
        command.append(str(path) if path.is_file() else f"--ServerApp.root_dir={path}")
    if os.name == "posix":
        sys.stdout.flush()
        os.execv(command[0], command)
    import subprocess

    return subprocess.call(command)


def doctor(_: argparse.Namespace) -> int:
    """Print what is right and wrong with this machine; 1 if something cannot work."""
    from zoo_lab.context import doctor as checks
    from zoo_lab.context.facts import gather

    findings = checks.examine(gather())
    print(checks.as_table(findings))
    return 1 if any(finding.level == checks.ERROR for finding in findings) else 0


def version(_: argparse.Namespace) -> int:
    """Print the versions of what works together here."""
    from zoo_lab.context.facts import installed_packages
    from zoo_lab.context.java import choose, find_candidates

    packages = installed_packages()
    try:
        java = choose(find_candidates())
        java_text = f"{java.version} ({java.source})"
    except ZooLabError:
        java_text = "none that fits, see zoo-lab doctor"
    rows = {
        "zoo_lab": zoo_lab.__version__,
        "python": platform.python_version(),
        "java": java_text,
        "spark": packages.get("pyspark", "not installed"),
        **{name: packages.get(name, "not installed") for name in ("tensorflow", "keras")},
    }
    print("\n".join(f"{name:<10} {value}" for name, value in rows.items()))
    return 0


def demo(options: argparse.Namespace) -> int:
    """Run the quickstart notebook without a browser and print what came out of it."""
    source = Path(options.notebook) if options.notebook else _find_quickstart()
    if not source.is_file():
        sys.stderr.write(f"zoo-lab: Expected a notebook; {source} is none. Name it with --notebook.\n")
        return 1
    target = Path(options.output) if options.output else source.parent / "output"
    begin = time.monotonic()
    print(f"Running {source} …", flush=True)
    notebook, failure = _execute(source)
    target.mkdir(parents=True, exist_ok=True)
    path = target / source.name
    _write_notebook(notebook, path)
    if failure:
        sys.stderr.write(f"zoo-lab: a cell of {source} failed:\n{failure}\nThe notebook up to there: {path}\n")
        return 1
    _print_result(find_result(notebook), path, time.monotonic() - begin)
    return 0


def serve(options: argparse.Namespace) -> int:
    """Serve a model over HTTP until Ctrl-C."""
    from zoo_lab.serving import run

    limits = {
        "port": options.port,
        "max_batch": options.max_batch,
        "max_wait": options.max_wait_ms / 1000,
        "max_body": int(options.max_body_mb * 2**20),
        "timeout": options.timeout,
        "concurrency": options.concurrency,
    }
    token = os.environ.get("ZOO_LAB_TOKEN", "")
    settings = run.settings_for(options.host, token, options.no_token, **limits)
    run.serve(options.model, options.name, settings, say=lambda line: print(line, flush=True))
    return 0


def find_result(notebook: Any) -> dict[str, Any]:
    """Return the JSON object that an executed notebook printed behind "zoo_lab demo:", {} if it printed none."""
    for cell in reversed(notebook["cells"]):
        for output in cell.get("outputs", ()):
            match = re.search(rf"{DEMO_MARK}\s*(\{{.*\}})", output.get("text", ""))
            if match:
                return json.loads(match.group(1))
    return {}


def _execute(source: Path) -> tuple[Any, str]:
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.read(source, as_version=4)
    with _SameEnvironment():
        resources = {"metadata": {"path": str(source.resolve().parent)}}
        client = NotebookClient(notebook, timeout=_CELL_SECONDS, kernel_name="python3", resources=resources)
        client.extra_arguments = ["--log-level=ERROR"]  # ipykernel warns of the loopback connection at each start
        try:
            client.execute()
        except CellExecutionError as error:
            return notebook, str(error)
    return notebook, ""


class _SameEnvironment:
    """Let the notebook's kernel find this zoo_lab, also where it runs from its sources."""

    def __enter__(self) -> None:
        self._before = os.environ.get("PYTHONPATH")
        folder = str(Path(zoo_lab.__file__).resolve().parent.parent)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [folder, self._before]))

    def __exit__(self, *_: object) -> None:
        del os.environ["PYTHONPATH"]
        if self._before is not None:
            os.environ["PYTHONPATH"] = self._before


def _write_notebook(notebook: Any, path: Path) -> None:
    import nbformat

    nbformat.write(notebook, path)


def _print_result(result: dict[str, Any], path: Path, seconds: float) -> None:
    shown = {"accuracy": "{:.2%}", "samples_per_second": "{:,.0f} samples/s"}
    for name, value in result.items():
        print(f"{name.replace('_', ' '):<20} {shown.get(name, '{}').format(value)}")
    print(f"{'seconds in all':<20} {seconds:.0f}")
    print(f"{'executed notebook':<20} {path}")


def _find_quickstart() -> Path:
    """Return the quickstart below the current folder, or else beside the sources."""
    beside = Path(zoo_lab.__file__).resolve().parent.parent / _QUICKSTART
    return _QUICKSTART if _QUICKSTART.is_file() or not beside.is_file() else beside


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="zoo-lab", description="Deep learning on Apache Spark, from a notebook.")
    commands = parser.add_subparsers(required=True, metavar="command")
    opening = commands.add_parser("lab", help="start JupyterLab; its own options may follow")
    opening.add_argument("folder", nargs="?", help="the folder or notebook to open (default: the current folder)")
    opening.set_defaults(command=lab)
    for name, command, text in (
        ("doctor", doctor, "say what is wrong with this machine, and the repair"),
        ("version", version, "print the versions of what works together"),
    ):
        commands.add_parser(name, help=text).set_defaults(command=command)
    showing = commands.add_parser("demo", help="run the quickstart notebook without a browser")
    showing.add_argument("--notebook", help=f"the notebook to run (default: {_QUICKSTART})")
    showing.add_argument("--output", help="folder for the executed notebook (default: output/ beside it)")
    showing.set_defaults(command=demo)
    _add_serve(commands)
    return parser


def _add_serve(commands: Any) -> None:
    serving = commands.add_parser("serve", help="serve a model over HTTP, in the form of TensorFlow Serving's REST")
    serving.add_argument("model", help="a Keras, ONNX or Torch7 (.t7) file, or the folder of a SavedModel")
    serving.add_argument("--name", default="", help="in the address /v1/models/NAME:predict (default: the file's)")
    for option, kind, default, text in (
        ("--host", str, "127.0.0.1", "address to listen at"),
        ("--port", int, 8501, "0 takes a free one"),
        ("--max-batch", int, 64, "rows that share a call of the model"),
        ("--max-wait-ms", float, 2.0, "how long a call waits for requests that are on their way"),
        ("--max-body-mb", float, 32.0, "size of a request"),
        ("--timeout", float, 30.0, "seconds until a request is answered"),
        ("--concurrency", int, 1, "calls of the model at a time"),
    ):
        serving.add_argument(option, type=kind, default=default, help=f"{text} (default: {default})")
    text = "ask for no token; on this machine's own address only (default: that of ZOO_LAB_TOKEN, else a new one)"
    serving.add_argument("--no-token", action="store_true", help=text)
    serving.set_defaults(command=serve)


if __name__ == "__main__":
    sys.exit(main())
