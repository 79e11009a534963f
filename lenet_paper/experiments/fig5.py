"""Fig. 5: the paper's network trained as in 1998, five seeds, 20 passes over 60,000 digits.

The configuration was chosen on held-out training images (fig5-choice), from a list that was made
after two test counts of another one: appendix A tells it. Each row names its commit. The test
images are counted after each pass. What each network says of them is kept, and its weights.
"""

from dataclasses import asdict

from lenet.data import mnist
from lenet.predictions import predictions_of
from lenet_paper.configuration import HEADLINE, train_configured
from lenet_paper.experiment import Experiment, Job, Outcome

SEEDS = range(5)


def train_headline(seed: int) -> Outcome:
    """Train on the 60,000 digits; the 10,000 test images measure."""
    test = mnist("test")
    row, network = train_configured(HEADLINE, seed, mnist("train"), test)
    return Outcome(row, predictions_of(network, test[0]), network)


EXPERIMENT = Experiment(
    name="fig5",
    about="Fig. 5: the paper's network trained as in 1998, five seeds",
    settings={
        "network": "lenet5-1998",
        "seeds": list(SEEDS),
        "configuration": asdict(HEADLINE),
    },
    jobs=lambda rows: [Job({"seed": seed}, (seed,)) for seed in SEEDS],
    work=train_headline,
)
