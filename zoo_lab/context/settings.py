"""Turns the arguments of `init_nncontext` into Spark properties, and compares them with a running context's. Pure."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from typing import Any

from zoo_lab.context.master import Master
from zoo_lab.core.checks import Checks

_MEMORY = re.compile(r"\s*(\d+)\s*([kmgt])b?\s*", re.IGNORECASE)
_SECRET = re.compile(r"secret|password|passwd|token|access[.]?key|credential", re.IGNORECASE)
_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SUBMIT_OPTIONS = {
    "--master": "spark.master",
    "--name": "spark.app.name",
    "--driver-memory": "spark.driver.memory",
    "--executor-memory": "spark.executor.memory",
    "--executor-cores": "spark.executor.cores",
    "--num-executors": "spark.executor.instances",
}


def asked_for(
    conf: Any = None,
    *,
    master: str | None = None,
    cores: int | None = None,
    memory: str | None = None,
    ship_env: bool | str | os.PathLike[str] | None = False,
    site: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the Spark properties that the caller asks for, by the arguments of `init_nncontext`.

    Args:
        conf: None, an application's name, a mapping of properties or a `SparkConf`.
        master: a Spark master URL.
        cores: tasks at once of a local master, else cores of each executor.
        memory: such as "4g": the driver's with a local master, else each executor's.
        ship_env: only judged here, `shipenv` makes the properties.
        site: the machine's own properties, which say what kind of master it is where the caller does not.

    Errors:
        ArgumentError: lists everything that is wrong.
    """
    checks = Checks("init_nncontext")
    asked = _properties(conf, checks)
    if cores is not None:
        checks.positive_int("cores", cores)
    if memory is not None:
        _check_memory(memory, checks)
    _check_same("master", master, asked.get("spark.master"), checks)
    checks.done()
    url = master or asked.get("spark.master") or (site or {}).get("spark.master")
    local = url is None or Master.parse(url).kind == "local"
    if url is not None and (master or "spark.master" in asked):
        asked["spark.master"] = url
    if cores is not None and local:
        _check_local_cores(url, cores, checks)
        asked["spark.master"] = f"local[{cores}]"
    elif cores is not None:
        asked["spark.executor.cores"] = str(cores)
    if memory is not None:
        asked["spark.driver.memory" if local else "spark.executor.memory"] = memory.strip()
    if ship_env is not None and ship_env is not False:
        _check_ship_env(ship_env, url, asked, checks)
    checks.done()
    return asked


def expect_cluster(master: Master) -> None:
    """Refuse to ship an environment to workers that have it.

    Errors:
        ArgumentError: `master` runs on this machine.
    """
    checks = Checks("init_nncontext")
    _check_cluster(master, checks)
    checks.done()


def differences(asked: Mapping[str, str], actual: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return {property: (asked for, what it is)} for all that a running context has otherwise; names do not count."""
    return {
        name: (value, actual.get(name, "not set"))
        for name, value in asked.items()
        if name != "spark.app.name" and _normal(value) != _normal(actual.get(name))
    }


def without_secrets(properties: Mapping[str, str]) -> dict[str, str]:
    """Return the properties that may be written into files: those that Spark would redact are left out.

    Example:
        >>> without_secrets({"spark.master": "yarn", "spark.hadoop.fs.s3a.secret.key": "x"})
        {'spark.master': 'yarn'}
    """
    return {name: value for name, value in properties.items() if not _SECRET.search(f"{name}={value}")}


def memory_bytes(text: str) -> int:
    """Return the bytes that a Spark memory size such as "4g" or "512m" stands for (a bare number counts MiB)."""
    match = _MEMORY.fullmatch(text)
    return int(match.group(1)) * _UNITS[match.group(2).lower()] if match else int(text) << 20


def submit_properties(arguments: str) -> dict[str, str]:
    """Return the properties set in PYSPARK_SUBMIT_ARGS, such as "--master yarn --conf a=b pyspark-shell"."""
    words = shlex.split(arguments)
    found = {}
    for option, value in zip(words, words[1:], strict=False):
        if option in ("--conf", "-c") and "=" in value:
            name, _, setting = value.partition("=")
            found[name] = setting
        elif option in _SUBMIT_OPTIONS:
            found[_SUBMIT_OPTIONS[option]] = value
    return found


def properties_file(text: str) -> dict[str, str]:
    """Return the properties in the text of a spark-defaults.conf."""
    found = {}
    for line in text.splitlines():
        if match := re.match(r"\s*(spark\.[^\s=:]+)\s*[\s=:]\s*(.*?)\s*$", line):
            found[match.group(1)] = match.group(2)
    return found


def _properties(conf: Any, checks: Checks) -> dict[str, str]:
    if conf is None:
        return {}
    if isinstance(conf, str):
        return {"spark.app.name": conf}
    pairs = conf.items() if isinstance(conf, Mapping) else _spark_conf_pairs(conf)
    if pairs is None:
        checks.fail(f"Expected conf to be a name, a dict of properties or a SparkConf; received {conf!r}.")
        return {}
    found = {str(name): _text(value) for name, value in pairs}
    for name in found:
        checks.require(name.startswith("spark."), f"Expected names in conf to start with 'spark.'; received {name!r}.")
    return found


def _spark_conf_pairs(conf: Any) -> list[tuple[str, str]] | None:
    from pyspark import SparkConf

    return conf.getAll() if isinstance(conf, SparkConf) else None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check_memory(memory: Any, checks: Checks) -> None:
    right = isinstance(memory, str) and _MEMORY.fullmatch(memory) is not None
    checks.require(right, f"Expected memory to be a number with its unit, such as '4g' or '512m'; received {memory!r}.")


def _check_same(name: str, argument: str | None, in_conf: str | None, checks: Checks) -> None:
    if argument is not None and in_conf is not None and argument != in_conf:
        checks.fail(f"Expected one {name}; received {argument!r}, and {in_conf!r} in conf. Leave one of them out.")


def _check_local_cores(url: str | None, cores: int, checks: Checks) -> None:
    if url is not None and Master.parse(url).threads not in (0, cores):
        checks.fail(f"Expected cores to agree with master; received cores={cores} and {url!r}. Leave one of them out.")


def _check_ship_env(ship_env: Any, url: str | None, asked: Mapping[str, str], checks: Checks) -> None:
    right = ship_env is True or isinstance(ship_env, (str, os.PathLike))
    checks.require(right, f"Expected ship_env to be True, False or an archive's file or URL; received {ship_env!r}.")
    if url is not None:
        _check_cluster(Master.parse(url), checks)
    if "spark.pyspark.python" in asked:
        checks.fail(
            f"Expected one Python for the executors; received ship_env and {asked['spark.pyspark.python']!r} as "
            "spark.pyspark.python in conf. Leave one of them out."
        )


def _check_cluster(master: Master, checks: Checks) -> None:
    if master.on_this_machine:
        checks.fail(
            f"Expected a cluster's master with ship_env; received {master.url!r}, whose workers are this environment "
            "already. Leave ship_env out."
        )


def _normal(value: str | None) -> str | int | None:
    if value is not None and _MEMORY.fullmatch(value):
        return memory_bytes(value)
    return value if value is None else value.strip().lower()
