"""The paper's two losses, on the distances y of the RBF units (section II-C).

Both take distances (N, 10) and labels (N,) and give the mean over the N patterns. Which of the
two trained the network of Fig. 5 the paper does not say.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class MaximumLikelihood:
    """Eq. 8: the distance to the code of the right class, and nothing else."""

    def __call__(self, distances: Tensor, labels: Tensor) -> Tensor:
        return distances.gather(1, labels[:, None]).mean()


@dataclass(frozen=True)
class MaximumAPosteriori:
    """Eq. 9: eq. 8 plus log(exp(-j) + sum_i exp(-y_i)), which pushes the wrong classes away.

    ``j`` > 0 is the fixed distance of a "rubbish" class: classes much further off than j are not
    pushed any more. The paper gives no value for it.
    """

    j: float

    def __call__(self, distances: Tensor, labels: Tensor) -> Tensor:
        right = distances.gather(1, labels[:, None])[:, 0]
        rubbish = torch.full_like(distances[:, :1], -self.j)
        competition = torch.logsumexp(torch.cat([-distances, rubbish], dim=1), dim=1)
        return (right + competition).mean()
