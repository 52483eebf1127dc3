"""The kernel's side of what watching costs: runs with the monitor and without, in turns, and the bytes it sends."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

_PREPARE = """
import json, os, time
import keras, numpy, zoo_lab
from benchmarks.models import CASES
from benchmarks.training import limit_threads
from zoo_lab.core.events import IterationDone
from zoo_lab.feature import FeatureSet

limit_threads()
context = zoo_lab.init_nncontext(master="local[2]", memory="2g", warm=True)
case, model = CASES["lenet"], CASES["lenet"].build()
data = FeatureSet.from_numpy(*case.data(128 * {steps}), context=context)

def train(display):
    begin, busy = time.perf_counter(), time.process_time()
    run = zoo_lab.fit(model, data, batch_size=128, epochs=1, display=display, runs={folder!r})
    busy, took = time.process_time() - busy, time.perf_counter() - begin
    done = [event for event in run.events if isinstance(event, IterationDone)]
    late = done[len(done) // 4:]  # the first ones find the size of a group
    rate = 128 * (len(late) - 1) / (late[-1].time - late[0].time)
    return rate, done[-1].time - done[0].time, busy, took * len(os.sched_getaffinity(0))
"""
_TURN = "print('figures', json.dumps(train({display!r})))"
_WAYS = {"with": "auto", "without": "none"}


def compare(turns: int, steps: int) -> dict[str, list[float]]:
    """Return samples a second of each run "with" and "without" the monitor, and the KB/s that the former sent.

    The monitor's own code, which its widget brings along when it opens, is not among them. "busy with" and "busy
    without" are the shares of the processors' time that kernel and reader took: neither computes gradients.

    Args:
        turns: runs of each kind, after one of each that does not count.
        steps: iterations of a run.
    """
    from jupyter_client.manager import start_new_kernel

    names = ("with", "without", "busy with", "busy without", "kilobytes_per_second")
    found: dict[str, list[float]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        manager, client = start_new_kernel(kernel_name="python3", cwd=str(Path(__file__).resolve().parent.parent))
        try:
            listener = client.connect_iopub()
            _execute(client, listener, _PREPARE.replace("{steps}", str(steps)).replace("{folder!r}", repr(folder)))
            for turn in range(turns + 1):
                for way in ("with", "without") if turn % 2 else ("without", "with"):
                    reading = time.process_time()
                    text, sent = _execute(client, listener, _TURN.format(display=_WAYS[way]))
                    reading = time.process_time() - reading
                    rate, seconds, busy, had = json.loads(text.partition("figures")[2])
                    if turn:
                        found[way].append(rate)
                        found[f"busy {way}"].append((busy + reading) / had)
                        found["kilobytes_per_second"] += [sent / seconds / 1000] if way == "with" else []
        finally:
            client.stop_channels()
            manager.shutdown_kernel()
    return found


def _execute(client: Any, listener: Any, code: str, most: float = 300.0) -> tuple[str, int]:
    """Run code in the kernel; return what it printed, and the bytes sent to its pages once widgets were open."""
    asked = client.execute(code)
    end, printed, sent = time.monotonic() + most, "", 0
    while time.monotonic() < end:
        if not listener.poll(1000):
            continue
        frames = listener.recv_multipart()
        header, parent, _, content = (json.loads(frame) for frame in frames[frames.index(b"<IDS|MSG>") + 2 :][:4])
        sent += 0 if header["msg_type"] == "comm_open" else sum(map(len, frames))
        if parent.get("msg_id") != asked:
            continue
        if header["msg_type"] == "stream" and content["name"] == "stdout":
            printed += content["text"]
        elif header["msg_type"] == "error":
            msg = f"Expected the cell to end well; it raised {content['ename']}: {content['evalue']}."
            raise RuntimeError(msg)
        elif header["msg_type"] == "status" and content["execution_state"] == "idle":
            return printed, sent
    msg = f"Expected the cell to end within {most:.0f} s."
    raise TimeoutError(msg)
