"""The browser's side of what watching costs: a chart that is moved, and JupyterLab's start with and without us."""

from __future__ import annotations

import base64
import contextlib
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.browser.lab import FLAGS, chromium_path
from tests.jupyter import JupyterServer, start_jupyter

_PAGE = "<!doctype html><style>{style}</style>\n<script type=module>{code}{harness}</script>"
# The widget with a model of its own: packets come as from the kernel, the pointer as from a person dragging with Shift.
_HARNESS = """
const listeners = new Map();
const model = {
  get: (name) => ({ run_id: "run-1", kernel_id: "" })[name],
  send() {}, on: (name, listener) => listeners.set(name, listener), off() {},
};
const widget = trainingMonitor();
widget.initialize({ model });
widget.render({ model, el: document.body });
const bytes = (text) => new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
window.receive = (content, buffers) => listeners.get("msg:custom")(content, buffers.map(bytes));
const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
window.pan = async (seconds) => {
  await frame();
  const canvas = document.querySelector(".zoo-canvas");
  const box = canvas.getBoundingClientRect();
  const point = (kind, share, more = {}) => {
    const place = { clientX: box.left + share * box.width, clientY: box.top + box.height / 2 };
    canvas.dispatchEvent(new PointerEvent(kind, { bubbles: true, button: 0, pointerId: 1, ...place, ...more }));
  };
  point("pointerdown", 0.3); point("pointermove", 0.7); point("pointerup", 0.7); // look closer at the middle
  await frame(); await frame();
  const times = [];
  const begin = performance.now();
  point("pointerdown", 0.5, { shiftKey: true });
  for (let last = begin; last - begin < seconds * 1000; ) {
    point("pointermove", 0.5 + 0.4 * Math.sin((last - begin) / 400), { shiftKey: true });
    await frame();
    const now = performance.now();
    times.push(now - last);
    last = now;
  }
  point("pointerup", 0.5, { shiftKey: true });
  return times;
};
window.isReady = true;
"""


def pan(points: int, seconds: float) -> dict[str, float]:
    """Return the frames a second of a chart of `points` iterations that is moved for `seconds`, and the longest one."""
    from zoo_lab.widgets import assets

    code = assets.module("training_monitor").replace("export default function", "function")
    page_text = _PAGE.format(style=assets.style(*assets.MONITOR_STYLES), code=code, harness=_HARNESS)
    content, buffers = _history(points)
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_content(page_text)
        page.wait_for_function("window.isReady")
        page.evaluate("([content, buffers]) => receive(content, buffers)", [content, buffers])
        times = page.evaluate("seconds => pan(seconds)", seconds)
    return {"frames_per_second": 1000 * len(times) / sum(times), "longest_ms": max(times), "frames": len(times)}


def ready(turns: int) -> dict[str, list[float]]:
    """Return the seconds until JupyterLab's page is ready with the extension and without, in turns; not the first."""
    import tempfile

    found: dict[str, list[float]] = {"with": [], "without": []}
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser, contextlib.ExitStack() as servers:
        both = {way: servers.enter_context(start_jupyter(Path(folder, way))) for way in found}
        servers.enter_context(both["without"].without_extension())
        for turn in range(turns + 1):
            for way in ("with", "without") if turn % 2 else ("without", "with"):
                seconds = _seconds_until_ready(browser, both[way], extension=way == "with")
                found[way] += [seconds] if turn else []
    return found


def _history(points: int) -> tuple[dict[str, Any], list[str]]:
    """Return the packet that brings a page a run of so many iterations with two metrics and two workers."""
    from zoo_lab.core.events import IterationDone, RunStarted
    from zoo_lab.widgets.curves import Curves
    from zoo_lab.widgets.packets import packet

    start = {"name": "long", "model": "lenet", "parameters": 1, "rows": 128_000, "batch_size": 128, "workers": 2}
    curves = Curves("run-1")
    curves.add(
        RunStarted(
            run="run-1", time=0.0, epochs=points // 1000 + 1, steps_per_epoch=1000, sync="shared", seed=1, **start
        )
    )
    parts = {"schedule": 0.001, "read": 0.001, "compute": 0.006, "exchange": 0.002, "update": 0.001, "return": 0.001}
    for iteration in range(1, points + 1):
        noise = math.sin(iteration * 12.9898) * 0.2
        metrics = {"accuracy": 1 - math.exp(-iteration / points * 3), "top": 0.5 + noise / 4}
        place = {"iteration": iteration, "epoch": iteration // 1000, "step": iteration % 1000, "rows": 128}
        loss = 2 * math.exp(-3 * iteration / points) + abs(noise)
        took = {"seconds": 0.012, "parts": parts, "slowest": iteration % 2, "each": ((0.001, 0.006, 0.002),) * 2}
        curves.add(IterationDone(run="run-1", time=0.012 * iteration, loss=loss, metrics=metrics, **place, **took))
    content, buffers = packet(curves, reset=True)
    return content, [base64.b64encode(each).decode("ascii") for each in buffers]


@contextlib.contextmanager
def open_browser() -> Iterator[Any]:
    """Yield a headless Chromium, as Playwright's Browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield browser
        browser.close()


def _seconds_until_ready(browser: Any, server: JupyterServer, extension: bool) -> float:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    begin = time.perf_counter()
    page.goto(f"{server.url}lab?reset&token={server.token}")
    page.wait_for_function(
        "async () => { await window.jupyterapp?.restored; return Boolean(window.jupyterapp); }", timeout=90_000
    )
    seconds = time.perf_counter() - begin
    has_command = "() => window.jupyterapp.commands.hasCommand('zoo-lab:show-panel')"
    if extension:
        page.wait_for_function(has_command, timeout=30_000)  # its plugin may start a moment after the page is ready
    else:
        assert not page.evaluate(has_command), "The extension is there where it should not be."
    context.close()
    return seconds
