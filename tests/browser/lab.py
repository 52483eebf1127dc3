"""Fixtures for tests in a real browser: `jupyterlab`, `hub`, `chromium` and `lab`.

In tests/browser/ they are there already. Elsewhere, import them into the test module:

    from tests.browser.lab import chromium, jupyterlab, lab  # noqa: F401

    @pytest.mark.browser
    def test_a_cell_prints(lab):
        lab.open_notebook(["print(6 * 7)"])
        lab.run_all()
        expect(lab.output(0)).to_contain_text("42", timeout=30_000)
        lab.picture("a_cell_prints")

`lab` is a `LabPage` (tests/browser/page.py): a fresh page on a JupyterLab that all tests of the process share, with
zoo_lab of this tree installed. It ends the kernels that the test started, and fails the test if the page threw an
error or asked for anything outside this machine. A module whose tests share a page has a `lab` of its own, made by
`fresh_page`.

Without chromium such tests are skipped, unless ZOO_LAB_REQUIRE_BROWSER=1: then they fail.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from hatch_build import build_labextension, is_built
from tests.browser.page import LabPage
from tests.jupyter import ROOT, JupyterServer, start_jupyter

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator:
    """Return a running chromium, as Playwright's Browser.

    It ends with the module: Playwright keeps an event loop in this thread, with which nbclient could not run its own.
    """
    path = chromium_path()
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """Return a running JupyterLab with the extension, server extension and package of this tree."""
    prepare_lab()
    with start_jupyter(tmp_path_factory.mktemp("jupyterlab")) as server:
        yield server


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """Return a JupyterLab like `jupyterlab` whose pages have the prefix of a hub."""
    prepare_lab()
    with start_jupyter(tmp_path_factory.mktemp("hub"), base_url="/user/ada/") as server:
        yield server


@pytest.fixture
def lab(chromium, jupyterlab: JupyterServer) -> Iterator[LabPage]:
    """Return a fresh page on the running JupyterLab."""
    with fresh_page(chromium, jupyterlab) as page:
        yield page


@contextlib.contextmanager
def fresh_page(browser, server: JupyterServer, known_errors: tuple[str, ...] = ()) -> Iterator[LabPage]:
    """Open a page on `server`, and at the end check that it kept to this machine and threw no error.

    `known_errors` are parts of the messages of errors that are not ours.
    """
    server.forget_theme()
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    strangers: list[str] = []
    context.route("**/*", lambda route: _keep_on_this_machine(route, strangers))
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield LabPage(page, server, errors, strangers)
    finally:
        context.close()
        end_kernels(server)
    assert not strangers, "The page asked for something outside this machine."
    ours = [error for error in errors if not any(known in error for known in known_errors)]
    assert not ours, f"The page threw an error: {ours}"


def prepare_lab() -> None:
    """Skip the test without chromium; build the extension if it is not there."""
    chromium_path()
    if not is_built(ROOT):
        build_labextension(ROOT)


def chromium_path() -> str:
    """Return the path of the system's chromium; skip the test without it, or fail where a browser is required."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        missing = "No chromium on PATH; install it with: apt-get install chromium fonts-dejavu-core"
        if os.environ.get("ZOO_LAB_REQUIRE_BROWSER", "") not in ("", "0"):
            pytest.fail(missing)
        pytest.skip(missing)
    return path


def end_kernels(server: JupyterServer) -> None:
    """Shut down all sessions of `server`, and so their kernels."""
    for session in server.api("GET", "api/sessions").json:
        server.api("DELETE", f"api/sessions/{session['id']}")


def _keep_on_this_machine(route, strangers: list[str]) -> None:
    address = urlsplit(route.request.url)
    if address.scheme in ("http", "https") and address.hostname not in ("127.0.0.1", "localhost"):
        strangers.append(route.request.url)
        route.abort()
    else:
        route.continue_()
