"""From 1998 to today: designs that differ by one thing each, and what is recorded of them."""

from dataclasses import asdict, replace

import pytest
import torch
from torch import Generator, nn
from torch.nn import functional as F

from lenet import adam, results
from lenet.distortions import Ranges
from lenet.layers import RBF, Squash, Subsampling, TableConvolution
from lenet.losses import MaximumAPosteriori
from lenet.networks import LeNet5, LeNet5_1998
from lenet.training import Epoch, train
from lenet_paper.experiments import today
from lenet_paper.experiments.fig6_choice import DistortedSet
from lenet_paper.experiments.today import Design, designs

NAMES = list(designs())


def parts(network: nn.Module) -> list[type]:
    return [type(layer) for layer in network.modules()]


def test_a_design_changes_one_thing_and_keeps_the_others():
    assert NAMES[0] == "adam"
    before = asdict(Design())
    assert not any(before.values())
    for name in NAMES[1:]:
        now = asdict(designs()[name])
        assert {key for key in now if now[key] != before[key]} == {name}
        assert now[name]
        before = now


def test_the_first_is_the_papers_network():
    ours, paper = Design().network(), LeNet5_1998()
    assert [p.shape for p in ours.parameters()] == [p.shape for p in paper.parameters()]
    for one, other in zip(ours.parameters(), paper.parameters(), strict=True):
        other.data.copy_(one.data)
    x = torch.rand(3, 1, 32, 32, generator=Generator().manual_seed(0))
    assert torch.allclose(ours(x), paper(x))
    assert torch.equal(ours.answer(ours(x)), paper.answer(paper(x)))
    assert isinstance(Design().loss(), MaximumAPosteriori)


def test_with_three_changes_it_has_the_summarys_parameters():
    ours = designs()["maxima"].network()
    shapes = [p.shape for p in ours.parameters()]
    assert shapes == [p.shape for p in LeNet5().parameters()]


@pytest.mark.parametrize(
    ("change", "gone", "come"),
    [
        ("trained_outputs", RBF, nn.Linear),
        ("every_map", TableConvolution, nn.Conv2d),
        ("maxima", Subsampling, nn.MaxPool2d),
        ("rectified", Squash, nn.ReLU),
        ("normalised", None, nn.BatchNorm2d),
    ],
)
def test_what_comes_and_what_goes(change, gone, come):
    before = parts(designs()[NAMES[NAMES.index(change) - 1]].network())
    now = parts(designs()[change].network())
    assert now.count(come) > before.count(come)
    assert gone is None or (gone in before and gone not in now)


def test_the_last_is_the_summarys_network_and_its_norms():
    assert NAMES[-1] == "distorted"
    norms = 2 * (6 + 16 + 120 + 84)
    assert today.count(designs()["distorted"].network()) == 61_706 + norms
    assert designs()["distorted"].loss() is F.cross_entropy


@pytest.fixture
def trained(monkeypatch):
    """What `today` trains, on forty images of two kinds, light above or light below."""
    images = torch.full((40, 1, 32, 32), -0.1)
    images[:20, :, 6:14, 6:26], images[20:, :, 18:26, 6:26] = 1.175, 1.175
    monkeypatch.setattr(today, "mnist", lambda split: (images, torch.arange(40) // 20))
    trainings: list[list[Epoch]] = []

    def watched(*given, **settings):
        trainings.append(train(*given, **settings))
        return trainings[-1]

    monkeypatch.setattr(today, "train", watched)
    return trainings


@pytest.mark.parametrize("name", ["adam", "distorted"])
def test_the_first_and_the_last_learn(name, trained, monkeypatch):
    monkeypatch.setattr(today, "RECIPE", replace(today.RECIPE, epochs=12, batch_size=8))
    monkeypatch.setattr(today, "CHOSEN", DistortedSet(Ranges(shift=1)))
    rows = [today.train_design(designs()[name], 0).row for _ in range(2)]
    wrong, again = ([epoch.wrong for epoch in epochs] for epochs in trained)
    assert len(wrong) == 12
    assert wrong[-1] <= 4 < wrong[0]
    assert again == wrong
    assert rows[0]["training_errors"] == wrong[-1]


def test_distorted_designs_see_other_images_in_every_epoch(trained, monkeypatch):
    monkeypatch.setattr(today, "RECIPE", replace(today.RECIPE, epochs=2, batch_size=40))
    monkeypatch.setattr(today, "CHOSEN", DistortedSet(Ranges(scale=1.5)))
    shown = []

    def step(self, images, labels, rate):
        shown.append(images.sum())
        return 0.0, 0

    monkeypatch.setattr(adam.Batches, "step", step)
    for name in ("normalised", "distorted"):
        today.train_design(designs()[name], 0)
    assert shown[0] == pytest.approx(shown[1])
    assert abs(shown[2] - shown[3]) > 1


# ---------------------------------------------------------------- what is in results/


def test_every_row_is_there():
    rows = results.load("today")["rows"]
    found = {(row["change"], row["seed"]) for row in rows}
    assert found == {(name, seed) for name in ("1998", *NAMES) for seed in today.SEEDS}
    assert len(rows) == len(found)


def test_the_first_row_is_fig5s():
    of_fig5 = {row["seed"]: row for row in results.load("fig5")["rows"]}
    for row in results.load("today")["rows"]:
        if row["change"] == "1998":
            assert row["errors"] == of_fig5[row["seed"]]["errors_after_pass"][-1]
            assert row["parameters"] == 60_000
