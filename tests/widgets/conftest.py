from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.widgets.recorded import record, record_resumed
from zoo_lab.core.events import Event

Recorder = Callable[..., list[Event]]


@pytest.fixture(scope="session")
def recorded() -> Recorder:
    """Return a function that makes a run's events; its arguments are those of `record`."""
    return record


@pytest.fixture(scope="session")
def resumed() -> Callable[..., list[Event]]:
    """Return a function that makes the events of a run that was resumed a day later; it has not ended."""
    return record_resumed


@pytest.fixture
def wire(monkeypatch) -> list[dict]:
    """All messages that widgets send, taken where a kernel would put them on its socket.

    `comm.create_comm` is the comm package's documented hook: each kernel replaces it with its own.
    """
    import comm
    from comm.base_comm import BaseComm

    sent: list[dict] = []

    class RecordingComm(BaseComm):
        def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
            sent.append({"type": msg_type, "data": data, "buffers": buffers or [], "comm": self})

    monkeypatch.setattr(comm, "create_comm", RecordingComm)
    return sent


@pytest.fixture
def shown(monkeypatch) -> list[dict]:
    """All displays, as IPython's own capturing publisher keeps them: {"data", "transient", "update", …}."""
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    publisher = CapturingDisplayPublisher()
    shell = InteractiveShell.instance()
    monkeypatch.setattr(shell, "display_pub", publisher)
    yield publisher.outputs
    InteractiveShell.clear_instance()
