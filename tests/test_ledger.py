"""The ledger against the summary's table, the paper's numbers, torchinfo, and plain counting."""

import loops
import pytest
import torch
import torchinfo
from test_networks import run_by_loops
from torch import nn

from lenet.layers import Squash, Subsampling, TableConvolution
from lenet.ledger import ledger, table, totals
from lenet.networks import NETWORKS, LeNet5, LeNet5_1998
from lenet.paper import LAYERS, SUMMARY, TOTALS


def test_the_summarys_table_row_by_row():
    rows = [[row.kind, list(row.channels_last), row.parameters] for row in ledger(LeNet5())]
    assert rows == SUMMARY["rows"]
    assert totals(ledger(LeNet5())).parameters == SUMMARY["parameters"]


def test_the_papers_network_row_by_row():
    rows = [row for row in ledger(LeNet5_1998())[1:] if row.kind != "flatten"]
    found = [(row.name.upper(), row.shape[0], row.parameters, row.connections) for row in rows]
    assert found == [(r["name"], r["maps"], r["trainable"], r["connections"]) for r in LAYERS]
    sides = [row.shape[1:] for row in rows if len(row.shape) == 3]
    assert sides == [(r["size"],) * 2 for r in LAYERS][: len(sides)]
    total = totals(rows)
    assert total.parameters == TOTALS["trainable"]
    assert total.connections == TOTALS["connections"]


@pytest.mark.parametrize("name", NETWORKS)
def test_shapes_and_parameters_are_torchinfos(name):
    """All but those of the activations of weighted sums, which have no row."""
    network = NETWORKS[name]()
    info = torchinfo.summary(network, input_size=(1, 1, 32, 32), depth=1, verbose=0)
    rows = {row.name: row for row in ledger(network)[1:]}
    theirs = [
        (layer.var_name, tuple(layer.output_size[1:]), layer.num_params)
        for layer in info.summary_list
        if layer.depth == 1 and layer.var_name in rows
    ]
    assert [(row.name, row.shape, row.parameters) for row in rows.values()] == theirs
    left_out = [name for name, _ in network.named_children() if name not in rows]
    assert all(isinstance(getattr(network, name), Squash) for name in left_out)
    assert totals(ledger(network)).parameters == info.total_params


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_are_the_numbers_in_the_tensors(name):
    network = NETWORKS[name]()
    tensors = network.state_dict()
    tensors.pop("output.codes", None)  # fixed
    assert totals(ledger(network)).parameters == sum(t.numel() for t in tensors.values())


SMALL = nn.Sequential(
    nn.Conv2d(1, 3, 3),
    Subsampling(3),
    Squash(),
    TableConvolution([[0], [1, 2], [0, 1, 2]], 2),
    nn.AvgPool2d(2),
    nn.Flatten(),
    nn.Linear(3, 4),
)


def counted_by_loops(network, shape):
    """(connections, multiply-adds) of each elementary layer, counted one by one."""
    x, counts = torch.zeros(shape, dtype=torch.float64).numpy(), []
    for layer in network:
        run = run_by_loops(layer, x)
        counts.append((run.connections, run.multiply_adds))
        x = run.out
    return counts


def test_connections_and_multiply_adds_of_a_small_network_are_counted_one_by_one():
    rows = ledger(SMALL, (1, 8, 8))[1:]
    found = [(row.connections, row.multiply_adds) for row in rows]
    counts = counted_by_loops(SMALL, (1, 8, 8))
    assert counts.pop(2) == (0, 0)  # the squash of a weighted sum, which has no row
    assert found == counts
    # And by hand: 3 maps of 6x6 units with 9 inputs and a bias; 3x3 units of 4 inputs and a bias.
    assert found[0] == (3 * 36 * 10, 3 * 36 * 9)
    assert found[1] == (3 * 9 * 5, 3 * 9)


@pytest.mark.parametrize("make", [LeNet5, LeNet5_1998])
def test_connections_and_multiply_adds_of_the_networks_are_counted_one_by_one(make):
    counts = counted_by_loops(make(), (1, 32, 32))
    total = totals(ledger(make()))
    assert total.connections == sum(connections for connections, _ in counts)
    assert total.multiply_adds == sum(products for _, products in counts)


def test_an_activation_has_a_row_only_where_it_follows_a_plain_pooling():
    def rows(*layers):
        return [row.kind for row in ledger(nn.Sequential(*layers), (1, 4, 4))]

    assert rows(nn.Conv2d(1, 1, 1), Squash()) == ["input", "convolution"]
    assert rows(Subsampling(1), nn.Tanh()) == ["input", "subsampling"]
    assert rows(nn.AvgPool2d(2), nn.ReLU()) == ["input", "pooling", "activation"]


def test_without_a_bias_there_are_no_connections_to_one():
    """Eight maps of 3x3 units with 9 inputs each, and nothing else: 648."""
    convolution = nn.Sequential(nn.Conv2d(1, 8, 3, bias=False))
    row = ledger(convolution, (1, 5, 5))[1]
    assert (row.parameters, row.connections, row.multiply_adds) == (72, 648, 648)
    dense = nn.Sequential(nn.Flatten(), nn.Linear(16, 3, bias=False))
    row = ledger(dense, (1, 4, 4))[2]
    assert (row.parameters, row.connections, row.multiply_adds) == (48, 48, 48)


@pytest.mark.parametrize("make", [LeNet5, LeNet5_1998])
def test_a_network_of_another_type_or_without_memory_has_the_same_ledger(make):
    expected = ledger(make())
    assert ledger(make().half()) == expected
    assert ledger(make().double()) == expected
    assert ledger(make().to("meta")) == expected
    with torch.device("meta"):
        assert ledger(make()) == expected


def test_a_slice_has_its_part_of_the_ledger():
    network = LeNet5_1998()
    assert ledger(network[:4]) == ledger(network)[:3]
    upper = ledger(network[4:], (6, 14, 14))
    assert upper[0].shape == (6, 14, 14)
    assert upper[1:] == ledger(network)[3:]


def test_the_text_of_a_frozen_network_tells_all_parameters_from_the_trained_ones():
    network = LeNet5()
    network.C5.requires_grad_(False)
    lines = table(network).splitlines()
    assert lines[-3:-1] == ["Total parameters: 61,706", "Trainable parameters: 13,586"]


def test_channels_last_moves_the_maps_to_the_end():
    rows = {row.name: row.channels_last for row in ledger(LeNet5())}
    assert rows["C1"] == (28, 28, 6)
    assert rows["F6"] == (84,)


def test_a_layer_it_does_not_know_is_refused():
    with pytest.raises(TypeError, match="the ledger does not know the layer Dropout"):
        ledger(nn.Sequential(nn.Dropout()), (1, 4, 4))


def test_the_text_has_a_line_a_row_and_the_totals():
    lines = table(LeNet5_1998()).splitlines()
    rows = ledger(LeNet5_1998())
    assert [line.split()[0] for line in lines[2 : 2 + len(rows)]] == [row.name for row in rows]
    assert "(None, 6, 28, 28)" in lines[3]
    assert lines[-2:] == ["Trainable parameters: 60,000", "Connections: 340,908"]


def test_the_loops_count_what_the_paper_counts():
    """The yardstick itself, on C1: 122,304 connections."""
    C1 = LeNet5_1998().C1
    run = run_by_loops(C1, torch.zeros(1, 32, 32).numpy())
    assert run.connections == LAYERS[0]["connections"]
    assert loops.mean_pool(run.out).out.shape == (6, 14, 14)
