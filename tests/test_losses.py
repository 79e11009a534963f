"""Eq. 8 and eq. 9 against the formulas written out for one pattern at a time."""

import math

import pytest
import torch

from lenet.losses import MaximumAPosteriori, MaximumLikelihood

DISTANCES = torch.tensor([[0.5, 2.0, 40.0], [3.0, 1.0, 0.25]], dtype=torch.float64)
LABELS = torch.tensor([0, 1])


def test_eq8_is_the_mean_distance_to_the_right_code():
    assert MaximumLikelihood()(DISTANCES, LABELS).item() == pytest.approx((0.5 + 1.0) / 2)


@pytest.mark.parametrize("j", [0.1, 10.0])
def test_eq9_adds_the_log_of_the_competition(j):
    first = 0.5 + math.log(math.exp(-j) + math.exp(-0.5) + math.exp(-2) + math.exp(-40))
    second = 1.0 + math.log(math.exp(-j) + math.exp(-3) + math.exp(-1) + math.exp(-0.25))
    loss = MaximumAPosteriori(j)(DISTANCES, LABELS).item()
    assert loss == pytest.approx((first + second) / 2)


def test_eq9_stays_finite_when_every_code_is_far_away():
    assert torch.isfinite(MaximumAPosteriori(1000.0)(DISTANCES + 1e4, LABELS))


def test_eq9_hardly_pushes_a_class_that_is_further_off_than_j():
    distances = torch.tensor([[1.0, 5.0, 60.0]], requires_grad=True)
    MaximumAPosteriori(20.0)(distances, torch.tensor([0])).backward()
    near, far = distances.grad[0, 1].item(), distances.grad[0, 2].item()
    assert near < -1e-3  # a smaller loss when the wrong class moves away
    assert abs(far) < 1e-20
