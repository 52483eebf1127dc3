"""A JupyterLab page as a test uses it: open a notebook, run its cells, look at what came out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Locator, Page, expect

from tests.jupyter import ROOT, JupyterServer

KERNEL_MILLISECONDS = 90_000
PICTURES = ROOT / "test-artifacts"

# Asked of JupyterLab itself: the idle indicator reads idle before a kernel exists.
_KERNEL_IS_READY = """async () => {
    const context = window.jupyterapp.shell.currentWidget?.sessionContext;
    await context?.ready;
    await context?.session?.kernel?.info;
    return Boolean(context?.session?.kernel);
}"""
_IS_IN_FRONT = "name => window.jupyterapp.shell.currentWidget?.context?.path === name"
_KERNEL_ID = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.id"


@dataclass(frozen=True)
class LabPage:
    """One page of JupyterLab; `page` is Playwright's, for whatever has no method here.

    `errors` are the uncaught errors of the page, `strangers` the requests that would have left the machine (they
    were aborted); the fixture that made the page fails the test when either is not empty at its end.
    """

    page: Page
    server: JupyterServer
    errors: list[str]
    strangers: list[str]

    def open_notebook(self, cells: list[str] | Path, name: str = "test.ipynb") -> None:
        """Open a notebook of these code cells, or a copy of that file, and wait for its kernel."""
        self._write(cells, name)
        self.page.goto(f"{self.server.url}lab/workspaces/{Path(name).stem}/tree/{name}?reset&token={self.server.token}")
        self.wait_for_kernel()

    def open_another_notebook(self, cells: list[str] | Path, name: str) -> None:
        """Open one more notebook in this page, in front of those that are there, and wait for its kernel."""
        self._write(cells, name)
        self.command("docmanager:open", {"path": name})
        self.wait_until_in_front(name)
        self.wait_for_kernel()

    def wait_until_in_front(self, name: str) -> None:
        """Wait until the notebook with this file name is the current one and shows its first cell."""
        self.page.wait_for_function(_IS_IN_FRONT, arg=name, timeout=KERNEL_MILLISECONDS)
        self.cell(0).wait_for(timeout=KERNEL_MILLISECONDS)

    def _write(self, cells: list[str] | Path, name: str) -> None:
        if isinstance(cells, Path):
            notebook = nbformat.read(cells, as_version=4)
        else:
            notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
            notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, self.server.notebooks / name)

    def wait_for_kernel(self) -> None:
        """Wait until the current notebook is shown and its kernel answers."""
        self.cell(0).wait_for(timeout=KERNEL_MILLISECONDS)
        self.page.wait_for_function(_KERNEL_IS_READY, timeout=KERNEL_MILLISECONDS)

    def kernel_id(self) -> str:
        """Return the id of the current notebook's kernel."""
        return self.page.evaluate(_KERNEL_ID)

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Execute a command of JupyterLab, such as "notebook:run-all-cells", without waiting for its end."""
        execute = "([name, given]) => { window.jupyterapp.commands.execute(name, given); }"
        self.page.evaluate(execute, [name, arguments or {}])

    def run_cell(self, index: int) -> None:
        """Start the code or Markdown cell `index`, counted from 0; look at `output` for what comes of it."""
        self.cell(index).click()
        self.command("notebook:run-cell")

    def run_all(self) -> None:
        """Start all cells."""
        self.command("notebook:run-all-cells")

    def interrupt(self) -> None:
        """Press ■ in the toolbar."""
        self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) [data-jp-item-name='interrupt']").click()

    def cell(self, index: int) -> Locator:
        """Return the cell `index`, counted from 0."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell").nth(index)

    def output(self, index: int) -> Locator:
        """Return what cell `index` shows below its source, which is never part of it."""
        return self.cell(index).locator(".jp-OutputArea")

    def wait_until_done(self, index: int, seconds: float = 90) -> None:
        """Wait until cell `index` has an execution count, and so has ended."""
        prompt = self.cell(index).locator(".jp-InputPrompt")
        expect(prompt).to_have_text(re.compile(r"\[\d+\]"), timeout=seconds * 1000)

    def use_theme(self, name: str) -> None:
        """Change the theme, such as "JupyterLab Dark", and wait until it is on."""
        change = "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })"
        self.page.evaluate(change, name)
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-name", name, timeout=30_000)
        expect(self.page.locator("#jupyterlab-splash")).to_be_hidden(timeout=30_000)

    def picture(self, name: str, part: Locator | None = None) -> Path:
        """Save the page, or a part of it, as it looks as test-artifacts/<name>.png and return that path."""
        PICTURES.mkdir(exist_ok=True)
        path = PICTURES / f"{name}.png"
        (part or self.page).screenshot(path=path)
        return path
