"""Runs the TypeScript and widget tests (vitest), so that the one test command covers them."""

from __future__ import annotations

import pytest

from hatch_build import run_jlpm
from tests.npm import ROOT, install_packages


@pytest.mark.slow
def test_the_typescript_and_widget_tests_pass():
    install_packages()
    printed = run_jlpm(ROOT, "run", "vitest", "run")  # raises with what it printed when a test fails
    assert "passed" in printed
    assert "no tests" not in printed.lower()


@pytest.mark.slow
def test_the_typescript_tests_agree_with_the_types():
    install_packages()
    run_jlpm(ROOT, "run", "tsc", "--project", "tsconfig.test.json")
