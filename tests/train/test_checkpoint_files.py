"""Checkpoints on every kind of place: what comes back, what is kept, what is refused."""

from __future__ import annotations

import doctest
import math
import sys
import tempfile
import uuid
from pathlib import Path

import numpy as np
import pytest

from tests.train.checkpoint_places import KINDS, OPEN_KINDS, Place, make_place
from zoo_lab.core.errors import ArgumentError, DataError, MissingExtraError, TrainingError
from zoo_lab.train import checkpoint as checkpoints
from zoo_lab.train import checkpoint_checks, storage
from zoo_lab.train.checkpoint import Checkpoint, load, save
from zoo_lab.train.checkpoint_fsspec import FsspecStorage
from zoo_lab.train.checkpoint_hadoop import HadoopStorage
from zoo_lab.train.checkpoint_local import LocalStorage

ARRAYS = {
    "weights": np.linspace(0, 1, 1000, dtype="float32").reshape(10, 100),
    "optimizer/0": np.arange(7, dtype="int64"),
    "optimizer/1": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "every other": np.arange(20, dtype="uint8")[::2],
    "empty": np.zeros((0, 5), "float16"),
    "one value": np.array(math.pi),
    "größe: 100 % m²?*": np.array([1 + 2j], "complex64"),
    "big-endian": np.array([1, 2], ">i4"),
    "rows": np.array([(1, 2.5)], [("a", "i4"), ("b", "f8")]),
    "flags": np.array([True, False]),
}
FACTS = {
    "plan": {"rows": 100, "why": "größer 🙂", "none": None},
    "history": {"loss": [0.1, 1e-300, math.inf]},
    "seed": 2**70,
    "done": False,
}


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return make_place(request.param, tmp_path, request)


@pytest.fixture(params=OPEN_KINDS)
def open_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place whose files can be changed behind its back."""
    return make_place(request.param, tmp_path, request)


def test_everything_comes_back_bit_for_bit(place):
    facts = {**FACTS, "iteration": 120}
    path = save(Checkpoint(ARRAYS, facts), place.url, name="iteration-120", keep=3, context=place.context)
    for where in (place.url, path):  # the folder of checkpoints, and the checkpoint itself
        found = load(where, context=place.context)
        assert (found.path, found.skipped) == (path, [])
        assert found.checkpoint.facts == facts
        assert found.checkpoint.arrays.keys() == ARRAYS.keys()
        for name, array in ARRAYS.items():
            back = found.checkpoint.arrays[name]
            assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, array.shape, array.tobytes())
            assert back.flags.writeable


def test_a_checkpoint_is_a_folder_of_plain_npy_files(open_place):
    open_place.save(1, **{"weights": np.arange(3.0), "optimizer/0": np.arange(2)})
    found = {path.removeprefix(open_place.path("iteration-1/")) for path in open_place.files.find(open_place.root)}
    assert {file for file in found if not file.endswith(".crc")} == {"weights.npy", "optimizer/0.npy", "manifest.json"}
    with open_place.files.open(open_place.path("iteration-1/weights.npy")) as file:
        assert np.load(file).tolist() == [0.0, 1.0, 2.0]


def test_a_value_that_is_not_a_number_comes_back(tmp_path):
    path = save(Checkpoint({}, {"iteration": 1, "loss": math.nan}), tmp_path, name="a", keep=None)
    assert math.isnan(load(path).checkpoint.facts["loss"])


def test_the_newest_is_that_of_the_highest_iteration_not_the_last_written(place):
    for iteration in (9, 100, 20):
        place.save(iteration)
    assert place.load().checkpoint.facts["iteration"] == 100


def test_the_oldest_beyond_keep_are_removed(place):
    for iteration in (8, 9, 10, 11):
        place.save(iteration, keep=2)
    assert place.names() == {"iteration-10", "iteration-11"}
    assert place.load().checkpoint.arrays["weights"][0] == 11.0


def test_the_one_just_written_stays_where_an_earlier_run_got_further(open_place):
    for iteration in (50, 60, 1):
        open_place.save(iteration, keep=2)
    assert open_place.names() == {"iteration-60", "iteration-1"}


def test_nothing_but_checkpoints_is_ever_removed(open_place):
    open_place.files.makedirs(open_place.path("notebooks"))
    open_place.files.pipe_file(open_place.path("notebooks/a.ipynb"), b"{}")
    open_place.files.pipe_file(open_place.path("notes.txt"), b"mine")
    for iteration in (1, 2, 3):
        open_place.save(iteration, keep=1)
    assert open_place.names() - {".notes.txt.crc"} == {"notebooks", "notes.txt", "iteration-3"}
    assert open_place.files.cat_file(open_place.path("notebooks/a.ipynb")) == b"{}"


def test_a_checkpoint_of_the_same_name_is_replaced(open_place):
    open_place.save(5, name="best", first=np.ones(3))
    open_place.save(7, name="best", second=np.ones(3))
    found = open_place.load()
    assert (found.checkpoint.facts["iteration"], [*found.checkpoint.arrays]) == (7, ["second"])
    assert open_place.names() == {"best"}
    assert not [path for path in open_place.files.find(open_place.root) if "first" in path]


UNUSUAL = ["a b", "100%", "%41", "größe 🙂", "a'b\"c", "x" * 120, "a.b,c;d=e&f#g+h~", "-rf", "$HOME"]


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_names_are_folders_like_others(tmp_path, name):
    for place in (tmp_path, f"memory://{uuid.uuid4()}"):
        path = save(Checkpoint({}, {"iteration": 1}), place, name=name, keep=1)
        assert load(path).checkpoint.facts == load(place).checkpoint.facts == {"iteration": 1}
    assert [found.name for found in tmp_path.iterdir()] == [name]


def test_unusual_names_are_folders_to_hadoop_too(tmp_path, context):
    place = f"hadoop+file://{tmp_path}"
    for number, name in enumerate(UNUSUAL):
        path = save(Checkpoint({}, {"iteration": number}), place, name=name, keep=1, context=context)
        assert load(path, context=context).checkpoint.facts == {"iteration": number}
        assert [found.name for found in tmp_path.iterdir()] == [name]


def test_no_temporary_file_stays(place, tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("temporary")  # other processes come and go in the common one
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    for iteration in (1, 2, 3):
        place.save(iteration, keep=1)
    place.load()
    assert place.names() == {"iteration-3"}
    assert not list(folder.iterdir())
    if place.context is not None:
        assert not list(place.context.scratch.glob("checkpoint-*"))


def test_a_place_that_is_not_there_is_said(place):
    with pytest.raises(DataError, match=r"Expected an intact checkpoint in .*; nothing is there"):
        place.load()


def test_a_file_is_no_place(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match=r"can be read in .*Not a directory"):
        load(tmp_path / "file")
    with pytest.raises(TrainingError, match=r"could not be written to .*Others there are as they were"):
        save(Checkpoint({}, {"iteration": 1}), tmp_path / "file", name="a", keep=None)


def test_hadoop_that_refuses_is_quoted(tmp_path, context):
    (tmp_path / "file").write_text("x")
    with pytest.raises(TrainingError, match=r"could not be written to hadoop.*ParentNotDirectoryException"):
        save(Checkpoint({}, {"iteration": 1}), f"hadoop+file://{tmp_path}/file/x", name="a", keep=None, context=context)
    assert not list(context.scratch.glob("checkpoint-*"))


# What cannot be saved.


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.array(["a"]), "dtype <U1. Put texts and objects into the facts"),
        (np.array([b"a"]), "dtype |S1"),
        (np.array([None]), "dtype object"),
        (np.zeros(2, [("a", "f4"), ("b", "O")]), "to hold numbers"),
        ([1.0], "to be a numpy array; received list"),
        (1.0, "received float"),
    ],
)
def test_only_arrays_of_numbers_are_saved(tmp_path, array, reason):
    with pytest.raises(ArgumentError) as caught:
        save(Checkpoint({"x": array}, {"iteration": 1}), tmp_path, name="a", keep=None)
    assert reason in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_dtype_that_npy_files_cannot_name_is_refused(tmp_path):
    other = pytest.importorskip("ml_dtypes").bfloat16  # TensorFlow brings it
    with pytest.raises(ArgumentError, match="a dtype of numpy's own; received bfloat16"):
        save(Checkpoint({"x": np.zeros(3, other)}, {"iteration": 1}), tmp_path, name="a", keep=None)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"a": (1, 2)}, r"received facts\['a'\] of type tuple"),
        ({"a": [0, {"b": np.float32(1)}]}, r"received facts\['a'\]\[1\]\['b'\] of type float32"),
        ({"a": {1: 2}}, r"texts as keys of facts\['a'\]; received 1"),
        ({"iteration": 1.0}, "to be an integer; received 1.0"),
        ({"iteration": True}, "to be an integer; received True"),
    ],
)
def test_facts_that_would_come_back_as_something_else_are_refused(tmp_path, facts, reason):
    with pytest.raises(ArgumentError, match=reason):
        save(Checkpoint({}, {"iteration": 1, **facts}), tmp_path, name="a", keep=None)


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "a\\b", "a:b", "a*", "a?", "[a]", "a\n", None, 3])
def test_names_that_are_not_one_folder_are_refused(tmp_path, name):
    with pytest.raises(ArgumentError, match="Expected name to be a folder's"):
        save(Checkpoint({}, {"iteration": 1}), tmp_path, name=name, keep=None)


@pytest.mark.parametrize("names", [["../x"], ["/x"], ["x/"], [""], ["a//b"], [3], ["a", "A"], ["a", "a.npy/b"]])
def test_names_of_arrays_that_cannot_be_files_side_by_side_are_refused(tmp_path, names):
    with pytest.raises(ArgumentError, match="name"):
        save(Checkpoint(dict.fromkeys(names, np.ones(1)), {"iteration": 1}), tmp_path, name="a", keep=None)


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    with pytest.raises(ArgumentError, match=r"save: 4 arguments are wrong"):
        save(Checkpoint({"x": 1}, {}), tmp_path, name="", keep=0)


# Which storage.


def test_a_path_and_a_file_url_are_local_even_with_a_context(context, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for place in (tmp_path, "runs/a:b", "~/x", "file:///x", "file:/x"):
        assert isinstance(storage.storage_for(place, context), LocalStorage)
    assert storage.storage_for("runs").where("") == str(tmp_path / "runs")
    assert storage.storage_for("~/x").where("") == str(Path("~/x").expanduser())


def test_hadoop_takes_what_it_knows_and_fsspec_the_rest(context):
    for place in ("hdfs://localhost:1/x", "hadoop+file:///x"):
        assert isinstance(storage.storage_for(place, context), HadoopStorage)
    for place in ("memory://x", "local:///x", "simplecache::memory://x"):
        assert isinstance(storage.storage_for(place, context), FsspecStorage)


def test_a_place_that_hadoop_cannot_open_is_said(context):
    with pytest.raises(ArgumentError, match=r"'viewfs://name/x' cannot be opened: .*Empty Mount table"):
        load("viewfs://name/x", context=context)


def test_a_cluster_that_does_not_answer_is_quoted(context):
    with pytest.raises(DataError, match="can be read in hdfs://localhost:1/x; received: ConnectException"):
        load("hdfs://localhost:1/x", context=context)


def test_hadoop_needs_a_context():
    with pytest.raises(ArgumentError, match=r"Expected a running context for 'hadoop\+hdfs:///x'; received None"):
        storage.storage_for("hadoop+hdfs:///x")


def test_a_missing_fsspec_is_named_with_its_extra(monkeypatch):
    for module in ("fsspec", "fsspec.core"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"'memory://x' needs the package 'fsspec'.*'zoo-lab\[remote\]'"):
        load("memory://x")


def test_a_scheme_whose_package_is_missing_is_said():
    with pytest.raises(MissingExtraError, match=r"'dropbox://x' needs one more package\. .*dropbox"):
        load("dropbox://x")


def test_an_unknown_scheme_is_said():
    with pytest.raises(ArgumentError, match="a URL that Hadoop or fsspec knows; received 'nowhere://x'"):
        load("nowhere://x")


@pytest.mark.parametrize("module", [checkpoints, checkpoint_checks, storage])
def test_the_examples_run(module):
    found = doctest.testmod(module)
    assert found.attempted
    assert found.failed == 0
