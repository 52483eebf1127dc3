"""Raw records through Spark's shuffle: a header and values as they lie in memory, where Spark would pickle them (E).

Copies are what an iteration of a large model consists of. Spark's own `partitionBy` pickles arrays in batches of tens
of megabytes; here a chunk goes to the socket as it is and comes out as it went in. `shuffled` is for the driver.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from zoo_lab.core.slices import slice_bounds
from zoo_lab.train.tensors import aligned
from zoo_lab.train.wire import CHUNK_BYTES, Wire

if TYPE_CHECKING:
    from pyspark import RDD

_KINDS = ("told", "gradient", "state", "place")
_HEADER = struct.Struct("<iiq")
_TARGET = struct.Struct("!q")  # as Spark's PairwiseRDD reads it

Record = bytes | bytearray


@dataclass(frozen=True)
class Chunk:
    """Some values of an array, or with the kind "place" nothing.

    Attributes:
        sender: the worker or slice that sent it.
        kind: what the array is.
        offset: of the first value within it.
        content: their bytes.
    """

    sender: int
    kind: str
    offset: int
    content: memoryview


def sent_to(target: int, record: Record) -> Iterator[Record]:
    """Yield what takes a record to partition `target` of `shuffled`."""
    yield _TARGET.pack(target)
    yield record


def telling(sender: int, content: Any) -> Record:
    """Return a small object as a record."""
    from pyspark.serializers import CPickleSerializer

    return _HEADER.pack(sender, _KINDS.index("told"), 0) + CPickleSerializer().dumps(content)


def place(number: int) -> Record:
    """Return the empty record of a slice."""
    return _HEADER.pack(number, _KINDS.index("place"), 0)


def chunks(
    kind: str,
    sender: int,
    values: np.ndarray,
    start: int = 0,
    stop: int | None = None,
    pack: Any = None,
    before: int = 0,
) -> Iterator[Record]:
    """Yield values from `start` to `stop` as records, each chunk as `pack` returns it.

    Offsets count from `start`, and `before` values of the array that were sent otherwise.
    """
    stop = len(values) if stop is None else stop
    step = max(1, CHUNK_BYTES // values.itemsize)
    for at in range(start, stop, step):
        chunk = values[at : min(at + step, stop)]
        content = (chunk if pack is None else pack(chunk)).view(np.uint8)
        record = bytearray(_HEADER.size + len(content))
        _HEADER.pack_into(record, 0, sender, _KINDS.index(kind), before + at - start)
        record[_HEADER.size :] = content.data
        yield record


def sliced_chunks(
    kind: str, sender: int, values: np.ndarray, slices: int, pack: Callable[[np.ndarray], np.ndarray] | None = None
) -> Iterator[Record]:
    """Yield what takes slice n of the values to partition n, from the first value to the last."""
    for number in range(slices):
        for record in chunks(kind, sender, values, *slice_bounds(len(values), slices, number), pack):
            yield from sent_to(number, record)


def read(records: Iterable[Record]) -> list[Any]:
    """Return what `telling` was given, and the chunks of arrays."""
    return [_read(record) for record in records]


def chunks_of(parts: Iterable[Any], kind: str) -> list[Chunk]:
    """Return the chunks of one kind among what `read` returned."""
    return [part for part in parts if isinstance(part, Chunk) and part.kind == kind]


def summed(parts: list[Chunk], wire: Wire, dtype: np.dtype) -> np.ndarray:
    """Return the sum over the senders, always in their order; chunks come in any."""
    ordered = sorted(parts, key=lambda part: (part.offset, part.sender))
    if not ordered:
        return np.zeros(0, dtype)
    total = aligned(ordered[-1].offset + len(wire.unpacked(ordered[-1].content, dtype)), dtype)
    filled = 0
    for part in ordered:
        values = wire.unpacked(part.content, dtype)
        own = total[part.offset : part.offset + len(values)]
        if part.offset == filled:
            own[:] = values
            filled += len(values)
        else:
            np.add(own, values, out=own)
    return total


def shuffled(rdd: RDD, partitions: int) -> RDD:
    """Return the RDD of the records in their partitions; the function of `rdd` yields what `sent_to` does.

    It is Spark's own `partitionBy` without the pickling. All such RDDs of as many partitions are partitioned alike.
    """
    from pyspark import RDD
    from pyspark.serializers import NoOpSerializer

    context, rdd._bypass_serializer = rdd.context, True
    jvm = context._jvm
    pairs = jvm.PairwiseRDD(rdd._jrdd.rdd()).asJavaPairRDD()
    moved = pairs.partitionBy(jvm.PythonPartitioner(partitions, id(sent_to)))
    # Java's own serialization, the default, passes arrays on in pieces of 1 KB
    moved.rdd().setSerializer(jvm.KryoSerializer(context._jsc.sc().conf()))
    return RDD(jvm.PythonRDD.valueOfPair(moved), context, NoOpSerializer())


def arriving(rdd: RDD, slices: int, **arrays: np.ndarray) -> RDD:
    """Let an RDD, whose function yields records, give the driver what `telling` was given and fill these arrays.

    Args:
        rdd: its records come from slice workers.
        slices: number of slices of each array.
        arrays: kind → where its chunks go.
    """
    rdd._bypass_serializer = True
    _ = rdd._jrdd  # sets the deserializer
    rdd._jrdd_deserializer = _Arrival(slices, arrays)
    return rdd


class _Arrival:
    """What PySpark calls a serializer: reads records off a socket, values straight to their place."""

    def __init__(self, slices: int, arrays: dict[str, np.ndarray]) -> None:
        self._slices = slices
        self._arrays = arrays

    def load_stream(self, stream: BinaryIO) -> Iterator[Any]:
        from pyspark.serializers import CPickleSerializer, read_int

        with contextlib.suppress(EOFError):
            while (length := read_int(stream)) >= 0:
                sender, kind, offset = _HEADER.unpack(stream.read(_HEADER.size))
                length -= _HEADER.size
                if _KINDS[kind] == "told":
                    yield CPickleSerializer().loads(stream.read(length))
                else:
                    self._fill(stream, sender, self._arrays[_KINDS[kind]], offset, length)

    def _fill(self, stream: BinaryIO, sender: int, array: np.ndarray, offset: int, length: int) -> None:
        start = slice_bounds(len(array), self._slices, sender)[0] + offset
        own = array[start : start + length // array.itemsize]
        if stream.readinto(memoryview(own).cast("B")) != length:
            msg = f"Spark's answer ended within the values of slice {sender}."
            raise ConnectionError(msg)


def _read(record: Record) -> Any:
    sender, kind, offset = _HEADER.unpack_from(record)
    content = memoryview(record)[_HEADER.size :]
    if _KINDS[kind] != "told":
        return Chunk(sender, _KINDS[kind], offset, content)
    from pyspark.serializers import CPickleSerializer

    return CPickleSerializer().loads(content)
