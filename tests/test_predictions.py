"""Predictions: what is said, kept and read again."""

import numpy as np
import pytest
import torch
from torch import nn

from lenet import results
from lenet.predictions import Predictions, load, path, predict, save

SAID = Predictions(
    np.array([7, 2], dtype=np.uint8), np.array([[1.5, 20.25], [3.0, 3.5]], dtype=np.float16)
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "folder", lambda: tmp_path)


class Distances(nn.Module):
    """The first ten pixels of an image as its ten distances."""

    def forward(self, images):
        return images.flatten(1)[:, :10]


def test_the_smallest_distance_is_the_answer():
    images = torch.zeros(2, 1, 4, 4)
    images[0, 0].view(-1)[:10] = torch.tensor([9.0, 8, 7, 2, 9, 5, 9, 9, 9, 9])
    images[1, 0].view(-1)[:10] = torch.tensor([0.25, 8, 7, 2, 9, 5, 9, 9, 9, 9])
    said = predict(Distances(), images)
    assert said.answers.tolist() == [3, 0]
    assert said.scores.tolist() == [[2, 5], [0.25, 2]]
    assert said.margins.tolist() == [3, 1.75]
    assert said.wrong(torch.tensor([3, 1])).tolist() == [False, True]


def test_what_is_saved_is_read_again():
    save(SAID, "try", 4)
    assert path("try", 4).name == "try-seed4.npz"
    again = load("try", 4)
    assert again.answers.tolist() == [7, 2]
    assert again.scores.tolist() == [[1.5, 20.25], [3.0, 3.5]]
    assert (again.answers.dtype, again.scores.dtype) == (np.uint8, np.float16)


def test_the_same_predictions_make_the_same_file():
    save(SAID, "try", 0)
    save(SAID, "try", 1)
    assert path("try", 0).read_bytes() == path("try", 1).read_bytes()


def test_nothing_is_unpickled():
    path("try", 0).parent.mkdir()
    np.savez(path("try", 0), answers=np.array([{}], dtype=object), scores=SAID.scores)
    with pytest.raises(ValueError, match="allow_pickle"):
        load("try", 0)


def test_what_is_not_there_is_said():
    with pytest.raises(FileNotFoundError, match="try-seed0"):
        load("try", 0)
