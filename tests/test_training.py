"""One contract for both ways of training: the same seed, the same weights, whatever happens."""

import io
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

from lenet import cli, data, sdlm, training
from lenet.adam import Adam, Batches
from lenet.distortions import FIG7
from lenet.evaluation import accuracy, errors, outputs
from lenet.initial import initialise
from lenet.losses import MaximumAPosteriori, MaximumLikelihood
from lenet.networks import NETWORKS, Chain, LeNet5, LeNet5_1998
from lenet.recipes import RECIPES
from lenet.sdlm import SDLM
from lenet.shown import AsTheyAre, Distorted, Enlarged, Noisy, Shifted
from lenet.training import Epoch, train
from lenet.weights import load_weights, save_weights

ADAM = Adam(epochs=3, batch_size=16, weight_decay=0.1, show=Shifted(1))
PAPER = SDLM(etas=(0.0005, 0.0002, 0.0001), curvature_samples=20)
STEPS = 4  # an epoch of ADAM: 60 images in batches of 16

# Each way of training: the network, the recipe, the loss. The last has no compiled pass.
WAYS = {
    "batches": (LeNet5, ADAM, F.cross_entropy),
    "patterns": (LeNet5_1998, PAPER, MaximumAPosteriori(1.0)),
    "patterns, plain": (LeNet5, PAPER, F.cross_entropy),
}
SHOWS = {
    "as they are": AsTheyAre(),
    "shifted": Shifted(2),
    "distorted": Distorted(FIG7),
    "enlarged": Enlarged(FIG7, copies=2),
    "noisy": Noisy(0.1),
}
both = pytest.mark.parametrize("way", ["batches", "patterns"])


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Some tests fork, and the fork of a process whose threads have worked may wait forever."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def digits(count=60, size=6):
    """Bright squares, one place a label: easy to learn, quick to make."""
    labels = torch.arange(count) % 10
    images = torch.full((count, 1, 32, 32), -0.1)
    for image, label in zip(images, labels.tolist(), strict=True):
        top, left = divmod(label, 4)
        image[0, 4 + 8 * top :, 2 + 7 * left :][:size, :size] = 1.175
    noise = torch.Generator().manual_seed(5)
    return images + 0.1 * torch.randn(images.shape, generator=noise), labels


def trained(way="batches", seed=0, images=60, **options):
    """A new network trained in one of WAYS, and what happened; options are those of `train`."""
    make, recipe, loss = WAYS[way]
    network = initialise(make(), seed)
    options = {"recipe": recipe, "loss": loss, "seed": seed} | options
    return network, train(network, *digits(images), **options)


def weights(network):
    return [parameter.detach().clone() for parameter in network.parameters()]


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def counts(epochs):
    """What happened, without the seconds."""
    return [(epoch.loss, epoch.wrong, epoch.errors) for epoch in epochs]


# ---------------------------------------------------------------- what it does


def test_it_learns():
    network, epochs = trained(recipe=Adam(epochs=15, batch_size=16), test=digits())
    assert errors(network, *digits()) == 0
    assert epochs[-1].errors == 0
    assert epochs[-1].loss < 0.1 < epochs[0].loss
    assert 0 <= epochs[-1].wrong < epochs[0].wrong
    assert len(epochs) == 15
    assert all(epoch.seconds > 0 for epoch in epochs)


@both
def test_the_first_epoch_on_the_fly_is_what_one_counts_by_hand(way):
    """Nothing moves: its loss and errors are those of the untrained network."""
    still = {"batches": Adam(epochs=1, peak_rate=0), "patterns": replace(PAPER, etas=(0.0,))}
    make, _, loss = WAYS[way]
    images, labels = digits()
    untrained = initialise(make(), 4)
    network, (epoch,) = trained(way, seed=4, recipe=still[way])
    assert same(weights(network), weights(untrained))
    assert epoch.loss == pytest.approx(loss(outputs(untrained, images), labels).item(), rel=1e-5)
    assert epoch.wrong == errors(untrained, images, labels) > 0
    assert epoch.errors is None


@both
def test_the_seed_decides_everything_and_what_was_there_before_nothing(way):
    results = []
    for before, seed in ((1, 7), (2, 7), (1, 8)):
        torch.manual_seed(before)
        results.append(weights(trained(way, seed)[0]))
    assert same(results[0], results[1])
    assert not any(torch.equal(a, b) for a, b in zip(results[0], results[2], strict=True))


@both
def test_the_seed_decides_the_order_of_the_images_too(way):
    make, recipe, loss = WAYS[way]
    one, other = initialise(make(), 0), initialise(make(), 0)
    recipe = replace(recipe, show=AsTheyAre())
    train(one, *digits(), recipe, loss=loss, seed=1)
    train(other, *digits(), recipe, loss=loss, seed=2)
    assert not same(weights(one), weights(other))


@both
def test_looking_at_other_images_changes_nothing(way):
    plain, _ = trained(way)
    watched, _ = trained(way, test=digits(20))
    assert same(weights(plain), weights(watched))


@both
def test_the_images_are_left_as_they_were(way):
    make, recipe, loss = WAYS[way]
    images, labels = digits()
    before = images.clone(), labels.clone()
    train(make(), images, labels, recipe, loss=loss)
    assert same((images, labels), before)


@both
def test_a_loaded_network_is_trained_on_from_the_weights_that_it_has(way, tmp_path):
    make, recipe, loss = WAYS[way]
    first, _ = trained(way)
    save_weights(first, tmp_path / "first.safetensors")
    loaded = load_weights(make(), tmp_path / "first.safetensors")
    expected = initialise(make(), 9)
    expected.load_state_dict(first.state_dict())
    for network in (loaded, expected):
        train(network, *digits(), recipe, loss=loss, seed=1)
    assert same(weights(loaded), weights(expected))
    assert not same(weights(loaded), weights(trained(way, seed=1)[0]))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("layer", ["C1", "C3", "F6"])
def test_a_frozen_layer_stays_frozen_and_the_others_move(way, layer):
    make, recipe, loss = WAYS[way]
    network = initialise(make(), 0)
    getattr(network, layer).requires_grad_(False)
    before = dict(zip(network.state_dict(), weights(network), strict=False))
    train(network, *digits(20), recipe, loss=loss)
    for name, now in network.named_parameters():
        assert torch.equal(now, before[name]) == name.startswith(layer), name


def normalised():
    """A small network with running statistics."""
    layers = {"C1": nn.Conv2d(1, 4, 9, stride=8), "norm": nn.BatchNorm2d(4)}
    network = Chain(**layers, flatten=nn.Flatten(), output=nn.Linear(36, 10))
    network.largest_wins = True
    return network


def test_evaluating_takes_the_evaluation_form_and_moves_no_running_statistics():
    network, (images, labels) = normalised(), digits()
    before = {name: one.clone() for name, one in network.state_dict().items()}
    in_batches = outputs(network, images)
    assert errors(network, images, labels) <= 60
    for name, now in network.state_dict().items():
        assert torch.equal(now, before[name]), name
    assert network.training  # as it was
    network.eval()
    one_by_one = torch.cat([network(image[None]) for image in images])
    torch.testing.assert_close(in_batches, one_by_one)
    outputs(network, images)
    assert not network.training


def test_a_network_with_batch_norm_trains_in_one_form_and_is_tested_in_the_other():
    network, recipe = normalised().eval(), Adam(epochs=3, batch_size=16)
    forms, told = [], []
    network.norm.register_forward_hook(lambda layer, *_: forms.append(layer.training))

    def after(number, epoch):
        assert network.norm.num_batches_tracked == number * STEPS
        frozen = network.norm.running_mean.clone()
        told.append(errors(network, *digits(20)))
        assert torch.equal(network.norm.running_mean, frozen)

    epochs = train(network, *digits(), recipe, loss=F.cross_entropy, test=digits(20), after=after)
    assert [epoch.errors for epoch in epochs] == told
    assert forms == 3 * ([True] * STEPS + [False] * 2)
    assert not network.training


@both
def test_after_each_epoch_it_tells_of_it_when_it_is_kept(way, tmp_path):
    told, checkpoint = [], tmp_path / "checkpoint"

    def after(number, epoch):
        told.append((number, epoch, checkpoint.stat().st_mtime_ns))

    _, epochs = trained(way, test=digits(20), checkpoint=checkpoint, after=after)
    assert [number for number, _, _ in told] == [1, 2, 3]
    assert [epoch for _, epoch, _ in told] == epochs
    assert len({written for _, _, written in told}) == 3
    assert all(isinstance(epoch, Epoch) for epoch in epochs)


# ---------------------------------------------------------------- killed, and gone on


class Killed(BaseException):
    pass


# Stopped in the first epoch, at an epoch's very end, at its very start, in its middle.
@pytest.mark.parametrize("steps", [2, STEPS, STEPS + 1, 2 * STEPS + 2])
def test_a_run_killed_after_some_steps_resumes_to_the_same_weights(steps, tmp_path, monkeypatch):
    checkpoint = tmp_path / "checkpoint"
    whole, expected = trained(seed=5, test=digits(20))

    step, left = Batches.step, [steps]

    def fragile(*arguments):
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return step(*arguments)

    monkeypatch.setattr(Batches, "step", fragile)
    with pytest.raises(Killed):
        trained(seed=5, test=digits(20), checkpoint=checkpoint)
    assert checkpoint.exists() == (steps >= STEPS)

    done = []
    monkeypatch.setattr(Batches, "step", lambda *a: done.append(1) or step(*a))
    resumed, found = trained(seed=5, test=digits(20), checkpoint=checkpoint)
    assert same(weights(resumed), weights(whole))
    assert len(done) == (ADAM.epochs - steps // STEPS) * STEPS  # it did go on, not start anew
    assert counts(found) == counts(expected)


def break_off(stop, replaced, after=STEPS):
    """Have both ways of training call ``stop`` in the middle of their second epoch.

    ``replaced`` puts a value in place of an attribute, as `setattr` does; a first epoch in batches
    is over ``after`` so many steps.
    """
    steps, passes, step, fastest_pass = [], [], Batches.step, sdlm.fastest_pass

    def fragile_step(*given):
        steps.append(1)
        if len(steps) > after + 1:
            stop()
        return step(*given)

    def fragile_pass(network, loss):
        run_pass = fastest_pass(network, loss)

        def run(network, loss, rates, images, labels):
            passes.append(1)
            if len(passes) == 1:
                return run_pass(network, loss, rates, images, labels)
            run_pass(network, loss, rates, images[:30], labels[:30])
            return stop()

        return run

    replaced(Batches, "step", fragile_step)
    replaced(sdlm, "fastest_pass", fragile_pass)


def shown(way, show):
    return replace(WAYS[way][1], show=SHOWS[show])


# Each case dies in a process of its own: a fork, so that what takes seconds is there already.
KILLED = """
import os, signal, sys
import torch
torch.set_num_threads({threads})
sys.path.insert(0, {tests!r})
from test_training import SHOWS, STEPS, WAYS, break_off, command, digits, shown, trained
from lenet import cli, data
from lenet.compiled import run_pass
from lenet.networks import NETWORKS
make, recipe, loss = WAYS["batches"]
recipe.trainer(recipe, make(), loss, *digits(), 0)  # makes torch import the rest of itself
make, recipe, loss = WAYS["patterns"]
network = make()
still = {{name: torch.zeros_like(one) for name, one in network.named_parameters()}}
run_pass(network, loss, still, *digits(1))  # makes numba make its machine code
def die(after, work, *given, **options):
    if (child := os.fork()) == 0:
        break_off(lambda: os.kill(os.getpid(), signal.SIGKILL), setattr, after)
        work(*given, **options)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
for way in ("batches", "patterns"):
    for show in SHOWS:
        kept = f"{folder}/{{way}}, {{show}}"
        die(STEPS, trained, way, 5, recipe=shown(way, show), checkpoint=kept)
data.mnist = lambda split: digits(200)
for name in NETWORKS:
    die(2, cli.main, command(name, "{folder}"))  # two batches of 200 images
"""


def command(name, folder):
    """What trains the network of that name, for three epochs."""
    return ["train", "--network", name, "--epochs", "3", "--out", f"{folder}/{name}"]


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A folder of checkpoints, of trainings that were killed outright in their second epoch."""
    folder = tmp_path_factory.mktemp("killed")
    tests, threads = str(Path(__file__).parent), torch.get_num_threads()
    script = KILLED.format(tests=tests, threads=threads, folder=folder)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    endings = [line for line in run.stdout.splitlines() if line.startswith("-")]
    assert endings == [str(-signal.SIGKILL)] * (2 * len(SHOWS) + len(NETWORKS))
    names = {f"{way}, {show}" for way in ("batches", "patterns") for show in SHOWS}
    names |= {f"{name}.checkpoint" for name in NETWORKS}
    assert {path.name for path in folder.iterdir()} == names  # and nothing half written
    return folder


@pytest.mark.parametrize("show", SHOWS)
@both
def test_a_training_that_is_killed_outright_goes_on_to_the_same_bits(way, show, killed):
    """Whatever the epochs show; and it does go on."""
    checkpoint, recipe, told = killed / f"{way}, {show}", shown(way, show), []
    whole, expected = trained(way, 5, recipe=recipe)
    resumed, found = trained(
        way, 5, recipe=recipe, checkpoint=checkpoint, after=lambda number, _: told.append(number)
    )
    assert told == [2, 3]
    assert same(resumed.state_dict().values(), whole.state_dict().values())
    assert counts(found) == counts(expected)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_command_line_goes_on_after_a_kill_to_the_same_bits(
    name, killed, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(data, "mnist", lambda split: digits(200))
    resumed, whole = killed / name, tmp_path / name
    assert not resumed.exists()
    assert cli.main(command(name, killed)) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"going on from {killed / name}.checkpoint"
    assert [line.split()[0] for line in printed[2:4]] == ["2", "3"]
    assert cli.main(command(name, tmp_path)) == 0
    assert resumed.read_bytes() == whole.read_bytes()


@both
def test_a_frozen_layer_stays_frozen_after_a_kill_too(way, tmp_path, monkeypatch):
    make, recipe, loss = WAYS[way]

    def run(**options):
        network = initialise(make(), 0)
        network.C3.requires_grad_(False)
        train(network, *digits(), recipe, loss=loss, **options)
        return network

    def stop():
        raise Killed

    whole = run()
    with monkeypatch.context() as patch:
        break_off(stop, patch.setattr)
        with pytest.raises(Killed):
            run(checkpoint=tmp_path / "checkpoint")
    resumed = run(checkpoint=tmp_path / "checkpoint")
    assert same(weights(resumed), weights(whole))
    assert torch.equal(resumed.C3.weight, initialise(make(), 0).C3.weight)


@both
def test_a_finished_run_is_not_trained_again(way, tmp_path, monkeypatch):
    checkpoint = tmp_path / "checkpoint"
    network, first = trained(way, checkpoint=checkpoint)
    monkeypatch.setattr(training.Trainer, "run_epoch", None)
    again, found = trained(way, checkpoint=checkpoint)
    assert found == first
    assert same(weights(network), weights(again))


# ---------------------------------------------------------------- the checkpoint


def test_a_checkpoint_is_safetensors_and_holds_the_optimisers_state(tmp_path):
    trained(checkpoint=tmp_path / "checkpoint")
    tensors = load_file(tmp_path / "checkpoint")
    assert tensors["network.C1.weight"].shape == (6, 1, 5, 5)
    assert tensors["optimiser.0.exp_avg_sq"].shape == (6, 1, 5, 5)
    assert tensors["optimiser.0.step"] == ADAM.epochs * STEPS


@pytest.mark.parametrize(
    ("way", "other", "named"),
    [
        ("batches", {"seed": 1}, "seed 0, not 1"),
        ("batches", {"recipe": replace(ADAM, epochs=4)}, "epochs 3, not 4"),
        ("batches", {"recipe": replace(ADAM, show=Shifted(2))}, r"most=1\), not Shifted\(most=2"),
        ("batches", {"recipe": PAPER}, "recipe Adam, not SDLM"),
        ("batches", {"loss": F.nll_loss}, "loss cross_entropy, not nll_loss"),
        ("batches", {"images": 59}, "images 60, not 59"),
        ("patterns", {"seed": 1}, "seed 0, not 1"),
        ("patterns", {"recipe": replace(PAPER, literal=True)}, "literal False, not True"),
        ("patterns", {"recipe": PAPER.shorter(2)}, r"etas .*, not \[0.0005, 0.0002\]"),
        ("patterns", {"recipe": replace(PAPER, show=Noisy(0.1))}, r"not Noisy\(probability=0.1\)"),
        ("patterns", {"loss": MaximumLikelihood()}, r"j=1.0\), not MaximumLikelihood\(\)"),
    ],
)
def test_the_checkpoint_of_another_training_is_refused(way, other, named, tmp_path):
    path = tmp_path / "checkpoint"
    trained(way, checkpoint=path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=f"another training.*{named}.*delete it"):
        trained(way, checkpoint=path, **other)
    assert path.read_bytes() == before


def test_the_checkpoint_of_another_network_is_refused(tmp_path):
    path = tmp_path / "checkpoint"
    trained(checkpoint=path)
    with pytest.raises(ValueError, match="network LeNet5, not LeNet5_1998"):
        train(LeNet5_1998(), *digits(), ADAM, loss=F.cross_entropy, checkpoint=path)


def test_what_is_no_checkpoint_is_refused(tmp_path):
    path = tmp_path / "checkpoint"
    path.write_bytes(b"not this")
    with pytest.raises(ValueError, match="not a checkpoint"):
        trained(checkpoint=path)
    assert path.read_bytes() == b"not this"


# ---------------------------------------------------------------- Adam


def test_the_rate_rises_in_a_line_and_falls_in_half_a_cosine():
    recipe = Adam(epochs=1, peak_rate=0.01, warm_up=0.2)
    assert recipe.rate(0) == 0
    assert recipe.rate(0.1) == pytest.approx(0.005)
    assert recipe.rate(0.2) == pytest.approx(0.01)
    assert recipe.rate(0.6) == pytest.approx(0.005)
    assert recipe.rate(1) == pytest.approx(0)


def test_each_step_takes_the_rate_of_its_moment(monkeypatch):
    rates, step = [], Batches.step
    monkeypatch.setattr(Batches, "step", lambda *a: rates.append(a[3]) or step(*a))
    trained()
    count = ADAM.epochs * STEPS
    assert rates == pytest.approx([ADAM.rate(n / count) for n in range(count)])


def test_a_step_is_one_of_adam_with_decoupled_decay():
    """The first step moves each weight by the rate, against its gradient, after the decay."""
    network, (images, labels) = initialise(LeNet5(), 0), digits()
    before = weights(network)
    recipe = Adam(epochs=1, weight_decay=0.5)
    trainer = recipe.trainer(recipe, network, F.cross_entropy, images, labels, 0)
    trainer.step(images, labels, 0.01)
    for parameter, old in zip(network.parameters(), before, strict=True):
        moved = parameter.detach() - old * (1 - 0.01 * 0.5)
        clear = parameter.grad.abs() > 1e-4
        assert clear.any()
        expected = -0.01 * parameter.grad.sign()
        torch.testing.assert_close(moved[clear], expected[clear], rtol=1e-3, atol=1e-6)


# ---------------------------------------------------------------- evaluation, recipes


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


def test_the_recipes_are_short_long_and_the_papers():
    assert list(RECIPES) == ["short", "long", "paper"]
    assert RECIPES["short"].epochs < RECIPES["long"].epochs
    assert RECIPES["paper"] == SDLM()


def test_a_shorter_recipe_is_the_same_with_fewer_epochs():
    assert ADAM.shorter(2) == replace(ADAM, epochs=2)
    assert PAPER.shorter(2) == replace(PAPER, etas=PAPER.etas[:2])
    assert PAPER.shorter(3) == PAPER
    with pytest.raises(ValueError, match="4 epochs: the paper's schedule ends after 3"):
        PAPER.shorter(4)


# ---------------------------------------------------------------- what is seen of it


@both
def test_it_is_silent_where_nobody_watches(way, capsys):
    trained(way)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("progress", "seen"), [(True, True), (False, False)])
@both
def test_it_shows_a_bar_to_somebody_unless_told_not_to(way, progress, seen, capsys, monkeypatch):
    monkeypatch.setattr(training, "watched", lambda: True)
    trained(way, progress=progress)
    err = capsys.readouterr().err
    assert ("3/3" in err) == seen
    assert ("epoch" in err) == seen


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_what_is_printed_after_an_epoch_stands_on_a_line_of_its_own(monkeypatch):
    """On a terminal, where the bar stands as well."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(sys, "stderr", terminal)
    trained(after=lambda number, epoch: print(f"number {number}"))
    seen = terminal.getvalue()
    assert "3/3" in seen
    for number in (1, 2, 3):
        before, _, after = seen.partition(f"number {number}")
        assert before.replace("\r", "\n").rpartition("\n")[2].strip() == ""
        assert after.startswith("\n")
