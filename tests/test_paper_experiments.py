"""Figs. 6, 10 and 13: what their results state is counted again from what was kept."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from lenet import results
from lenet.data import mnist
from lenet.evaluation import errors
from lenet.networks import LeNet5_1998
from lenet.paper import REJECTION
from lenet.predictions import Predictions, kept_predictions, predictions_of
from lenet.rejection import rejected_for
from lenet_paper.configuration import HEADLINE
from lenet_paper.experiments import fig5, fig6, fig6_choice, fig13
from lenet_paper.kept import kept_network


def rows(name: str) -> list[dict]:
    return results.load(name)["rows"]


@pytest.fixture(scope="module")
def test_set():
    return mnist("test")


def same_answers(network: LeNet5_1998, said: Predictions, images) -> bool:
    """Whether ``network`` says the same of ``images``; another processor may round a tie apart."""
    again = predictions_of(network, images)
    close = np.isclose(again.margins, said.margins, rtol=0.01, atol=0.1)
    return (again.answers != said.answers).sum() <= 2 and close.mean() > 0.999


def test_every_candidate_was_tried_on_both_folds():
    tried = {(row["candidate"], row["seed"]): row for row in rows("fig6-choice")}
    names = {*fig6_choice.CANDIDATES, fig6_choice.LONGER}
    assert tried.keys() == {(name, fold) for name in names for fold in fig6_choice.FOLDS}
    longer = replace(fig6_choice.CHOSEN, stretch=3)
    for (name, _), row in tried.items():
        candidate = longer if name == fig6_choice.LONGER else fig6_choice.CANDIDATES[name]
        assert row["distorted"] == asdict(candidate)
    counted = {
        name: sum(tried[name, fold]["errors_after_pass"][-1] for fold in fig6_choice.FOLDS)
        for name in fig6_choice.CANDIDATES
    }
    best = fig6_choice.best_distortions(rows("fig6-choice"))
    assert counted[best] == min(counted.values())
    assert fig6_choice.CANDIDATES[best] == fig6_choice.CHOSEN


def test_fig6_has_every_set_and_the_distortions_that_were_chosen():
    sets = {"60,000", *fig6.SETS, *(f"{size:,}" for size in fig6.SIZES)}
    assert {(row["set"], row["seed"]) for row in rows("fig6")} == {
        (name, seed) for name in sets for seed in fig6.SEEDS
    }
    settings = results.load("fig6")["settings"]
    assert settings["configuration"] == asdict(HEADLINE)
    assert settings["distorted"]["distorted"] == asdict(fig6_choice.CHOSEN)


def test_the_errors_of_fig6_are_those_of_the_predictions(test_set):
    for row in rows("fig6"):
        name = "fig5" if row["set"] == "60,000" else f"fig6-{row['set'].replace(',', '')}"
        said = kept_predictions(name, row["seed"])
        assert said.wrong(test_set[1]).sum() == row["errors_after_pass"][-1], row["set"]


def test_the_rejections_of_fig10_are_those_of_the_predictions(test_set):
    assert [row["seed"] for row in rows("fig10")] == list(fig5.SEEDS)
    for row in rows("fig10"):
        said = kept_predictions("fig5", row["seed"])
        wrong = said.wrong(test_set[1])
        assert wrong.sum() == row["errors"]
        assert rejected_for(REJECTION["error"], said.margins, wrong) == row["rejected"]
        assert same_answers(kept_network(LeNet5_1998(), "fig5", row["seed"]), said, test_set[0])


def test_the_errors_of_fig13_are_those_of_the_predictions(test_set):
    trained = [row for row in rows("fig13") if row["trained_with"] == "noise"]
    assert [row["seed"] for row in sorted(trained, key=lambda row: row["seed"])] == [0, 1, 2]
    for row in trained:
        said = kept_predictions("fig13-noise", row["seed"])
        assert said.wrong(test_set[1]).sum() == row["errors_after_pass"][-1]


def test_the_kept_weights_make_the_errors_of_fig13(test_set):
    network = kept_network(LeNet5_1998(), "fig13-noise", 0)
    assert same_answers(network, kept_predictions("fig13-noise", 0), test_set[0])
    (row,) = [row for row in rows("fig13") if (row["trained_with"], row["seed"]) == ("noise", 0)]
    for change, value in (("scale", 0.7), ("shift", -4), ("rotation", 30), ("noise", 0.2)):
        stated = row["errors"][change][fig13.SWEEPS[change].index(value)]
        images = fig13.changed(test_set[0], change, value)
        assert abs(errors(network, images, test_set[1]) - stated) <= 5, change


def test_the_kept_weights_are_the_distorted_network_of_fig6(test_set):
    network = kept_network(LeNet5_1998(), "fig6-distorted", 0)
    assert same_answers(network, kept_predictions("fig6-distorted", 0), test_set[0])
