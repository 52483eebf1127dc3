"""What the arguments of init_nncontext ask Spark for."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark import SparkConf

from zoo_lab.context.settings import (
    asked_for,
    differences,
    memory_bytes,
    properties_file,
    submit_properties,
    without_secrets,
)
from zoo_lab.core.errors import ArgumentError


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ({}, {}),
        ({"conf": "My app"}, {"spark.app.name": "My app"}),
        ({"conf": {"spark.x": 1, "spark.y": True}}, {"spark.x": "1", "spark.y": "true"}),
        ({"cores": 4}, {"spark.master": "local[4]"}),
        ({"master": "local[*]", "cores": 4}, {"spark.master": "local[4]"}),
        ({"memory": "4g"}, {"spark.driver.memory": "4g"}),
        (
            {"master": "spark://head:7077", "cores": 4, "memory": "8g"},
            {"spark.master": "spark://head:7077", "spark.executor.cores": "4", "spark.executor.memory": "8g"},
        ),
        (
            {"conf": {"spark.master": "yarn"}, "memory": "8g"},
            {"spark.master": "yarn", "spark.executor.memory": "8g"},
        ),
        ({"site": {"spark.master": "yarn"}, "memory": "8g"}, {"spark.executor.memory": "8g"}),
    ],
)
def test_arguments_become_properties(arguments: dict[str, Any], asked: dict[str, str]) -> None:
    assert asked_for(**arguments) == asked


def test_a_spark_conf_is_taken() -> None:
    conf = SparkConf(loadDefaults=False).set("spark.x", "1")
    assert asked_for(conf) == {"spark.x": "1"}


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ArgumentError) as caught:
        asked_for({"master": "yarn"}, cores=0, memory="4 gigabytes")
    message = str(caught.value)
    assert "3 arguments are wrong" in message
    assert "'master'" in message
    assert "cores" in message
    assert "'4g'" in message


def test_a_conf_of_another_kind_is_refused() -> None:
    with pytest.raises(ArgumentError, match="SparkConf; received 3"):
        asked_for(3)


def test_an_unknown_master_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"local\[N\].*received 'locale\[2\]'"):
        asked_for(master="locale[2]")


def test_cores_and_master_must_agree() -> None:
    with pytest.raises(ArgumentError, match="agree"):
        asked_for(master="local[2]", cores=3)
    with pytest.raises(ArgumentError, match="one master"):
        asked_for({"spark.master": "yarn"}, master="local[2]")


def test_equal_settings_written_otherwise_are_no_difference() -> None:
    actual = {"spark.driver.memory": "4096m", "spark.speculation": "false", "spark.app.name": "zoo_lab"}
    assert differences({"spark.driver.memory": "4g", "spark.speculation": "False"}, actual) == {}
    assert differences({"spark.app.name": "other"}, actual) == {}
    assert differences({"spark.x": "1"}, actual) == {"spark.x": ("1", "not set")}


def test_memory_sizes_are_read_as_spark_reads_them() -> None:
    assert memory_bytes("2g") == 2 << 30
    assert memory_bytes("512MB") == 512 << 20
    assert memory_bytes("512") == 512 << 20


def test_submit_arguments_are_read() -> None:
    text = "--master yarn --conf spark.a=b=c --driver-memory 2g --conf 'spark.d=e f' pyspark-shell"
    assert submit_properties(text) == {
        "spark.master": "yarn",
        "spark.a": "b=c",
        "spark.driver.memory": "2g",
        "spark.d": "e f",
    }
    assert submit_properties("") == {}


def test_a_properties_file_is_read() -> None:
    text = "# comment\nspark.master   yarn\nspark.a=b\n\nspark.c : d e  \nother 1\n"
    assert properties_file(text) == {"spark.master": "yarn", "spark.a": "b", "spark.c": "d e"}


def test_what_may_be_a_secret_is_not_written_down():
    secret = {"spark.hadoop.fs.s3a.secret.key": "x", "spark.a": "password=1", "spark.hadoop.fs.azure.Token": "y"}
    assert without_secrets({"spark.master": "yarn", **secret}) == {"spark.master": "yarn"}
