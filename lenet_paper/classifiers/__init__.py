"""The classifiers of Fig. 9, a family a file, and what they have in common.

Each is a function of training digits, images to classify and its settings. Digits are images
(N, H, W), float32 from 0 (background) to 1 (ink), and labels, int64 (N,).
"""

from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

Digits = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Classified:
    """What a classifier says of N images, and what it costs to say it.

    ``penalties`` (N, 10), the smallest wins. ``multiply_adds`` are those of one image, in Fig. 11;
    ``stored`` is how many numbers are kept, in Fig. 12. ``network`` holds weights to keep, if any.
    """

    penalties: np.ndarray
    multiply_adds: int
    stored: int
    network: nn.Module | None = None


def vectors(images: Tensor) -> np.ndarray:
    """Images (N, H, W) as vectors (N, H * W)."""
    return images.flatten(1).numpy()


def targets(labels: Tensor, classes: int = 10) -> np.ndarray:
    """1 for the class of the label and -1 for the others: (N, classes) float32."""
    return 2 * np.eye(classes, dtype=np.float32)[labels.numpy()] - 1
