"""Training: the same seed, the same weights, whatever happens in between."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from lenet import training
from lenet.evaluation import accuracy, errors, outputs
from lenet.networks import LeNet5, LeNet5_1998
from lenet.training import RECIPES, Recipe, shifted, train

RECIPE = Recipe(epochs=3, batch_size=16, shift=1, weight_decay=0.1)
STEPS = 4  # an epoch: 60 images in batches of 16


def digits(count=60, size=6):
    """Bright squares, one place a label: easy to learn, quick to make."""
    labels = torch.arange(count) % 10
    images = torch.full((count, 1, 32, 32), -0.1)
    for image, label in zip(images, labels.tolist(), strict=True):
        top, left = divmod(label, 4)
        image[0, 4 + 8 * top :, 2 + 7 * left :][:size, :size] = 1.175
    noise = torch.Generator().manual_seed(5)
    return images + 0.1 * torch.randn(images.shape, generator=noise), labels


def weights(network):
    return [parameter.detach().clone() for parameter in network.parameters()]


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_it_learns():
    network, recipe = LeNet5(), Recipe(epochs=15, batch_size=16)
    history = train(network, *digits(), recipe, evaluate=digits())
    assert errors(network, *digits()) == 0
    assert history.accuracy[-1] == 100
    assert history.loss[-1] < 0.1 < history.loss[0]
    assert history.training_accuracy[0] < history.training_accuracy[-1] <= 100
    assert {len(curve) for curve in vars(history).values()} == {15}


def test_the_first_epoch_on_the_fly_is_what_one_counts_by_hand():
    """One batch: its loss and errors are those of the untrained network."""
    images, labels = digits()
    untrained, network = LeNet5(), LeNet5()
    training.initialise(untrained, 4)
    history = train(network, images, labels, Recipe(epochs=1, batch_size=60), seed=4)
    logits = outputs(untrained, images).double()
    right = logits[torch.arange(60), labels]
    assert history.loss[0] == pytest.approx((logits.logsumexp(1) - right).mean().item(), rel=1e-5)
    assert history.training_accuracy[0] == accuracy(errors(untrained, images, labels), 60)


def test_the_seed_decides_everything_and_what_was_there_before_nothing():
    results = []
    for before, seed in ((1, 7), (2, 7), (1, 8)):
        torch.manual_seed(before)
        network = LeNet5()
        train(network, *digits(), RECIPE, seed)
        results.append(weights(network))
    assert same(results[0], results[1])
    assert not any(torch.equal(a, b) for a, b in zip(results[0], results[2], strict=True))


def test_the_seed_decides_the_order_of_the_images_too(monkeypatch):
    first = LeNet5().state_dict()
    monkeypatch.setattr(
        training, "initialise", lambda network, seed: network.load_state_dict(first)
    )
    one, other = LeNet5(), LeNet5()
    recipe = Recipe(epochs=2, batch_size=16)
    train(one, *digits(), recipe, seed=1)
    train(other, *digits(), recipe, seed=2)
    assert not same(weights(one), weights(other))


def test_looking_at_other_images_changes_nothing():
    plain, watched = LeNet5(), LeNet5()
    train(plain, *digits(), RECIPE)
    train(watched, *digits(), RECIPE, evaluate=digits(20))
    assert same(weights(plain), weights(watched))


def test_the_images_are_left_as_they_were():
    images, labels = digits()
    before = images.clone(), labels.clone()
    train(LeNet5(), images, labels, RECIPE)
    assert same((images, labels), before)


class Killed(BaseException):
    pass


# Stopped in the first epoch, at an epoch's very end, at its very start, in its middle.
@pytest.mark.parametrize("steps", [2, STEPS, STEPS + 1, 2 * STEPS + 2])
def test_a_run_killed_after_some_steps_resumes_to_the_same_weights(steps, tmp_path, monkeypatch):
    whole, checkpoint = LeNet5(), tmp_path / "checkpoint"
    expected = train(whole, *digits(), RECIPE, 5, evaluate=digits(20))

    step, left = training.step, [steps]

    def fragile(*arguments):
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return step(*arguments)

    killed = LeNet5()
    monkeypatch.setattr(training, "step", fragile)
    with pytest.raises(Killed):
        train(killed, *digits(), RECIPE, 5, evaluate=digits(20), checkpoint=checkpoint)
    assert checkpoint.exists() == (steps >= STEPS)

    done = []
    monkeypatch.setattr(training, "step", lambda *a: done.append(1) or step(*a))
    resumed = LeNet5()
    found = train(resumed, *digits(), RECIPE, 5, evaluate=digits(20), checkpoint=checkpoint)
    assert same(weights(resumed), weights(whole))
    assert len(done) == (RECIPE.epochs - steps // STEPS) * STEPS  # it did go on, not start anew
    assert (found.loss, found.training_accuracy) == (expected.loss, expected.training_accuracy)
    assert found.accuracy == expected.accuracy
    assert len(found.seconds) == RECIPE.epochs


SCRIPT = """
import os, signal, sys
import torch
sys.path.insert(0, {tests!r})
from test_training import RECIPE, digits
from lenet import training
from lenet.networks import LeNet5
torch.set_num_threads({threads})
step, left = training.step, [{steps}]
def deadly(*arguments):
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    return step(*arguments)
training.step = deadly
training.train(LeNet5(), *digits(), RECIPE, 5, checkpoint={checkpoint!r})
"""


def test_a_process_that_is_killed_outright_resumes_to_the_same_weights(tmp_path):
    whole, checkpoint = LeNet5(), tmp_path / "checkpoint"
    train(whole, *digits(), RECIPE, 5)
    script = SCRIPT.format(
        tests=os.fspath(os.path.dirname(__file__)),  # noqa: PTH120
        threads=torch.get_num_threads(),
        steps=STEPS + 2,
        checkpoint=str(checkpoint),
    )
    killed = subprocess.run([sys.executable, "-c", script], timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]
    resumed = LeNet5()
    train(resumed, *digits(), RECIPE, 5, checkpoint=checkpoint)
    assert same(weights(resumed), weights(whole))


def test_a_finished_run_is_not_trained_again(tmp_path, monkeypatch):
    checkpoint, network = tmp_path / "checkpoint", LeNet5()
    first = train(network, *digits(), RECIPE, checkpoint=checkpoint)
    monkeypatch.setattr(training, "step", None)
    again = LeNet5()
    assert train(again, *digits(), RECIPE, checkpoint=checkpoint) == first
    assert same(weights(network), weights(again))


def test_a_checkpoint_is_safetensors_and_holds_the_optimisers_state(tmp_path):
    train(LeNet5(), *digits(), RECIPE, checkpoint=tmp_path / "checkpoint")
    tensors = load_file(tmp_path / "checkpoint")
    assert tensors["network.C1.weight"].shape == (6, 1, 5, 5)
    assert tensors["optimiser.0.exp_avg_sq"].shape == (6, 1, 5, 5)
    assert tensors["optimiser.0.step"] == RECIPE.epochs * STEPS


@pytest.mark.parametrize(
    ("seed", "recipe", "images", "named"),
    [
        (1, RECIPE, 60, "seed 0, not 1"),
        (0, Recipe(epochs=4, batch_size=16, shift=1, weight_decay=0.1), 60, "epochs 3, not 4"),
        (0, RECIPE, 59, "images 60, not 59"),
    ],
)
def test_the_checkpoint_of_another_training_is_refused(seed, recipe, images, named, tmp_path):
    path = tmp_path / "checkpoint"
    train(LeNet5(), *digits(), RECIPE, checkpoint=path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=f"another training.*{named}.*delete it"):
        train(LeNet5(), *digits(images), recipe, seed, checkpoint=path)
    assert path.read_bytes() == before


def test_the_checkpoint_of_another_network_is_refused(tmp_path):
    path = tmp_path / "checkpoint"
    train(LeNet5(), *digits(), RECIPE, checkpoint=path)
    with pytest.raises(ValueError, match="network LeNet5, not LeNet5_1998"):
        train(LeNet5_1998(), *digits(), RECIPE, checkpoint=path)


def test_what_is_no_checkpoint_is_refused(tmp_path):
    path = tmp_path / "checkpoint"
    path.write_bytes(b"not this")
    with pytest.raises(ValueError, match="not a checkpoint"):
        train(LeNet5(), *digits(), RECIPE, checkpoint=path)
    assert path.read_bytes() == b"not this"


def test_the_rate_rises_in_a_line_and_falls_in_half_a_cosine():
    recipe = Recipe(epochs=1, peak_rate=0.01, warm_up=0.2)
    assert recipe.rate(0) == 0
    assert recipe.rate(0.1) == pytest.approx(0.005)
    assert recipe.rate(0.2) == pytest.approx(0.01)
    assert recipe.rate(0.6) == pytest.approx(0.005)
    assert recipe.rate(1) == pytest.approx(0)


def test_each_step_takes_the_rate_of_its_moment(monkeypatch):
    rates, step = [], training.step
    monkeypatch.setattr(training, "step", lambda *a: rates.append(a[2]) or step(*a))
    train(LeNet5(), *digits(), RECIPE)
    count = RECIPE.epochs * STEPS
    assert rates == pytest.approx([RECIPE.rate(n / count) for n in range(count)])


def test_a_step_is_one_of_adam_with_decoupled_decay():
    """The first step moves each weight by the rate, against its gradient, after the decay."""
    network, (images, labels) = LeNet5(), digits()
    before = weights(network)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=0.5)
    training.step(network, optimiser, 0.01, images, labels)
    for parameter, old in zip(network.parameters(), before, strict=True):
        moved = parameter.detach() - old * (1 - 0.01 * 0.5)
        clear = parameter.grad.abs() > 1e-4
        assert clear.any()
        expected = -0.01 * parameter.grad.sign()
        torch.testing.assert_close(moved[clear], expected[clear], rtol=1e-3, atol=1e-6)


def test_shifted_moves_each_image_by_its_own_whole_pixels():
    images = digits(200)[0]
    moved = shifted(images, 2, torch.Generator().manual_seed(0))
    found = set()
    for image, result in zip(images[:, 0].numpy(), moved[:, 0].numpy(), strict=True):
        padded = np.pad(image, 2, mode="edge")
        places = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if np.array_equal(padded[2 - down : 34 - down, 2 - right : 34 - right], result)
        ]
        assert len(places) == 1
        found |= set(places)
    assert len(found) == 25  # every shift occurs


def test_no_shift_is_the_same_images_and_draws_nothing():
    generator = torch.Generator().manual_seed(0)
    before = generator.get_state()
    images = digits()[0]
    assert shifted(images, 0, generator) is images
    assert torch.equal(generator.get_state(), before)


def test_errors_are_counted_over_all_batches(monkeypatch):
    network, (images, labels) = LeNet5(), digits()
    expected = sum(
        int(network(image[None])[0].argmax()) != label
        for image, label in zip(images, labels.tolist(), strict=True)
    )
    monkeypatch.setattr("lenet.evaluation.BATCH_SIZE", 7)
    assert errors(network, images, labels) == expected
    assert outputs(network, images).shape == (60, 10)
    assert not outputs(network, images).requires_grad


def test_accuracy_is_in_per_cent():
    assert accuracy(226, 10_000) == 97.74


def test_the_recipes_are_short_and_long():
    assert list(RECIPES) == ["short", "long"]
    assert RECIPES["short"].epochs < RECIPES["long"].epochs


def test_it_is_silent_where_nobody_watches(capsys):
    train(LeNet5(), *digits(), RECIPE)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("progress", "shown"), [(True, True), (False, False)])
def test_it_shows_a_bar_to_somebody_unless_told_not_to(progress, shown, capsys, monkeypatch):
    monkeypatch.setattr(training, "watched", lambda: True)
    train(LeNet5(), *digits(), RECIPE, evaluate=digits(20), progress=progress)
    err = capsys.readouterr().err
    assert ("epoch 3/3" in err) == shown
    assert ("accuracy=" in err) == shown
