"""Requests that wait share calls; each gets its own rows, and nobody suffers for another."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import numpy as np
import pytest

from zoo_lab.serving.batcher import Batcher
from zoo_lab.serving.errors import ServiceError


class Doubling:
    """Doubles, notes the rows of its calls, and can be held."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.open = threading.Event()
        self.open.set()

    def __call__(self, inputs: Any) -> Any:
        array = inputs["a"] if isinstance(inputs, dict) else inputs
        self.calls.append(len(array))
        assert self.open.wait(10)
        if (array == 13).any():
            raise ValueError("unlucky")
        return {"double": 2 * array, "same": array} if isinstance(inputs, dict) else 2 * array


def batcher(predict: Any, **changes: Any) -> Batcher:
    return Batcher(predict, **{"max_batch": 8, "max_wait": 0.0, "max_waiting": 100, "concurrency": 1} | changes)


async def ask(made: Batcher, *values: int) -> Any:
    return await made.predict(np.array(values, np.float32), len(values))


async def behind(made: Batcher, model: Doubling, *requests: Any) -> list[Any]:
    """Return the answers of requests that came while a call was computing."""
    model.open.clear()
    first = asyncio.create_task(ask(made, 0))
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(request) for request in requests]
    await asyncio.sleep(0.01)
    model.open.set()
    await first
    return await asyncio.gather(*others, return_exceptions=True)


def test_what_waits_is_computed_together_and_each_gets_its_own_rows():
    async def main() -> None:
        model = Doubling()
        made = batcher(model)
        found = await behind(made, model, ask(made, 1, 2), ask(made, 3), ask(made, 4, 5, 6))
        assert [part.tolist() for part in found] == [[2, 4], [6], [8, 10, 12]]
        assert model.calls == [1, 6]

    asyncio.run(main())


def test_a_call_has_no_more_rows_than_the_batch_but_a_large_request_is_computed_whole():
    async def main() -> None:
        model = Doubling()
        made = batcher(model, max_batch=4)
        found = await behind(made, model, ask(made, 1, 2, 3), ask(made, 4, 5), ask(made, *range(20, 40)))
        assert [len(part) for part in found] == [3, 2, 20]
        assert model.calls == [1, 3, 2, 20]

    asyncio.run(main())


def test_only_rows_of_one_kind_share_a_call_and_none_is_forgotten():
    async def main() -> None:
        model = Doubling()
        made = batcher(model)
        wide = made.predict(np.ones((2, 3), np.float32), 2)
        named = [made.predict({"a": np.array([value])}, 1) for value in (7, 8)]
        found = await behind(made, model, ask(made, 1), wide, *named, ask(made, 2))
        assert found[0].tolist() == [2]
        assert found[1].shape == (2, 3)
        assert [part["double"].tolist() for part in found[2:4]] == [[14], [16]]
        assert found[4].tolist() == [4]
        assert model.calls == [1, 2, 2, 2]

    asyncio.run(main())


def test_a_request_that_fails_fails_alone():
    async def main() -> None:
        model = Doubling()
        made = batcher(model)
        found = await behind(made, model, ask(made, 1), ask(made, 13), ask(made, 3))
        assert [part.tolist() for part in (found[0], found[2])] == [[2], [6]]
        assert isinstance(found[1], ValueError)

    asyncio.run(main())


def test_who_gives_up_waiting_is_not_computed():
    async def main() -> None:
        model = Doubling()
        made = batcher(model)
        model.open.clear()
        first = asyncio.create_task(ask(made, 0))
        await asyncio.sleep(0.01)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(ask(made, 1, 1), 0.01)
        assert made.waiting == 0
        model.open.set()
        await first
        assert (await ask(made, 5)).tolist() == [10]
        assert model.calls == [1, 1]

    asyncio.run(main())


def test_too_many_are_told_to_come_back():
    async def main() -> None:
        model = Doubling()
        made = batcher(model, max_waiting=2)
        found = await behind(made, model, *(ask(made, number) for number in range(4)))
        assert [isinstance(part, ServiceError) for part in found] == [False, False, True, True]
        assert (found[3].status, found[3].headers) == (503, {"Retry-After": "1"})

    asyncio.run(main())


def test_a_call_waits_for_requests_on_their_way_but_not_longer_than_it_may():
    async def main() -> None:
        model = Doubling()
        made = batcher(model, max_wait=5.0)
        assert (await asyncio.wait_for(ask(made, 1), 1)).tolist() == [2]  # nobody else: at once
        made.announce(+1)
        early = asyncio.create_task(ask(made, 2))
        await asyncio.sleep(0.01)
        assert model.calls == [1]
        made.announce(-1)
        late = asyncio.create_task(ask(made, 3))
        assert [part.tolist() for part in await asyncio.wait_for(asyncio.gather(early, late), 1)] == [[4], [6]]
        assert model.calls == [1, 2]
        hasty = batcher(model, max_wait=0.02)
        hasty.announce(+1)
        assert (await asyncio.wait_for(ask(hasty, 4), 1)).tolist() == [8]

    asyncio.run(main())


def test_several_calls_compute_at_once_where_that_is_asked_for():
    async def main() -> None:
        model = Doubling()
        made = batcher(model, concurrency=2)
        model.open.clear()
        tasks = [asyncio.create_task(ask(made, number)) for number in range(3)]
        while len(model.calls) < 2:
            await asyncio.sleep(0.01)
        assert (len(model.calls), made.waiting) == (2, 1)
        model.open.set()
        await asyncio.gather(*tasks)

    asyncio.run(main())
