"""How long it takes from a press on the monitor's Stop until the cell that trains has ended, in a real JupyterLab."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.alone import own_temporary_folder
from benchmarks.monitorpage import open_browser
from tests.browser.page import LabPage
from tests.jupyter import start_jupyter

_PREPARE = """
import zoo_lab
from benchmarks.models import CASES
from zoo_lab.feature import FeatureSet

context = zoo_lab.init_nncontext(master="local[2]", memory="2g", warm=True)
case, model = CASES["lenet"], CASES["lenet"].build()
data = FeatureSet.from_numpy(*case.data(12_800), context=context)
"""
_TRAIN = "run = zoo_lab.fit(model, data, batch_size=128, epochs=10_000)"
_AFTER = "print('ended:', run.state)"
_MOST = 180_000
_HAS_COME = """([number, words]) => {
    const cell = document.querySelectorAll('.jp-NotebookPanel .jp-Cell')[number];
    return cell?.querySelector('.jp-OutputArea')?.textContent.includes(words);
}"""
_TRAINS = "element => Number(element.getAttribute('aria-valuenow')) >= 50"


def stop(turns: int) -> list[float]:
    """Return the seconds of each turn, after one that does not count, until the cell behind the training has run."""
    cells = [_PREPARE, *[_TRAIN, _AFTER] * (turns + 1)]
    with own_temporary_folder() as folder, open_browser() as browser, start_jupyter(Path(folder, "lab")) as server:
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        lab = LabPage(page, server, [], [])
        lab.open_notebook(cells, name="stop.ipynb")
        lab.run_cell(0)
        lab.wait_until_done(0, seconds=_MOST / 1000)
        return [_one_turn(lab, 1 + 2 * turn) for turn in range(turns + 1)][1:]


def _one_turn(lab: LabPage, cell: int) -> float:
    lab.run_cell(cell)
    lab.run_cell(cell + 1)
    monitor = lab.output(cell).locator(".zoo-monitor")
    slider = monitor.locator(".zoo-canvas").first
    slider.wait_for(timeout=_MOST)
    lab.page.wait_for_function(_TRAINS, arg=slider.element_handle(), timeout=_MOST)
    button = monitor.get_by_role("button", name="Stop", exact=True)
    button.scroll_into_view_if_needed()
    begin = time.perf_counter()
    button.click()
    lab.page.wait_for_function(_HAS_COME, arg=[cell + 1, "ended: stopped"], timeout=_MOST)
    return time.perf_counter() - begin
