"""How many threads OpenCV takes in a worker process. Runs inside Spark executors.

OpenCV takes all cores of the machine unless told otherwise; a worker has those of its slot.
"""

from __future__ import annotations

import os

import cv2


def keep_to_slot() -> None:
    """Let OpenCV take as many threads in this worker as Spark gives a task cores, which it says in the environment."""
    given = os.environ.get("OMP_NUM_THREADS", "1")
    cv2.setNumThreads(int(given) if given.isdigit() and int(given) else 1)
