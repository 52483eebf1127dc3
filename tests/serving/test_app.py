"""The service through real sockets: right answers, typed refusals, and nothing that harms it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import io
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from tests.serving.conftest import TOKEN, Running, running
from zoo_lab.infer import InferenceModel
from zoo_lab.serving import Settings, build_app
from zoo_lab.serving.run import listen

PREDICT = "/v1/models/small:predict"
HEAD = (
    f"POST {PREDICT} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
)


def assert_serves(service: Running) -> None:
    rows = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    status, _, answer = service.predict(rows)
    assert status == 200
    np.testing.assert_allclose(answer["predictions"], service.model.predict(np.array(rows), verbose=0), atol=1e-5)


def test_rows_come_back_as_tensorflow_serving_would_give_them(service: Running) -> None:
    assert_serves(service)
    status, _, answer = service.ask("POST", PREDICT, '{"inputs": [[1, 2, 3]]}')
    assert (status, list(answer)) == (200, ["outputs"])
    np.testing.assert_allclose(answer["outputs"], service.model.predict(np.array([[1.0, 2, 3]]), verbose=0), atol=1e-5)


def test_numpy_files_go_in_and_out(service: Running) -> None:
    x = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
    buffer = io.BytesIO()
    np.save(buffer, x)
    kinds = {"Content_Type": "application/x-npy", "Accept": "application/x-npy"}
    status, headers, body = service.ask("POST", PREDICT, buffer.getvalue(), **kinds)
    assert (status, headers["content-type"]) == (200, "application/x-npy")
    found = np.load(io.BytesIO(body), allow_pickle=False)
    np.testing.assert_allclose(found, service.model.predict(x, verbose=0), atol=1e-5)


def test_many_clients_get_each_their_own_rows_and_share_calls(service: Running) -> None:
    x = np.random.default_rng(1).normal(size=(120, 3)).astype(np.float32)
    expected = service.model.predict(x, verbose=0)
    with ThreadPoolExecutor(24) as clients:
        found = list(clients.map(lambda row: service.predict([row.tolist()])[2]["predictions"][0], x))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    calls = float(re.search(rb"zoo_lab_batch_rows_count (\S+)", service.ask("GET", "/metrics")[2])[1])
    rows = float(re.search(rb"zoo_lab_batch_rows_sum (\S+)", service.ask("GET", "/metrics")[2])[1])
    assert rows > calls


def test_only_who_has_the_token_may_ask(service: Running) -> None:
    for path in ("/v1/models/small", "/metrics"):
        status, headers, answer = service.ask("GET", path, Authorization="Bearer wrong")
        assert (status, answer["type"], headers["www-authenticate"]) == (401, "unauthorized", "Bearer")
    assert service.predict([[1, 2, 3]], Authorization="Basic b3Blbg==")[0] == 401
    assert service.ask("GET", "/healthz", Authorization="")[2] == {"status": "ok"}
    assert service.ask("GET", "/readyz", Authorization="")[2] == {"status": "ok"}


def test_without_a_token_pages_of_other_servers_are_refused(small: Any) -> None:
    with running(small, token="") as service:
        assert_serves(service)
        status, _, answer = service.predict([[1, 2, 3]], Host="evil.example:8501")
        assert (status, answer["type"]) == (403, "forbidden")
        # what a browser sends from another page without asking first
        assert service.predict([[1, 2, 3]], Content_Type="text/plain")[0] == 415


def test_the_model_is_described_and_requests_are_counted(service: Running) -> None:
    status, _, told = service.ask("GET", "/v1/models/small")
    assert (status, told["model_version_status"][0]["state"]) == (200, "AVAILABLE")
    assert [one["shape"] for one in told["inputs"].values()] == [[-1, 3]]
    service.predict([[1, 2]])
    text = service.ask("GET", "/metrics")[2].decode()
    for line in (
        'zoo_lab_requests_total{status="400"}',
        "zoo_lab_request_seconds_bucket",
        "process_resident_memory_bytes",
    ):
        assert line in text


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("GET", "/", None, 404, "not_found"),
        ("GET", PREDICT, None, 405, "wrong_method"),
        ("POST", "/v1/models/other:predict", "{}", 404, "not_found"),
        ("POST", PREDICT, "{", 400, "bad_request"),
        ("POST", PREDICT, '{"instances": [[1, 2]]}', 400, "bad_request"),
        ("POST", PREDICT, '{"instances": [["a", "b", "c"]]}', 400, "bad_request"),
        ("POST", PREDICT, '{"instances": [{"other": [1, 2, 3]}]}', 400, "bad_request"),
        ("POST", PREDICT, "[" * 10_000, 400, "bad_request"),
        ("POST", PREDICT, "x" * 20_001, 413, "too_large"),
        ("POST", PREDICT, iter([b"[" * 9_000] * 3), 413, "too_large"),
    ],
)
def test_what_cannot_be_answered_is_told(
    service: Running, method: str, path: str, body: Any, status: int, kind: str
) -> None:
    found, _, answer = service.ask(method, path, body)
    assert (found, answer["type"]) == (status, kind)
    assert answer["error"]
    assert_serves(service)


def test_a_body_that_says_it_is_too_large_is_not_waited_for(service: Running) -> None:
    with service.raw(HEAD.encode() + b"Content-Length: 99999999999\r\n\r\n") as connection:
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_a_model_that_fails_tells_no_secrets_and_harms_no_other_request(service: Running) -> None:
    with ThreadPoolExecutor(8) as clients:
        rows = [[13.0, 0, 0] if number == 3 else [float(number), 0, 0] for number in range(8)]
        found = list(clients.map(lambda row: service.predict([row]), rows))
    assert [status for status, _, _ in found] == [200] * 3 + [500] + [200] * 4
    assert found[3][2]["type"] == "model_failed"
    assert "secret" not in found[3][2]["error"]
    assert_serves(service)


def test_slow_headers_and_slow_bodies_are_ended_while_others_are_served(service: Running) -> None:
    begin = time.monotonic()
    silent, dripping = service.raw(), service.raw(b"POST / HT")
    body = service.raw(HEAD.encode() + b"Content-Length: 1000\r\n\r\n", b'{"inst')
    ended = threading.Event()

    def drip() -> None:
        while not ended.wait(0.2):
            try:
                dripping.sendall(b"x")
            except OSError:
                return

    dripper = threading.Thread(target=drip)
    dripper.start()
    assert_serves(service)
    assert body.recv(4096).startswith(b"HTTP/1.1 408 ")
    for connection in (silent, dripping):
        try:
            assert connection.recv(4096) == b""
        except ConnectionResetError:
            pass
    ended.set()
    dripper.join()
    assert 0.9 < time.monotonic() - begin < 15
    for connection in (silent, dripping, body):
        connection.close()
    assert_serves(service)


def test_a_connection_is_used_for_many_requests_and_may_rest_between_them(service: Running) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    with contextlib.closing(connection):
        for rest in (0, 1.5, 0):  # longer than headers may take
            time.sleep(rest)
            connection.request("POST", PREDICT, '{"instances": [[1, 2, 3]]}', headers)
            used = connection.sock
            answer = connection.getresponse()
            assert (answer.status, answer.read()[:14]) == (200, b'{"predictions"')
            assert connection.sock is used


def test_small_answers_are_not_held_back_for_acknowledgements() -> None:
    """Nagle's algorithm and delayed acknowledgements together would make each take 40 ms."""

    async def at_once() -> int:
        option = asyncio.get_running_loop().create_future()

        def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            option.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = listen(Settings(port=0))
        async with await asyncio.start_server(accepted, sock=listening):
            with socket.create_connection(listening.getsockname()):
                return await option

    assert asyncio.run(at_once())


def test_garbage_and_broken_connections_do_no_harm(service: Running) -> None:
    with service.raw(b"\x16\x03\x01\x02\x00" * 100 + b"\r\n\r\n") as connection:
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")
    with service.raw(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000) as connection:
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")
    for cut in (b"", b"GET", HEAD.encode() + b"Content-Length: 50\r\n\r\n{"):
        service.raw(cut).close()
    assert_serves(service)


def test_a_late_answer_is_an_error_and_the_next_request_is_served(small: Any) -> None:
    with running(small, timeout=0.5) as service:
        status, _, answer = service.predict([[99.0, 0, 0]])
        assert (status, answer["type"]) == (504, "timeout")
        time.sleep(1)
        assert_serves(service)


def test_too_many_waiting_requests_are_told_to_come_back(small: Any) -> None:
    with running(small, max_waiting=1, max_batch=1) as service, ThreadPoolExecutor(6) as clients:
        found = list(clients.map(lambda _: service.predict([[99.0, 0, 0]]), range(6)))
        busy = [answer for answer in found if answer[0] == 503]
        assert len(busy) >= 3
        assert (busy[0][1]["Retry-After".lower()], busy[0][2]["type"]) == ("1", "busy")
        assert_serves(service)


def test_all_bodies_together_take_no_more_than_they_may(small: Any) -> None:
    with running(small, max_held=10_000) as service:
        body = b" " * 9_000 + b'{"instances": [[1, 2, 3]]}'
        with service.raw(HEAD.encode() + b"Content-Length: %d\r\n\r\n" % len(body), body[:9_000]) as first:
            while not (busy := service.ask("POST", PREDICT, " " * 2_000))[0] == 503:
                pass
            assert (busy[2]["type"], busy[1]["Retry-After".lower()]) == ("busy", "1")
            first.sendall(body[9_000:])
            assert first.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert service.ask("POST", PREDICT, " " * 9_000)[0] == 400
        assert_serves(service)


def test_wrong_settings_are_told_all_at_once(small: Any) -> None:
    with pytest.raises(ValueError) as raised:
        build_app(InferenceModel(small), "small", Settings(host="0.0.0.0", max_batch=0, timeout=float("nan")))
    assert all(text in str(raised.value) for text in ("Expected a token on '0.0.0.0'", "max_batch", "timeout"))
