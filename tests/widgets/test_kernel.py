from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

from jupyter_client.multikernelmanager import MultiKernelManager

from zoo_lab.widgets import kernel
from zoo_lab.widgets.choose import display_for
from zoo_lab.widgets.progress import TextProgress


def test_outside_a_kernel_nothing_is_known():
    assert (kernel.in_kernel(), kernel.kernel_id(), kernel.runtime_folder()) == (False, None, None)


def test_outside_a_kernel_a_run_is_shown_as_text():
    assert isinstance(display_for("run-1"), TextProgress)


def test_asking_loads_neither_ipython_nor_widgets():
    code = "import sys; from zoo_lab.widgets import choose; choose.display_for('r')\n"
    code += "print([name for name in ('IPython', 'ipywidgets', 'anywidget', 'numpy') if name in sys.modules])"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert json.loads(output.replace("'", '"')) == []


def test_a_kernel_knows_the_id_and_the_folder_that_its_server_gave_it(tmp_path):
    manager = MultiKernelManager(connection_dir=str(tmp_path))
    kernel_id = manager.start_kernel(cwd=str(Path(__file__).resolve().parents[2]))
    try:
        client = manager.get_kernel(kernel_id).client()
        client.start_channels()
        client.wait_for_ready(timeout=180)
        code = "from zoo_lab.widgets import board, kernel; b = board.Board.of_this_kernel()"
        asked = {"known": "[kernel.in_kernel(), kernel.kernel_id(), str(b.folder)]"}
        reply = client.execute(code, user_expressions=asked, reply=True, timeout=180)
        known = reply["content"]["user_expressions"]["known"]["data"]["text/plain"]
        client.stop_channels()
    finally:
        manager.shutdown_all(now=True)
    assert ast.literal_eval(known) == [True, kernel_id, str(tmp_path / "zoo_lab")]
