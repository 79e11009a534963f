"""Which recipe for the seed's network? Candidates, judged on 5,000 held-out training images.

The last 5,000 of the 60,000 training images are held out, and no test image is loaded. One seed
each, so a difference of a few errors says nothing; the held-out loss is steadier. Two stages:
eight epochs choose the short recipe, twenty stand in for the length of the long one.
"""

from dataclasses import asdict

from torch.nn import functional as F

from lenet import results
from lenet.data import hold_out, mnist
from lenet.evaluation import errors, outputs
from lenet.networks import LeNet5
from lenet.training import Recipe, train

NAME = "seed-recipes"
CANDIDATES = (
    Recipe(epochs=8, peak_rate=0.001),
    Recipe(epochs=8, peak_rate=0.003),
    Recipe(epochs=8, peak_rate=0.01),
    Recipe(epochs=8, peak_rate=0.003, batch_size=256),
    Recipe(epochs=8, peak_rate=0.01, batch_size=256),
    Recipe(epochs=8, peak_rate=0.003, shift=1),
    Recipe(epochs=16, peak_rate=0.003),
    Recipe(epochs=16, peak_rate=0.003, shift=1),
    Recipe(epochs=16, peak_rate=0.003, shift=2),
    Recipe(epochs=16, peak_rate=0.003, shift=1, weight_decay=0.1),
)


def run() -> None:
    """Train each candidate once, and write its errors and its loss on the held-out images."""
    record = results.Record(NAME, {"network": "lenet5", "seed": 0, "held_out": 5000})
    (images, labels), held_out = hold_out(*mnist("train"))
    for recipe in CANDIDATES:
        if record.find(**asdict(recipe)):
            continue
        network = LeNet5()
        history = train(network, images, labels, recipe)
        loss = F.cross_entropy(outputs(network, held_out[0]), held_out[1])
        row = {"errors": errors(network, *held_out), "held_out_loss": round(loss.item(), 5)}
        row |= {"training_loss": round(history.loss[-1], 5), "seconds": round(sum(history.seconds))}
        record.add(asdict(recipe) | row)
        print(f"{recipe}: {row['errors']} errors on the held-out images", flush=True)
