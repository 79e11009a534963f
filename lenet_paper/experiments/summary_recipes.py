"""Which recipe for the summary's network? Candidates, judged on 5,000 held-out training images.

The last 5,000 of the 60,000 training images are held out, and no test image is loaded. One random
seed each, so a difference of a few errors says nothing; the held-out loss is steadier. Two stages:
eight epochs choose the short recipe, sixteen stand in for the length of the long one.
"""

from torch.nn import functional as F

from lenet.adam import Adam
from lenet.data import hold_out, mnist
from lenet.evaluation import errors, outputs
from lenet.initial import initialise
from lenet.networks import LeNet5
from lenet.shown import Shifted
from lenet.training import train
from lenet_paper.experiment import Experiment, Job, Outcome
from lenet_paper.experiments.summary import in_numbers

CANDIDATES = (
    Adam(epochs=8, peak_rate=0.001),
    Adam(epochs=8, peak_rate=0.003),
    Adam(epochs=8, peak_rate=0.01),
    Adam(epochs=8, peak_rate=0.003, batch_size=256),
    Adam(epochs=8, peak_rate=0.01, batch_size=256),
    Adam(epochs=8, peak_rate=0.003, show=Shifted(1)),
    Adam(epochs=16, peak_rate=0.003),
    Adam(epochs=16, peak_rate=0.003, show=Shifted(1)),
    Adam(epochs=16, peak_rate=0.003, show=Shifted(2)),
    Adam(epochs=16, peak_rate=0.003, show=Shifted(1), weight_decay=0.1),
)


def judge(recipe: Adam) -> Outcome:
    """Train by one recipe; its errors and its loss on the held-out images."""
    (images, labels), held_out = hold_out(*mnist("train"))
    network = initialise(LeNet5(), seed=0)
    epochs = train(network, images, labels, recipe, progress=False)
    loss = F.cross_entropy(outputs(network, held_out[0]), held_out[1])
    row = {
        "errors": errors(network, *held_out),
        "held_out_loss": round(loss.item(), 5),
        "training_loss": round(epochs[-1].loss, 5),
        "seconds": round(sum(epoch.seconds for epoch in epochs)),
    }
    return Outcome(row)


EXPERIMENT = Experiment(
    name="summary-recipes",
    about="which recipe for the summary's network: ten, on held-out digits",
    settings={"network": "lenet5", "seed": 0, "held_out": 5000},
    jobs=lambda rows: [Job(in_numbers(recipe), (recipe,)) for recipe in CANDIDATES],
    work=judge,
)
