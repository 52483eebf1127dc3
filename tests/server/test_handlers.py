"""The routes, asked over HTTP of a real Jupyter server process that runs a real kernel."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.request
from http.cookiejar import CookieJar

import pytest

from tests.jupyter import JupyterServer, start_jupyter
from zoo_lab.core import kernelstate
from zoo_lab.magics.context import COMMAND
from zoo_lab.server.requests import MAX_BODY_BYTES

STOP = {"action": "stop", "run": "a1"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with start_jupyter(tmp_path_factory.mktemp("jupyter"), command="server") as started:
        yield started


@pytest.fixture(scope="module")
def kernel(server):
    return server.api("POST", "api/kernels", {"name": "python3"}).json["id"]


@pytest.fixture
def folder(server):
    folder = server.runtime / "zoo_lab"
    yield folder
    for kernel_id in kernelstate.list_kernels(folder):
        kernelstate.remove_state(folder, kernel_id)


def state_of(kernel_id: str) -> dict:
    return {"version": 1, "kernel": kernel_id, "updated": time.time(), "contexts": [], "runs": []}


def post(server: JupyterServer, path: str, body: dict | bytes, **options):
    return server.api("POST", f"zoo-lab/api/kernels/{path}", body, **options)


def test_without_a_kernel_state_the_list_is_empty(server, kernel):
    answer = server.api("GET", "zoo-lab/api/kernels")
    assert (answer.status, answer.json) == (200, {"kernels": []})


def test_the_state_of_a_live_kernel_is_served_as_it_was_written(server, kernel, folder):
    state = {**state_of(kernel), "contexts": [{"app": "digits", "master": "local[2]", "ui": None}]}
    kernelstate.write_state(folder, kernel, state)
    assert server.api("GET", "zoo-lab/api/kernels").json == {"kernels": [state]}


def test_states_of_dead_kernels_and_damaged_files_are_left_out_and_left_alone(server, kernel, folder):
    kernelstate.write_state(folder, "0000-dead", state_of("0000-dead"))
    (folder / f"{kernel}.json").write_text("{half a fi")
    assert server.api("GET", "zoo-lab/api/kernels").json == {"kernels": []}
    assert kernelstate.list_kernels(folder) == sorted(["0000-dead", kernel])


def test_a_stop_request_reaches_the_kernels_folder(server, kernel, folder):
    kernelstate.write_state(folder, kernel, state_of(kernel))
    answer = post(server, f"{kernel}/requests", STOP)
    assert (answer.status, answer.json) == (202, {"left": STOP})
    assert kernelstate.take_requests(folder, kernel) == [STOP]


def test_the_record_of_a_run_is_served_as_it_was_written(server, kernel, folder):
    kernelstate.write_state(folder, kernel, state_of(kernel))
    kernelstate.write_record(folder, kernel, "a1", {"name": "digits"})
    answer = server.api("GET", f"zoo-lab/api/kernels/{kernel}/runs/a1")
    assert (answer.status, answer.json) == (200, {"name": "digits"})
    assert server.api("GET", f"zoo-lab/api/kernels/{kernel}/runs/a2").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "{kernel}/runs/..%2F{kernel}",
        "{kernel}/runs/..%2F..%2Fsecret",
        "{kernel}/runs/%2e%2e",
        "{kernel}/runs/a%00b",
        "..%2Fx/runs/secret",
        "%2e%2e/runs/secret",
        "other/runs/secret",
        "{kernel}/runs/" + "x" * 65,
    ],
)
def test_a_run_whose_name_is_a_path_is_not_found(server, kernel, folder, path):
    kernelstate.write_state(folder, kernel, state_of(kernel))
    kernelstate.write_record(folder, "other", "secret", {"secret": 1})  # of a kernel that does not run here
    (server.runtime / "secret.json").write_text('{"secret": 1}')
    answer = server.api("GET", f"zoo-lab/api/kernels/{path.format(kernel=kernel)}")
    assert answer.status in (400, 403, 404)
    assert "secret" not in (answer.json if isinstance(answer.json, dict) else {})
    kernelstate.remove_state(folder, "other")


def test_the_form_gets_the_options_of_the_magic(server):
    answer = server.api("GET", "zoo-lab/api/context-options")
    asked = [option.name for option in COMMAND.options if option.name != "--form"]  # which is what asks for the form
    assert [option["name"] for option in answer.json["options"]] == asked


def test_the_launcher_gets_the_quickstart(server):
    answer = server.api("GET", "zoo-lab/api/quickstart")
    assert any("%zoo_fit" in "".join(cell["source"]) for cell in answer.json["cells"])


@pytest.mark.parametrize(
    "method_and_path",
    [
        ("GET", "zoo-lab/api/kernels"),
        ("GET", "zoo-lab/api/kernels/x/runs/y"),
        ("GET", "zoo-lab/api/context-options"),
        ("GET", "zoo-lab/api/quickstart"),
        ("POST", "zoo-lab/api/kernels/x/requests"),
    ],
)
@pytest.mark.parametrize("token", [None, "wrong"])
def test_nobody_gets_in_without_the_token(server, method_and_path, token):
    method, path = method_and_path
    answer = server.api(method, path, STOP if method == "POST" else None, token=token)
    assert answer.status in (401, 403)
    assert not {"kernels", "options", "cells"} & set(answer.json)


def test_a_signed_in_page_needs_the_xsrf_token_to_post(server, kernel, folder):
    kernelstate.write_state(folder, kernel, state_of(kernel))
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar := CookieJar()))
    browser.open(f"{server.url}login?token={server.token}").close()
    xsrf = next(cookie.value for cookie in jar if cookie.name == "_xsrf")
    path = f"{kernel}/requests"
    assert post(server, path, STOP, token=None, opener=browser).status == 403
    assert kernelstate.take_requests(folder, kernel) == []
    assert post(server, path, STOP, token=None, opener=browser, headers={"X-XSRFToken": xsrf}).status == 202


@pytest.mark.parametrize(
    "path",
    [
        "unknown/requests",
        "../kernels/x/requests",
        "..%2F..%2Fevil/requests",
        "%2e%2e/requests",
        "%2Fetc%2Fpasswd/requests",
        "a%00b/requests",
        "../../../../evil/requests",
        "/requests",
        "x" * 65 + "/requests",
    ],
)
def test_a_path_that_names_no_running_kernel_is_not_found_and_writes_nothing(server, kernel, folder, path):
    before = sorted(server.folder.rglob("*evil*"))
    answer = post(server, path, STOP)
    assert answer.status in (400, 403, 404, 405)
    assert sorted(server.folder.rglob("*evil*")) == before == []
    assert not list(server.runtime.rglob("*.requests"))


def test_a_live_kernel_without_a_context_takes_no_requests(server, kernel, folder):
    answer = post(server, f"{kernel}/requests", STOP)
    assert answer.status == 404
    assert "zoo_lab context" in answer.json["message"]


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"not json", "JSON"), (b"[]", "JSON object"), ({"action": "erase"}, "'stop'"), ({"action": "stop"}, "run")],
)
def test_a_malformed_body_is_answered_with_what_was_expected(server, kernel, folder, body, message):
    kernelstate.write_state(folder, kernel, state_of(kernel))
    answer = post(server, f"{kernel}/requests", body)
    assert answer.status == 400
    assert message in answer.json["message"]
    assert kernelstate.take_requests(folder, kernel) == []


def test_an_oversized_body_is_refused(server, kernel, folder):
    kernelstate.write_state(folder, kernel, state_of(kernel))
    body = json.dumps({**STOP, "padding": "x" * MAX_BODY_BYTES}).encode()
    assert post(server, f"{kernel}/requests", body).status == 413
    assert kernelstate.take_requests(folder, kernel) == []


def test_the_state_of_a_kernel_that_crashed_is_forgotten(server, folder):
    kernel_id = server.api("POST", "api/kernels", {"name": "python3"}).json["id"]
    kernelstate.write_state(folder, kernel_id, state_of(kernel_id))
    assert server.api("GET", "zoo-lab/api/kernels").json["kernels"]
    os.kill(server.process_of_kernel(kernel_id), signal.SIGKILL)
    assert server.wait_for(lambda: server.api("GET", "zoo-lab/api/kernels").json == {"kernels": []})
    assert kernel_id in [kernel["id"] for kernel in server.api("GET", "api/kernels").json]
