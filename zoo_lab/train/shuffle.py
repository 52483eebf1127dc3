"""Raw records through Spark's shuffle: a header and values as they lie in memory, where Spark would pickle them (E).

Copies are what an iteration of a large model consists of. Spark's own `partitionBy` pickles arrays in batches of tens
of megabytes; here a chunk goes to the socket as it is and comes out as it went in. `shuffled` is for the driver.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_lab.core.slices import slice_bounds
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
    kind: str, sender: int, values: np.ndarray, start: int = 0, stop: int | None = None, pack: Any = None
) -> Iterator[Record]:
    """Yield values from `start` to `stop` as records, each chunk as `pack` returns it; offsets count from `start`."""
    stop = len(values) if stop is None else stop
    step = max(1, CHUNK_BYTES // values.itemsize)
    for at in range(start, stop, step):
        chunk = values[at : min(at + step, stop)]
        content = (chunk if pack is None else pack(chunk)).view(np.uint8)
        record = bytearray(_HEADER.size + len(content))
        _HEADER.pack_into(record, 0, sender, _KINDS.index(kind), at - start)
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
    total = np.empty(ordered[-1].offset + len(wire.unpacked(ordered[-1].content, dtype)), dtype)
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


def joined(parts: list[Chunk], dtype: np.dtype) -> np.ndarray:
    """Return the values of chunks, one after another."""
    values, at = np.empty(sum(len(part.content) for part in parts) // dtype.itemsize, dtype), 0
    for part in parts:
        own = np.frombuffer(part.content, dtype)
        values[at : at + len(own)] = own
        at += len(own)
    return values


def shuffled(rdd: RDD, partitions: int) -> RDD:
    """Return the RDD of the records in their partitions; the function of `rdd` yields what `sent_to` does.

    It is Spark's own `partitionBy` without the pickling. All such RDDs of as many partitions are partitioned alike.
    """
    from pyspark import RDD
    from pyspark.serializers import NoOpSerializer

    context, rdd._bypass_serializer = rdd.context, True
    pairs = context._jvm.PairwiseRDD(rdd._jrdd.rdd()).asJavaPairRDD()
    partitioner = context._jvm.PythonPartitioner(partitions, id(sent_to))
    return RDD(context._jvm.PythonRDD.valueOfPair(pairs.partitionBy(partitioner)), context, NoOpSerializer())


def raw(rdd: RDD) -> RDD:
    """Let an RDD, whose function yields records, give them to the driver as they are."""
    rdd._bypass_serializer = True
    return rdd


def _read(record: Record) -> Any:
    sender, kind, offset = _HEADER.unpack_from(record)
    content = memoryview(record)[_HEADER.size :]
    if _KINDS[kind] != "told":
        return Chunk(sender, _KINDS[kind], offset, content)
    from pyspark.serializers import CPickleSerializer

    return CPickleSerializer().loads(content)
