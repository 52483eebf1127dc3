"""What becomes of files that are no whole picture: an error, a line in the report, or a marked image.

Runs inside Spark executors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.feature import ImageFeature

POLICIES = ("raise", "skip", "mark")
_REPAIR = (
    'Replace or remove the file, or read the set with policy="skip" (left out, and listed in its report()) or '
    'policy="mark" (kept, with the reason as its problem).'
)
_SHOWN = 20


def by_policy(features: Iterable[ImageFeature], policy: str) -> Iterator[ImageFeature]:
    """Yield the images that stay in a set: all, but bad ones raise or are skipped where the policy says so.

    Raises `DataError` naming the file and the repair with policy "raise".
    """
    for feature in features:
        if feature.problem and policy == "raise":
            raise bad_file(feature)
        if not feature.problem or policy == "mark":
            yield feature


def bad_file(feature: ImageFeature) -> DataError:
    """Return the error that names a bad image and says what to do."""
    return DataError(f"{feature.name}: expected an image file that can be read; {feature.problem}. {_REPAIR}")


@dataclass(frozen=True)
class Report:
    """How the files of a set were read.

    Args:
        files: how many there are.
        problems: (uri, what is wrong) of each that is no whole picture, by uri.
        policy: what becomes of those.

    Example:
        >>> print(Report(3, (("dogs/2.jpg", "it is empty"),), "skip"))
        3 images, 1 bad (policy "skip"):
          dogs/2.jpg: it is empty
    """

    files: int
    problems: tuple[tuple[str, str], ...] = ()
    policy: str = "raise"

    @property
    def bad(self) -> int:
        """How many files are no whole picture."""
        return len(self.problems)

    def __str__(self) -> str:
        head = f"{self.files:,} images, {format(self.bad, ',') if self.bad else 'none'} bad"
        if not self.bad:
            return head
        lines = [f"  {uri}: {problem}" for uri, problem in self.problems[:_SHOWN]]
        more = [f"  … and {self.bad - _SHOWN:,} more (in .problems)"] if self.bad > _SHOWN else []
        return "\n".join([f'{head} (policy "{self.policy}"):', *lines, *more])
