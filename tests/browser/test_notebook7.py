"""The extension in Notebook 7, which has no status bar."""

from __future__ import annotations

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.lab import fresh_page
from tests.jupyter import start_jupyter

pytestmark = [pytest.mark.browser, pytest.mark.slow]

IS_ACTIVATED = "() => Boolean(window.jupyterapp?.isPluginActivated('zoo-lab:status'))"


def test_notebook_7_loads_the_extension_and_runs_a_cell(chromium, tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import zoo_lab; print(zoo_lab.__version__)")])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    own_error = "reading 'schema'"  # Notebook 7.6.5 throws it with no extension at all
    with start_jupyter(tmp_path / "jupyter", "notebook") as server, fresh_page(chromium, server, (own_error,)) as lab:
        nbformat.write(notebook, server.notebooks / "test.ipynb")
        lab.page.goto(f"{server.url}notebooks/test.ipynb?token={server.token}")
        lab.page.wait_for_function(IS_ACTIVATED, timeout=60_000)
        lab.wait_for_kernel()
        lab.run_all()
        expect(lab.output(0)).to_have_text("0.1.0", timeout=30_000)
        expect(lab.page.locator(".jp-ZooLab-Status")).to_have_count(0)
        lab.command("zoo-lab:show-panel")
        expect(lab.page.locator(".jp-ZooLab-Panel")).to_contain_text("No notebook has a context yet", timeout=30_000)
        lab.picture("notebook7")
