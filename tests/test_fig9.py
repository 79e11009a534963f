"""Fig. 9 as a whole: its rows, what results/ says of them, and how they are run."""

import numpy as np
import pytest
import torch

from lenet import cli, results
from lenet.data import load_mnist
from lenet.paper import FIG9, REJECTION
from lenet.predictions import from_penalties, kept_predictions, predictions_of
from lenet.rejection import rejected_for
from lenet_paper.bars import BARS, Bar
from lenet_paper.classifiers import Classified
from lenet_paper.classifiers.rivals import CONVOLUTIONAL
from lenet_paper.classifiers.trained import MARGINS, padded, pixels
from lenet_paper.experiments import fig9, fig9_choice
from lenet_paper.kept import keep_predictions, kept_network
from lenet_paper.runner import Selection, run_missing

RECORDED = results.load("fig9")["rows"]
CHOICE = results.load("fig9-choice")["rows"]


# ---------------------------------------------------------------- the rows, and what is in results/


def test_the_rows_are_those_of_the_figure_in_its_order():
    assert [bar.label for bar in BARS.values()] == list(FIG9)
    assert len(BARS) == 27


@pytest.mark.parametrize("row", RECORDED, ids=lambda row: f"{row['row']}-{row['seed']}")
def test_a_row_states_what_its_predictions_make(row):
    _, labels = load_mnist("test")
    bar = BARS[row["row"]]
    said = kept_predictions(bar.kept or f"fig9-{row['row']}", row["seed"])
    wrong = said.wrong(labels)
    assert len(wrong) == 10_000
    assert wrong.sum() == row["errors"]
    assert rejected_for(REJECTION["error"], said.margins, wrong) == row["rejected"]
    assert (said.margins >= 0).all()
    assert row["settings"] == bar.settings


@pytest.mark.parametrize("name", CONVOLUTIONAL)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_kept_weights_say_what_is_recorded(name, seed):
    network = kept_network(CONVOLUTIONAL[name](), f"fig9-{name}", seed)
    images = padded(BARS[name].form("test")[0], MARGINS[name])
    said = predictions_of(network, pixels(images))
    there = kept_predictions(f"fig9-{name}", seed)
    differ = said.answers != there.answers  # nothing but rounding may decide otherwise
    assert there.margins.max() > 1 > 0.01 > there.margins[differ].max(initial=0)
    assert np.abs(said.scores - there.scores).max() < 0.02


def test_every_row_stands_there_once_with_each_of_its_seeds():
    found = [(row["row"], row["seed"]) for row in RECORDED]
    wanted = [(name, seed) for name, bar in BARS.items() for seed in bar.seeds or (0,)]
    assert sorted(found) == sorted(wanted)


@pytest.mark.parametrize("name", fig9_choice.CANDIDATES)
def test_the_settings_are_those_that_held_out_images_chose(name):
    tried = [row["candidate"] for row in CHOICE if row["row"] == name]
    candidates = fig9_choice.CANDIDATES[name]
    assert len(tried) == len(candidates)
    assert all(candidate in tried for candidate in candidates)
    assert fig9_choice.best_settings(CHOICE, name).items() <= BARS[name].settings.items()


def test_rows_that_share_a_choice_have_the_same_settings():
    for name, chooser in fig9_choice.SHARED.items():
        key = "initial"
        assert BARS[name].settings[key] == BARS[chooser].settings[key], name


# ---------------------------------------------------------------- running them


def first_pixel(digits, images, *, scale: int) -> Classified:
    """The answer is a pixel in the middle, more or less."""
    penalties = (np.arange(10) - images[:, 14, 14].numpy()[:, None] * 9) ** 2
    return Classified(penalties * scale, 784, 0)


def never(*_, **__) -> Classified:
    raise AssertionError("a row that has a result is not run again")


@pytest.fixture
def two_bars(monkeypatch, tmp_path):
    """Two bars of nothing in a folder of their own."""
    bars = {
        "one": Bar("Linear", first_pixel, {"scale": 1}),
        "two": Bar("Pairwise", first_pixel, {"scale": 2}),
    }
    monkeypatch.setattr(fig9, "BARS", bars)
    monkeypatch.setattr(results, "folder", lambda: tmp_path)
    return bars


def run(*rows: str) -> None:
    run_missing(fig9.EXPERIMENT, Selection(rows, jobs=1))


def test_rows_are_run_one_by_one_and_not_twice(two_bars, capsys):
    run("one")
    (row,) = results.load("fig9")["rows"]
    said = kept_predictions("fig9-one", 0)
    assert row["errors"] == said.wrong(load_mnist("test")[1]).sum() > 5000
    assert "about" not in capsys.readouterr().out

    two_bars["one"] = Bar("Linear", never)
    run()
    assert [row["row"] for row in results.load("fig9")["rows"]] == ["one", "two"]
    assert capsys.readouterr().out.startswith("1 of 2 rows to do")


@pytest.mark.parametrize("name", ["fig9", "fig9-choice"])
def test_a_wrong_row_is_one_clear_line(name, capsys):
    assert cli.main(["reproduce", name, "--row", "leenet4"]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"python -m lenet: {name} has no row leenet4: choose from linear, desl")
    assert err.count("\n") == 1


def test_rows_are_for_experiments_whose_rows_have_names(capsys):
    assert cli.main(["reproduce", "fig5", "--row", "linear"]) == 2
    assert "fig5 has no row linear: its rows have no names" in capsys.readouterr().err


def test_a_row_that_needs_another_comes_when_that_one_is_there(two_bars):
    two_bars["one"] = Bar("LeNet-4 / K-NN", never, of="lenet4")
    assert [job.key["row"] for job in fig9.jobs([])] == ["two"]
    there = [{"row": "lenet4", "seed": 0}]
    assert [job.key["row"] for job in fig9.jobs(there)] == ["one", "two"]


def test_a_row_that_needs_another_names_its_weights(two_bars, capsys):
    two_bars["lenet4"] = Bar("LeNet-4", first_pixel, {"scale": 1})
    two_bars["one"] = Bar("LeNet-4 / K-NN", never, of="lenet4")
    run("lenet4")
    assert cli.main(["reproduce", "fig9", "--row", "one", "--jobs", "1"]) == 2
    assert "fig9-lenet4-seed0.safetensors: no such file of weights" in capsys.readouterr().err


def test_lenet5_comes_from_its_own_experiments(two_bars, capsys, tmp_path):
    two_bars["one"] = Bar("LeNet-5", kept="fig5")
    assert cli.main(["reproduce", "fig9", "--row", "one", "--jobs", "1"]) == 2
    assert "run fig5 and fig6 first" in capsys.readouterr().err

    wrong = torch.ones(10_000, 10).cumsum(1)
    keep_predictions(from_penalties(wrong), "fig5", 0, tmp_path)
    run("one")
    (row,) = results.load("fig9")["rows"]
    assert (row["errors"], row["stored"]) == (10_000 - 980, 60_000)  # 980 zeros
