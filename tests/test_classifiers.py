"""The classifiers of Fig. 9: our own methods by hand, or against another way to compute them."""

import copy

import numpy as np
import pytest
import torch
from sklearn.svm import SVC
from torch import nn

from lenet import sdlm
from lenet.distortions import Ranges
from lenet.initial import initialise
from lenet.ledger import ledger, totals
from lenet.losses import MaximumLikelihood
from lenet.paper import FIG9
from lenet_paper.classifiers import boosting, compiled_rivals, rivals, svm
from lenet_paper.classifiers.forms import deslant, framed
from lenet_paper.classifiers.linear import linear, tally
from lenet_paper.classifiers.local import by_neighbours, by_own_layer, features, layer_of
from lenet_paper.classifiers.neighbours import nearest_of_each_class, votes
from lenet_paper.classifiers.pca_quadratic import products
from lenet_paper.classifiers.tangent import TANGENTS, kernel, smoothed, spans, tangents, two_sided
from lenet_paper.classifiers.trained import padded, pixels


def random(*shape: int) -> np.ndarray:
    """Numbers between 0 and 1, the same for the same shape."""
    return np.random.default_rng(1).random(shape)


# ---------------------------------------------------------------- forms


def slanted_bar(slope: int) -> torch.Tensor:
    """Eight rows of a bar three pixels wide, each ``slope`` pixels further to the left."""
    image = torch.zeros(28, 28)
    for step, row in enumerate(range(10, 18)):
        image[row, 16 - slope * step : 19 - slope * step] = 1
    return image


@pytest.mark.parametrize("slope", [-1, 0, 1])
def test_a_slanted_bar_is_set_upright(slope):
    (upright,) = deslant(slanted_bar(slope)[None])
    assert upright.sum() == pytest.approx(24, abs=1e-3)
    columns = torch.arange(28.0)
    centres = upright[10:18] @ columns / upright[10:18].sum(dim=1)
    assert centres.max() - centres.min() < 1e-3
    assert centres[0] == pytest.approx(17 - 3.5 * slope, abs=1e-3)  # the centre of mass stays


def test_the_second_moment_of_x_and_y_is_gone():
    images = torch.zeros(3, 28, 28)
    images[:, 8:20, 8:20] = torch.rand(3, 12, 12, generator=torch.Generator().manual_seed(0))
    at = torch.arange(28.0)
    for image in deslant(images):
        ink = image / image.sum()
        x, y = ink.sum(dim=0) @ at, ink.sum(dim=1) @ at
        assert abs((at - y) @ ink @ (at - x)) < 0.02


def test_the_frame_holds_all_ink_in_its_middle():
    image = torch.zeros(28, 28)
    image[0:4, 20:28] = torch.arange(1.0, 9.0)
    (cut,) = framed(image[None], 10)
    assert cut.shape == (10, 10)
    assert torch.equal(cut[3:7, 1:9], image[0:4, 20:28])
    assert cut.sum() == image.sum()


# ---------------------------------------------------------------- linear, neighbours, products


def test_the_linear_classifier_answers_by_the_largest_sum():
    images = torch.eye(10).reshape(10, 2, 5).repeat(3, 1, 1)
    said = linear((images, torch.arange(10).repeat(3)), images[:10], ridge=1e-3)
    assert said.penalties.argmin(axis=1).tolist() == list(range(10))
    assert (said.multiply_adds, said.stored) == (100, 110)


def test_the_pairs_are_tallied():
    pairs = {(i, j): np.zeros(1) for i in range(10) for j in range(i + 1, 10)}
    pairs[0, 1], pairs[0, 2], pairs[1, 2] = np.array([1.0]), np.array([-0.5]), np.array([0.25])
    assert tally(pairs)[0].tolist() == [0.5, -0.75, 0.25, 0, 0, 0, 0, 0, 0, 0]


def test_the_neighbours_vote():
    distances = np.full((2, 10, 3), 9.0)
    distances[0, 4], distances[0, 7] = [1, 2, 8], [1.5, 8, 8]  # two of three
    distances[1, 2, 0], distances[1, 3, 0], distances[1, 5, 0] = 1.5, 1, 2  # one each
    penalties = votes(distances)
    assert penalties.argmin(axis=1).tolist() == [4, 3]
    assert np.floor(penalties[0]).tolist() == [0, 0, 0, 0, -2, 0, 0, -1, 0, 0]
    assert penalties[1].argsort()[:3].tolist() == [3, 2, 5]


def test_the_neighbours_are_those_of_the_whole_set():
    x, labels, new = random(200, 5), np.arange(200) % 10, random(7, 5) + 0.1
    found = votes(nearest_of_each_class(x, labels, new, 3))
    for image, penalties in zip(new, found, strict=True):
        three = labels[((x - image) ** 2).sum(axis=1).argsort()[:3]]
        assert np.array_equal(np.ceil(-penalties), np.bincount(three, minlength=10))


def test_every_product_of_two_once():
    assert products(np.array([[1.0, 2, 5]])).tolist() == [[1, 2, 5, 4, 10, 25]]
    assert products(np.ones((1, 40))).shape == (1, 820)


# ---------------------------------------------------------------- networks


@pytest.mark.parametrize(
    ("label", "hidden", "side"),
    [
        ("[deslant] 20x20-300-10", [300], 20),
        ("28x28-1000-10", [1000], 28),
        ("28x28-300-100-10", [300, 100], 28),
        ("28x28-500-150-10", [500, 150], 28),
    ],
)
def test_the_dense_networks_cost_what_the_paper_says(label, hidden, side):
    total = totals(ledger(rivals.fully_connected(side**2, *hidden, 10), (1, side, side))[:-1])
    stated = FIG9[label]["multiply_adds_thousands"]
    assert abs(total.multiply_adds / 1000 - stated) < 0.02 * stated


def test_lenet1_has_the_papers_size():
    total = totals(ledger(rivals.lenet1(), (1, 28, 28))[:-1])
    assert (total.parameters, total.connections) == (2578, 98_442)
    assert abs(total.connections / 1000 - FIG9["[16x16] LeNet-1"]["multiply_adds_thousands"]) < 2


def test_lenet4_has_the_papers_connections():
    total = totals(ledger(rivals.lenet4(), (1, 32, 32))[:-1])
    assert (total.parameters, total.connections) == (50_698, 262_306)
    assert abs(total.connections / 1000 - FIG9["LeNet-4"]["multiply_adds_thousands"]) < 3
    seen = np.bincount(np.concatenate(rivals.LENET4_INPUTS))
    assert seen.tolist() == [6] * 8
    assert len({tuple(inputs) for inputs in rivals.LENET4_INPUTS}) == 16


MAKERS = {
    "one hidden layer": (lambda: rivals.fully_connected(64, 7, 10), 8),
    "two hidden layers": (lambda: rivals.fully_connected(64, 9, 5, 10), 8),
    "LeNet-1": (rivals.lenet1, 28),
    "LeNet-4": (rivals.lenet4, 32),
}


def a_network(name: str) -> tuple[rivals.Rival, torch.Tensor, torch.Tensor]:
    """New weights, and random blots in the range of the real pixels."""
    maker, side = MAKERS[name]
    network = maker()
    initialise(network, seed=4)
    images = torch.rand(60, 1, side, side, generator=torch.Generator().manual_seed(5))
    return network, images * 1.275 - 0.1, torch.arange(60) % 10


@pytest.mark.parametrize("name", MAKERS)
def test_one_compiled_step_has_the_same_gradient(name):
    plain, images, labels = a_network(name)
    fast = copy.deepcopy(plain)
    rates = {key: torch.full_like(p, 1e6) for key, p in plain.named_parameters()}
    sdlm.run_pass(plain, MaximumLikelihood(), rates, images[:1], labels[:1])
    compiled_rivals.run_pass(fast, MaximumLikelihood(), rates, images[:1], labels[:1])
    for (key, p), q in zip(plain.named_parameters(), fast.parameters(), strict=True):
        assert (p - q).abs().max() < 1e-5 * p.abs().max(), key


@pytest.mark.parametrize("name", MAKERS)
def test_many_compiled_steps_stay_together_and_count_the_same(name):
    plain, images, labels = a_network(name)
    fast, loss = copy.deepcopy(plain), MaximumLikelihood()
    rates = sdlm.rates(sdlm.curvature(plain, loss, images, labels), eta=0.0005, mu=0.02)
    total, wrong = sdlm.run_pass(plain, loss, rates, images, labels)
    compiled_total, compiled_wrong = compiled_rivals.run_pass(fast, loss, rates, images, labels)
    assert compiled_wrong == wrong > 0
    assert compiled_total == pytest.approx(total, rel=1e-4)
    for (key, p), q in zip(plain.named_parameters(), fast.parameters(), strict=True):
        assert (p - q).norm() < 1e-4 * p.norm(), key


# ---------------------------------------------------------------- boosting, local learning


class FirstPixel(nn.Module):
    """Answers the number in a pixel of the first row."""

    def __init__(self, column: int) -> None:
        super().__init__()
        self.column = column

    def forward(self, images):
        return (torch.arange(10.0) - images[:, 0, 0, self.column : self.column + 1]).abs()

    largest_wins, answer = False, rivals.Rival.answer


DIGITS = torch.tensor([[1.0, 1], [2, 3], [3, 3], [4, 9], [5, 5], [6, 7]])[:, None, None, :]


def test_as_many_right_as_wrong_are_taken():
    labels = torch.tensor([1, 2, 0, 4, 0, 6])  # the first network is wrong on 2 of 6
    taken = boosting.half_wrong(FirstPixel(0), DIGITS, labels)
    assert taken.tolist() == [True, True, True, False, True, False]
    taken = boosting.half_wrong(FirstPixel(0), DIGITS, torch.tensor([0, 2, 0, 0, 0, 0]))
    assert taken.tolist() == [True, True, False, False, False, False]


def test_where_two_disagree():
    taken = boosting.disagreed(FirstPixel(0), FirstPixel(1), DIGITS)
    assert taken.tolist() == [False, True, False, True, False, True]


def test_digits_are_collected_until_there_are_enough():
    parts = iter([DIGITS, DIGITS + 10, DIGITS + 20])
    x, labels = boosting.collected(parts, torch.arange(6), 5, lambda x: x[:, 0, 0, 0] % 2 == 0)
    assert x[:, 0, 0, 0].tolist() == [2, 4, 6, 12, 14]
    assert labels.tolist() == [1, 3, 5, 1, 3]
    assert len(list(parts)) == 1


def test_unseen_digits_are_new_each_time():
    stream = boosting.unseen(torch.rand(4, 1, 12, 12), Ranges(shift=1), torch.Generator())
    assert not torch.equal(next(stream), next(stream))


def test_a_local_layer_goes_from_the_common_one_to_its_own_neighbours():
    x, wanted, start = random(50, 4), random(50, 10), random(10, 4)
    assert np.allclose(layer_of(x, wanted, start, 1e9), start, atol=1e-6)
    own = np.linalg.lstsq(x, wanted, rcond=None)[0].T
    assert np.allclose(layer_of(x, wanted, start, 0), own)


@pytest.fixture
def lenet4_on_noise():
    """LeNet-4 with drawn weights, and thirty digits that are noise, three of each class."""
    network = rivals.lenet4()
    initialise(network, 0)
    images = torch.rand(30, 28, 28, generator=torch.Generator().manual_seed(0))
    return network, (images, torch.arange(30) % 10)


def test_features_are_the_units_of_f5(lenet4_on_noise):
    network, (images, _) = lenet4_on_noise
    x = padded(images, 2)
    units = features(network, x)
    assert units.shape == (30, 120)
    last = network[-3:](torch.from_numpy(units))
    assert torch.allclose(last, network(pixels(x)), atol=1e-5)


def test_digits_are_their_own_neighbours(lenet4_on_noise):
    network, digits = lenet4_on_noise
    said = by_neighbours(digits, digits[0][:7], network=network, k=1)
    assert said.penalties.argmin(axis=1).tolist() == digits[1][:7].tolist()
    said = by_own_layer(digits, digits[0][:7], network=network, k=3, ridge=1e-6)
    assert said.penalties.argmin(axis=1).tolist() == digits[1][:7].tolist()
    assert said.stored == 50_698 - 1210 + 30 * 120  # no last layer, but all digits


# ---------------------------------------------------------------- tangent distance


def blob(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A smooth picture, as a function of the place."""
    return np.exp(-((x - 1) ** 2) / 32 - (y + 0.5) ** 2 / 18 - x * y / 60)


def moved(a: float, b: float, c: float, d: float, tx: float, ty: float) -> np.ndarray:
    """The blob under the map (x, y) to (a x + b y + tx, c x + d y + ty), on 16x16 pixels."""
    y, x = np.indices((16, 16)) - 7.5
    back = np.linalg.inv([[a, b], [c, d]])
    x, y = x - tx, y - ty
    return blob(back[0, 0] * x + back[0, 1] * y, back[1, 0] * x + back[1, 1] * y)


DISTORTIONS = {  # the map at strength t; a positive angle turns clockwise, as y points down
    "right": lambda t: (1, 0, 0, 1, t, 0),
    "down": lambda t: (1, 0, 0, 1, 0, t),
    "larger": lambda t: (1 + t, 0, 0, 1 + t, 0, 0),
    "turned": lambda t: (np.cos(t), -np.sin(t), np.sin(t), np.cos(t), 0, 0),
    "squeezed": lambda t: (1 + t, 0, 0, 1 - t, 0, 0),
    "skewed": lambda t: (1, t, t, 1, 0, 0),
}


@pytest.mark.parametrize("name", DISTORTIONS)
def test_a_tangent_is_the_derivative_of_the_distorted_image(name):
    ours = tangents(moved(1, 0, 0, 1, 0, 0)[None])[0][list(DISTORTIONS).index(name)]
    t = 1e-4
    exact = (moved(*DISTORTIONS[name](t)) - moved(*DISTORTIONS[name](-t))) / (2 * t)
    inside = slice(1, -1)  # at the border a difference has one side only
    gap = np.abs(ours - exact)[inside, inside].max()
    assert gap < 0.06 * np.abs(exact).max()


def test_the_last_tangent_makes_strokes_thicker():
    image = np.zeros((1, 16, 16), dtype=np.float32)
    image[0, 3:13, 7:9] = 1
    thicker = tangents(smoothed(image, 0.75))[0, TANGENTS - 1]
    assert thicker.min() >= 0
    assert thicker[8, 6] > 5 * thicker[8, 3]


def test_the_distance_is_the_least_that_both_can_reach():
    images = smoothed(random(5, 16, 16).astype(np.float32), 0.75)
    planes, flat = spans(images), images.reshape(5, -1)
    assert np.allclose(planes @ planes.transpose(0, 2, 1), np.eye(TANGENTS), atol=1e-4)
    for number, distance in enumerate(two_sided(flat[0], planes[0], flat[1:], planes[1:]), 1):
        both = np.concatenate([planes[0], planes[number]]).T
        steps = np.linalg.lstsq(both, flat[number] - flat[0], rcond=None)[0]
        least = ((flat[number] - flat[0] - both @ steps) ** 2).sum()
        assert distance == pytest.approx(least, rel=0.01)


def test_a_distorted_copy_is_nearer_than_it_looks():
    images = np.stack([moved(1, 0, 0, 1, 0, 0), moved(*DISTORTIONS["turned"](0.1))])
    images = images.astype(np.float32)
    planes, flat = spans(images), images.reshape(2, -1)
    (distance,) = two_sided(flat[0], planes[0], flat[1:], planes[1:])
    assert 0 <= distance < 0.02 * ((flat[0] - flat[1]) ** 2).sum()


def test_smoothing_keeps_the_ink():
    image = np.zeros((1, 16, 16), dtype=np.float32)
    image[0, 8, 8] = 1
    smooth = smoothed(image, 1.0)
    assert smooth.sum() == pytest.approx(1, abs=1e-5)
    assert np.allclose(smooth[0, 8, 5:12], kernel(1.0)[3] * kernel(1.0), atol=1e-6)


# ---------------------------------------------------------------- support vectors


@pytest.fixture(scope="module")
def trained_machines():
    x = random(300, 6).astype(np.float32)
    labels = (x[:, 0] * 5).astype(int) + 5 * (x[:, 1] > 0.5)
    x /= np.sqrt((x**2).sum(axis=1).mean())
    return svm.machines(x, labels, 3, 1.0), x, labels


def test_our_machines_decide_as_scikit_learns(trained_machines):
    ours, x, labels = trained_machines
    for i in (0, 7):
        options = {"kernel": "poly", "degree": 3, "gamma": 1, "coef0": 1}
        theirs = SVC(C=1.0, **options).fit(x, labels == i)
        assert np.allclose(ours.decide(x)[:, i], theirs.decision_function(x), atol=1e-2)


def test_what_the_machines_cost(trained_machines):
    ours, x, _ = trained_machines
    shared = set(np.concatenate(ours.indices).tolist())
    count = sum(map(len, ours.indices))
    assert ours.classified(x[:4]).multiply_adds == 6 * len(shared) + count


def test_a_reduced_set_decides_nearly_the_same(trained_machines):
    ours, x, _ = trained_machines
    z, beta = svm.reduce(ours, 3, 20, seed=0)
    assert len(z) == len(beta) == 20 < len(ours.weights[3]) / 2
    few = (x @ z.T + 1) ** 3 @ beta + ours.biases[3]
    exact = ours.decide(x)[:, 3]
    assert np.abs(few - exact).max() < 0.05 * np.abs(exact).max()


def test_images_are_made_as_long_as_1():
    digits, images = torch.rand(5, 4, 4), torch.rand(3, 4, 4)
    (each, labels), new = svm.scaled((digits, torch.arange(5)), images, unit_length=True)
    for some in (each, new):
        assert torch.allclose(some.flatten(1).norm(dim=1), torch.ones(len(some)))
    assert labels.tolist() == [0, 1, 2, 3, 4]

    (together, _), new = svm.scaled((digits, labels), images, unit_length=False)
    assert (together.flatten(1).norm(dim=1) ** 2).mean() == pytest.approx(1)
    assert torch.allclose(new / images, (together / digits).mean().expand_as(images))


def test_virtual_examples_are_a_pixel_off():
    image = torch.arange(9.0).reshape(1, 3, 3)
    same, down, up, right, left = (part[0] for part in svm.shifted(image))
    assert torch.equal(same, image[0])
    assert down.tolist() == [[0, 0, 0], [0, 1, 2], [3, 4, 5]]
    assert up.tolist() == [[3, 4, 5], [6, 7, 8], [0, 0, 0]]
    assert right.tolist() == [[0, 0, 1], [0, 3, 4], [0, 6, 7]]
    assert left.tolist() == [[1, 2, 0], [4, 5, 0], [7, 8, 0]]
