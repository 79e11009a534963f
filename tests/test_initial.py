"""Initial weights: their range by the fan-in of each unit, and that a seed repeats them."""

import pytest
import torch
from torch import nn

from lenet.initial import initialise
from lenet.networks import LeNet5_1998


def drawn(rule: str, mean: bool = False) -> LeNet5_1998:
    network = LeNet5_1998(mean=mean)
    initialise(network, seed=3, rule=rule)
    return network


def test_the_papers_rule_fills_plus_minus_2_4_over_the_fan_in():
    network = drawn("paper")
    fan_ins = {"C1": 25, "S2": 4, "S4": 4, "C5": 400, "F6": 120}
    for name, fan_in in fan_ins.items():
        for parameter in getattr(network, name).parameters():
            largest = parameter.abs().max().item()
            assert largest <= 2.4 / fan_in
            if parameter.numel() > 100:
                assert largest > 0.95 * 2.4 / fan_in


def test_in_c3_the_fan_in_differs_from_map_to_map():
    weight = drawn("paper").C3.weight
    table = drawn("paper").C3.table
    start = 0
    for inputs in table:
        kernels = weight[start : start + len(inputs)]
        start += len(inputs)
        bound = 2.4 / (25 * len(inputs))
        assert 0.9 * bound < kernels.abs().max().item() <= bound
    assert start == len(weight) == 60


def test_the_other_rule_gives_variance_one_over_fan_in():
    network = drawn("variance")
    assert network.C5.weight.var().item() == pytest.approx(1 / 400, rel=0.03)
    assert network.F6.weight.var().item() == pytest.approx(1 / 120, rel=0.03)


def test_a_coefficient_on_a_sum_starts_four_times_smaller_than_on_a_mean():
    on_sum, on_mean = drawn("variance").S4, drawn("variance", mean=True).S4
    torch.testing.assert_close(4 * on_sum.coefficient, 2 * on_mean.coefficient)


def test_the_root_rule_is_wider_by_the_root_of_the_fan_in():
    narrow, wide = drawn("paper").F6.weight, drawn("root").F6.weight
    torch.testing.assert_close(wide, narrow * 120**0.5)


def test_a_coefficient_on_a_sum_starts_as_much_smaller_by_the_root_rule():
    on_sum, on_mean = drawn("root").S4, drawn("root", mean=True).S4
    torch.testing.assert_close(4 * on_sum.coefficient, 2 * on_mean.coefficient)


def test_a_seed_repeats_and_another_differs():
    first, again, other = (initialise(LeNet5_1998(), seed) for seed in (1, 1, 2))
    assert torch.equal(first.C5.weight, again.C5.weight)
    assert not torch.equal(first.C5.weight, other.C5.weight)


def test_it_returns_the_network_that_it_was_given_with_every_weight_drawn_anew():
    network = LeNet5_1998()
    before = {name: one.detach().clone() for name, one in network.named_parameters()}
    assert initialise(network, seed=1) is network
    for name, now in network.named_parameters():
        assert (now != before[name]).all(), name


def test_unknown_rules_and_layers_are_refused_by_name():
    with pytest.raises(ValueError, match="paper, root, variance, not 'glorot'"):
        initialise(LeNet5_1998(), 0, "glorot")
    with pytest.raises(TypeError, match="no fan-in is known for the layer Bilinear"):
        initialise(nn.Sequential(nn.Bilinear(2, 2, 2)), 0)
