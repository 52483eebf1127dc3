"""Runs the TypeScript and widget tests (vitest), so that the one test command covers them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatch_build import run_jlpm

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.slow
def test_the_typescript_and_widget_tests_pass():
    run_jlpm(ROOT, "install", "--immutable")
    printed = run_jlpm(ROOT, "run", "vitest", "run")  # raises with what it printed when a test fails
    assert "passed" in printed
    assert "no tests" not in printed.lower()


@pytest.mark.slow
def test_the_typescript_tests_agree_with_the_types():
    run_jlpm(ROOT, "install", "--immutable")
    run_jlpm(ROOT, "run", "tsc", "--project", "tsconfig.test.json")
