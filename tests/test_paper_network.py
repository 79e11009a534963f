"""The runs for Fig. 5: what results/fig5.json states is what the kept weights do."""

import re
from dataclasses import asdict
from itertools import product

import pytest

from lenet import results
from lenet.data import mnist
from lenet.evaluation import errors
from lenet.networks import LeNet5_1998
from lenet.paper import SCHEDULE
from lenet_paper.configuration import HEADLINE
from lenet_paper.experiments import fig5, fig5_choice, unsaid
from lenet_paper.kept import kept_network


@pytest.fixture(scope="module")
def test_set():
    return mnist("test")


@pytest.mark.parametrize("seed", fig5.SEEDS)
def test_the_kept_weights_make_the_errors_that_are_stated(seed, test_set):
    (row,) = [row for row in results.load("fig5")["rows"] if row["seed"] == seed]
    stated = row["errors_after_pass"]
    assert len(stated) == SCHEDULE["passes"]
    network = kept_network(LeNet5_1998(), "fig5", seed)
    # another processor may round a tie the other way
    assert abs(errors(network, *test_set) - stated[-1]) <= 2


def test_the_configuration_is_the_one_that_held_out_images_chose():
    assert fig5_choice.best_configuration(results.load("fig5-choice")["rows"]) == HEADLINE
    assert results.load("fig5")["settings"]["configuration"] == asdict(HEADLINE)


def test_the_configuration_was_committed_before_the_seeds_were_trained():
    commits = {row["commit"] for row in results.load("fig5")["rows"]}
    assert len(commits) == 1
    assert re.fullmatch("[0-9a-f]{40}", commits.pop())


def test_every_variation_has_the_seeds_it_is_compared_over():
    rows = results.load("unsaid")["rows"]
    found = sorted((row["variation"], row["seed"]) for row in rows)
    assert found == sorted(product(unsaid.VARIATIONS, unsaid.SEEDS))
    for row in rows:
        assert asdict(unsaid.VARIATIONS[row["variation"]]).items() <= row.items()


def test_each_variation_differs_from_the_headline_in_one_choice():
    for variation, configuration in unsaid.VARIATIONS.items():
        own, headline = asdict(configuration), asdict(HEADLINE)
        assert sum(own[name] != headline[name] for name in own) == 1, variation
