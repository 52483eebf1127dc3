"""The house: which floor each package lives on, and what a module may import."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "zoo_lab"

# A module imports from its own package or from a lower floor. The root (`zoo_lab`) is no floor: it only names things.
FLOORS = {
    "magics": 7,
    "cli": 7,
    "models": 6,
    "nnframes": 5,
    "serving": 5,
    "infer": 4,
    "train": 3,
    "net": 3,
    "feature": 2,
    "keras": 2,
    "context": 1,
    "widgets": 1,
    "server": 1,
    "core": 0,
}

# What runs inside the Spark executors (E): it loads no notebook and no SQL.
EXECUTORS = {
    "context.daemon",
    "context.shardfile",
    "context.workers",
    "infer.columnpredictor",
    "infer.compiled",
    "train.lenienttask",
    "infer.modelcopy",
    "infer.records",
    "infer.results",
    "infer.udf",
    "keras.shipping",
    "train.replica",
    "train.step",
    "train.task",
    *(f"feature.{path.stem}" for path in (PACKAGE / "feature").glob("[a-z]*.py") if path.stem != "sources"),
    *(f"feature.{path.parent.name}.{path.stem}" for path in (PACKAGE / "feature").glob("image*/[a-z]*.py")),
    *(f"feature.image.{path.stem}" for path in (PACKAGE / "feature" / "image").glob("[a-z]*.py")),
    *(f"core.{path.stem}" for path in (PACKAGE / "core").glob("[a-z]*.py")),
}
NOT_IN_EXECUTORS = ("IPython", "ipywidgets", "anywidget", "ipykernel", "pyspark.sql")
HEAVY = {
    "IPython", "anywidget", "cv2", "ipykernel", "ipywidgets", "jupyter_server", "keras", "matplotlib", "numpy",
    "pandas", "prometheus_client", "pyarrow", "pyspark", "starlette", "tensorflow", "torch", "uvicorn",
}  # fmt: skip

FILES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 400
MEDIAN_LINES = 150


def name_of(path: Path) -> str:
    """Return a module's name below zoo_lab: "context.jobs"; "" for the root."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(tree: ast.AST, inside_functions: bool = True) -> Iterator[str]:
    """Yield the names of all modules that a source imports; those for type checkers only are no imports."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from (name for branch in node.orelse for name in imports_of(branch, inside_functions))
        elif inside_functions or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from imports_of(node, inside_functions)


def imported(path: Path, inside_functions: bool = True) -> set[str]:
    return set(imports_of(ast.parse(path.read_text(encoding="utf-8")), inside_functions))


def test_every_package_has_its_floor():
    found = {path.stem if path.is_file() else path.name for path in PACKAGE.iterdir() if is_python(path)}
    assert found == set(FLOORS)


def is_python(path: Path) -> bool:
    return (path.is_dir() and (path / "__init__.py").exists()) or (path.suffix == ".py" and path.stem != "__init__")


@pytest.mark.parametrize("path", [path for path in FILES if name_of(path)], ids=name_of)
def test_a_module_imports_only_from_its_own_package_and_from_lower_floors(path):
    own = name_of(path).split(".")[0]
    others = {name.split(".")[1] for name in imported(path) if name.startswith("zoo_lab.")} - {own}
    others &= set(FLOORS)  # names that the root itself offers, such as __version__, are no packages
    assert [other for other in others if FLOORS[other] >= FLOORS[own]] == []


@pytest.mark.parametrize("path", [path for path in FILES if name_of(path)], ids=name_of)
def test_no_module_reaches_through_the_root(path):
    offered = {"zoo_lab.__version__", "zoo_lab.__file__"}
    names = {name for name in imported(path) if name.startswith("zoo_lab.") and name.count(".") == 1}
    packages = {f"zoo_lab.{package}" for package in FLOORS}
    assert names - offered - packages == set()


@pytest.mark.parametrize("path", [path for path in FILES if name_of(path) in EXECUTORS], ids=name_of)
def test_what_runs_in_executors_imports_no_notebook_and_no_sql(path):
    names = imported(path, inside_functions=False)
    assert [name for name in names if name.startswith(NOT_IN_EXECUTORS)] == []


def test_the_modules_of_the_executors_exist():
    assert {name_of(path) for path in FILES} >= EXECUTORS


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_file_is_long(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_files_are_short_in_the_median():
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in FILES]
    assert statistics.median([length for length in lengths if length]) <= MEDIAN_LINES


def test_importing_zoo_lab_loads_nothing_heavy():
    code = "import sys, zoo_lab; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & HEAVY == set()
