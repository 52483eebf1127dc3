"""Says where in the data a value stands, for messages. Runs inside Spark executors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from zoo_lab.core.errors import DataError


@dataclass(frozen=True)
class Place:
    """A run of rows of one column of one partition.

    Attributes:
        what: what messages call the values, such as "column 'age'".
        partition: the partition.
        first_row: number of the first row within the partition, from 0.
        items_per_row: items that make up one row, for the flattened items of arrays.
        names: what the rows are called; empty, they are told by their numbers.
    """

    what: str
    partition: int
    first_row: int = 0
    items_per_row: int = 1
    names: Sequence[str] = ()

    def inside(self, items: int) -> Place:
        """Return the place of the flattened items of arrays that have `items` each."""
        return replace(self, items_per_row=self.items_per_row * max(items, 1))

    def error(self, item: int, expected: str, received: str, repair: str) -> DataError:
        """Return the error for item number `item` of this place."""
        row = item // self.items_per_row
        what = self.what[0].upper() + self.what[1:]
        number = f"{what}, row {self.first_row + row} of partition {self.partition} (counted from 0)"
        where = f"{self.names[row]}: {self.what}" if self.names else number
        msg = f"{where}: expected {expected}; received {received}. {repair}"
        return DataError(msg)
