"""The runs for Fig. 5: what results/fig5.json states is what the shipped weights do."""

from dataclasses import asdict

import pytest

from lenet import results
from lenet.data import mnist
from lenet.evaluation import errors
from lenet.experiments import fig5_choice, unsaid
from lenet.experiments.paper_network import HEADLINE
from lenet.paper import SCHEDULE
from lenet.weights import load_shipped


@pytest.fixture(scope="module")
def test_set():
    return mnist("test")


@pytest.mark.parametrize("seed", [row["seed"] for row in results.load("fig5")["rows"]])
def test_the_shipped_weights_make_the_errors_that_are_stated(seed, test_set):
    (row,) = [row for row in results.load("fig5")["rows"] if row["seed"] == seed]
    stated = row["errors_after_pass"]
    assert len(stated) == SCHEDULE["passes"]
    network = load_shipped("lenet5-1998", seed)
    # another processor may round a tie the other way
    assert abs(errors(network, *test_set) - stated[-1]) <= 2


def test_the_configuration_is_the_one_that_held_out_images_chose():
    assert fig5_choice.best() == HEADLINE
    assert results.load("fig5")["settings"]["configuration"] == asdict(HEADLINE)


def test_each_variation_differs_from_the_headline_in_one_choice():
    for variation, configuration in unsaid.VARIATIONS.items():
        own, headline = asdict(configuration), asdict(HEADLINE)
        assert sum(own[name] != headline[name] for name in own) == 1, variation
