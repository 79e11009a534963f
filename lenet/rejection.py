"""When to say "I do not know": errors against rejected images (section III-D, Fig. 10).

An image is rejected when its two best classes are too close to one another.
"""

import numpy as np


def errors_left(margins: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """For 0, 1, ... N rejected images, how many of the accepted ones are wrong: (N + 1,).

    ``margins`` (N,) is the difference of the two best scores, and the smallest is rejected first.
    ``wrong`` (N,) says which answers are. Of equal margins the wrong ones go last, so that a
    curve is never better than a threshold could make it.
    """
    order = np.lexsort([wrong, margins])
    return wrong.sum() - np.concatenate([[0], wrong[order].cumsum()])


def rejected_for(error: float, margins: np.ndarray, wrong: np.ndarray) -> int:
    """The fewest images to reject so that at most this share of the accepted ones is wrong."""
    left = errors_left(margins, wrong)
    accepted = np.arange(len(wrong), -1, -1)
    return int(np.argmax(left <= error * accepted))
