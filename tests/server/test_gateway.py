"""Kernels that run elsewhere: a Jupyter server whose kernels another one runs, as behind a Jupyter gateway."""

from __future__ import annotations

import json

import pytest
from jupyter_client import BlockingKernelClient

from tests.jupyter import start_jupyter

TELL = """
from tests.widgets.recorded import record
from zoo_lab.widgets.board import kernel_board

taken, board = [], kernel_board()
board.on("stop", taken.append)
board.set_context("digits", master="local[2]", slots=2, state="warm", ui="http://127.0.0.1:4040")
board.set_context("cluster", master="spark://head:7077", slots=8, state="warm", ui="http://head:4040")
for event in record(run="run-1", epochs=1, steps=3):
    board.listen(event)
"""
WAIT_UNTIL_ASKED = """
import time
while not taken:
    time.sleep(0.05)
assert taken == [{"action": "stop", "run": "run-1"}], taken
"""


@pytest.fixture(scope="module")
def far(tmp_path_factory):
    """The server that runs the kernels."""
    with start_jupyter(tmp_path_factory.mktemp("far"), command="server") as server:
        yield server


@pytest.fixture(scope="module")
def near(tmp_path_factory, far):
    """The server that people's pages are from; it has no folder in common with the other."""
    gateway = {"JUPYTER_GATEWAY_URL": far.url, "JUPYTER_GATEWAY_AUTH_TOKEN": far.token}
    with start_jupyter(tmp_path_factory.mktemp("near"), command="server", environment=gateway) as server:
        yield server


def start_kernel(server, far):
    """Start a kernel by `server` and return its id and a client of it; it must be `far` that runs it."""
    kernel = server.api("POST", "api/kernels", {"name": "python3"}).json["id"]
    assert far.process_of_kernel(kernel)
    client = BlockingKernelClient(connection_file=str(far.runtime / f"kernel-{kernel}.json"))
    client.load_connection_file()
    client.start_channels(iopub=False, stdin=False, hb=False)
    return kernel, client


def run(client, code):
    client.execute(code)
    expect_success(client)


def expect_success(client):
    reply = client.get_shell_msg(timeout=90)["content"]
    assert reply["status"] == "ok", reply


@pytest.fixture(scope="module")
def kernel(near, far):
    """A kernel that has told of a context and of a run: its id and a client of it."""
    kernel, client = start_kernel(near, far)
    run(client, TELL)
    yield kernel, client
    client.stop_channels()


def test_its_state_is_known(near, kernel):
    [state] = near.api("GET", "zoo-lab/api/kernels").json["kernels"]
    assert state["kernel"] == kernel[0]
    assert [context["master"] for context in state["contexts"]] == ["local[2]", "spark://head:7077"]


def test_spark_s_pages_are_only_named_where_another_machine_reaches_them(near, far, kernel):
    told = {server: server.api("GET", "zoo-lab/api/kernels").json["kernels"][0]["contexts"] for server in (far, near)}
    assert [context["ui"] for context in told[far]] == ["http://127.0.0.1:4040", "http://head:4040"]
    assert [context["ui"] for context in told[near]] == [None, "http://head:4040"]


def test_a_request_reaches_it_while_it_is_busy(near, kernel):
    kernel_id, client = kernel
    client.execute(WAIT_UNTIL_ASKED)
    request = {"action": "stop", "run": "run-1"}
    assert near.api("POST", f"zoo-lab/api/kernels/{kernel_id}/requests", request).status == 202
    expect_success(client)


def test_its_runs_are_served_and_one_that_it_does_not_have_is_not_found(near, kernel):
    path = f"zoo-lab/api/kernels/{kernel[0]}/runs"
    near.wait_for(lambda: near.api("GET", f"{path}/run-1").status == 200, seconds=30)  # written within two seconds
    assert near.api("GET", f"{path}/run-1").json["iterations"] == 3
    assert near.api("GET", f"{path}/run-2").status == 404


def test_kernels_that_others_run_there_are_neither_shown_nor_reached(near, far, kernel):
    others, client = start_kernel(far, far)
    run(client, TELL)
    client.stop_channels()
    assert len(far.api("GET", "zoo-lab/api/kernels").json["kernels"]) == 2
    assert [state["kernel"] for state in near.api("GET", "zoo-lab/api/kernels").json["kernels"]] == [kernel[0]]
    request = {"action": "stop", "run": "run-1"}
    assert near.api("POST", f"zoo-lab/api/kernels/{others}/requests", request).status == 404
    assert near.api("GET", f"zoo-lab/api/kernels/{others}/runs/run-1").status == 404


def test_a_kernel_without_a_context_takes_no_requests(near, far):
    kernel, client = start_kernel(near, far)
    client.stop_channels()
    request = {"action": "stop", "run": "run-1"}
    answer = near.api("POST", f"zoo-lab/api/kernels/{kernel}/requests", request)
    assert (answer.status, "zoo_lab context" in answer.json["message"]) == (404, True)


def test_of_kernels_of_a_gateway_without_zoo_lab_nothing_is_known_and_nothing_fails(tmp_path):
    settings = tmp_path / "bare" / "config" / "jupyter_server_config.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"ServerApp": {"jpserver_extensions": {"zoo_lab.server": False}}}))
    with start_jupyter(tmp_path / "bare", command="server") as bare:
        assert bare.api("GET", "zoo-lab/api/kernels").status == 404
        gateway = {"JUPYTER_GATEWAY_URL": bare.url, "JUPYTER_GATEWAY_AUTH_TOKEN": bare.token}
        with start_jupyter(tmp_path / "near", command="server", environment=gateway) as near:
            kernel, client = start_kernel(near, bare)
            run(client, TELL)
            client.stop_channels()
            known = near.api("GET", "zoo-lab/api/kernels")
            assert (known.status, known.json["kernels"]) == (200, [])
            request = {"action": "stop", "run": "run-1"}
            assert near.api("POST", f"zoo-lab/api/kernels/{kernel}/requests", request).status == 404
            assert near.api("GET", f"zoo-lab/api/kernels/{kernel}/runs/run-1").status == 404
