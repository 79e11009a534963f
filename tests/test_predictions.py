"""Predictions: what is said, kept and read again."""

import numpy as np
import pytest
import torch
from torch import nn

from lenet import results
from lenet.initial import initialise
from lenet.networks import NETWORKS, Chain
from lenet.predictions import Predictions, from_penalties, kept_predictions, predictions_of
from lenet_paper.kept import keep_predictions

SAID = Predictions(
    np.array([7, 2], dtype=np.uint8), np.array([[1.5, 20.25], [3.0, 3.5]], dtype=np.float16)
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "folder", lambda: tmp_path)
    return tmp_path / "predictions"


class FirstTen(nn.Module):
    """The first ten pixels of an image as its ten outputs."""

    def forward(self, images):
        return images.flatten(1)[:, :10]


@pytest.fixture
def images():
    images = torch.zeros(2, 1, 4, 4)
    images[0, 0].view(-1)[:10] = torch.tensor([9.0, 8, 7, 2, 9, 5, 9, 9, 9, 9])
    images[1, 0].view(-1)[:10] = torch.tensor([0.25, 8, 7, 2, 9, 5, 9, 9, 9, 9])
    return images


def test_the_smallest_distance_is_the_answer(images):
    said = predictions_of(Chain(first=FirstTen()), images)
    assert said.answers.tolist() == [3, 0]
    assert said.scores.tolist() == [[2, 5], [0.25, 2]]
    assert said.margins.tolist() == [3, 1.75]
    assert said.wrong(torch.tensor([3, 1])).tolist() == [False, True]


def test_the_largest_logit_is_the_answer_and_its_negative_the_penalty(images):
    network = Chain(first=FirstTen())
    network.largest_wins = True
    said = predictions_of(network, -images)
    assert said.answers.tolist() == [3, 0]
    assert said.scores.tolist() == [[2, 5], [0.25, 2]]
    assert said.margins.tolist() == [3, 1.75]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_prediction_is_what_the_network_answers(name):
    network = initialise(NETWORKS[name](), 1)
    images = 9 * torch.randn(50, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    said = predictions_of(network, images)
    assert said.answers.tolist() == network.answer(network(images)).tolist()
    assert len(set(said.answers.tolist())) > 1
    assert (said.margins >= 0).all()


def test_of_ten_penalties_the_two_smallest_are_kept():
    penalties = torch.tensor([[5.0, 4, 3, 2, 1, 6, 7, 8, 9, 10]])
    said = from_penalties(penalties)
    assert (said.answers.tolist(), said.scores.tolist()) == ([4], [[1, 2]])
    assert (said.answers.dtype, said.scores.dtype) == (np.uint8, np.float16)


def test_what_is_kept_is_read_again(folder):
    keep_predictions(SAID, "try", 4, folder.parent)
    assert [path.name for path in folder.iterdir()] == ["try-seed4.npz"]
    again = kept_predictions("try", 4)
    assert again.answers.tolist() == [7, 2]
    assert again.scores.tolist() == [[1.5, 20.25], [3.0, 3.5]]
    assert (again.answers.dtype, again.scores.dtype) == (np.uint8, np.float16)


def test_the_same_predictions_make_the_same_file(folder):
    for seed in (0, 1):
        keep_predictions(SAID, "try", seed, folder.parent)
    assert (folder / "try-seed0.npz").read_bytes() == (folder / "try-seed1.npz").read_bytes()


def test_nothing_is_unpickled(folder):
    folder.mkdir()
    path = folder / "try-seed0.npz"
    np.savez(path, answers=np.array([{}], dtype=object), scores=SAID.scores)
    with pytest.raises(ValueError, match="allow_pickle"):
        kept_predictions("try", 0)


def test_what_is_not_there_is_said():
    with pytest.raises(FileNotFoundError, match="try-seed0"):
        kept_predictions("try", 0)
