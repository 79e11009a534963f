"""What results/ says of the summary's network, against the code and the shipped weights."""

import pytest

from lenet import results
from lenet.data import mnist
from lenet.evaluation import errors
from lenet.paper import SUMMARY
from lenet.recipes import RECIPES
from lenet.weights import load_shipped
from lenet_paper.experiments.summary import in_numbers


def candidates():
    return results.load("summary-recipes")["rows"]


def same_recipe(row, recipe, *but):
    return all(row[key] == value for key, value in in_numbers(recipe).items() if key not in but)


@pytest.mark.parametrize(("name", "recipe"), [("summary", "short"), ("summary-long", "long")])
def test_five_seeds_reach_the_summarys_accuracy_on_average(name, recipe):
    rows = results.load(name)["rows"]
    assert [row["seed"] for row in rows] == [0, 1, 2, 3, 4]
    assert sum(row["accuracy"][-1] for row in rows) / 5 >= SUMMARY["accuracy_percent"]
    for row in rows:
        assert row["accuracy"][-1] == pytest.approx(100 - row["errors"] / 100)
        assert len(row["loss"]) == RECIPES[recipe].epochs


@pytest.mark.parametrize(("name", "recipe"), [("summary", "short"), ("summary-long", "long")])
def test_the_results_are_those_of_the_recipe_in_the_code(name, recipe):
    assert results.load(name)["settings"]["recipe"] == in_numbers(RECIPES[recipe])


def test_the_short_recipe_had_the_fewest_held_out_errors_of_the_plain_ones():
    plain = [row for row in candidates() if row["shift"] == 0 and row["epochs"] == 8]
    best = min(plain, key=lambda row: row["errors"])
    assert same_recipe(best, RECIPES["short"])


def test_the_long_recipe_had_the_fewest_held_out_errors_of_all():
    best = min(candidates(), key=lambda row: row["errors"])
    assert same_recipe(best, RECIPES["long"], "epochs")


def test_the_shipped_weights_are_those_of_the_first_seed():
    """Another processor may round another way: two images of 10,000 at most."""
    expected = results.load("summary")["rows"][0]["errors"]
    assert abs(errors(load_shipped("lenet5"), *mnist("test")) - expected) <= 2
