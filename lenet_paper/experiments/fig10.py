"""Fig. 10: how many images LeNet-5 must reject to err on 0.5 % of the rest; fig5's five networks.

Nothing is trained: what these networks said of the test images was kept by fig5.
"""

import time

from lenet.data import load_mnist
from lenet.paper import REJECTION
from lenet.predictions import kept_predictions
from lenet.rejection import rejected_for
from lenet_paper.experiment import Experiment, Job, Outcome
from lenet_paper.experiments.fig5 import SEEDS


def reject(seed: int) -> Outcome:
    """Count the errors of one network, and the images it must reject."""
    start, (_, labels) = time.perf_counter(), load_mnist("test")
    said = kept_predictions("fig5", seed)
    wrong = said.wrong(labels)
    rejected = rejected_for(REJECTION["error"], said.margins, wrong)
    seconds = round(time.perf_counter() - start, 1)
    return Outcome({"errors": int(wrong.sum()), "rejected": rejected, "seconds": seconds})


EXPERIMENT = Experiment(
    name="fig10",
    about="Fig. 10: how many digits to reject for 0.5 % errors on the rest",
    settings={"network": "lenet5-1998", "seeds": list(SEEDS), "error": REJECTION["error"]},
    jobs=lambda rows: [Job({"seed": seed}, (seed,)) for seed in SEEDS],
    work=reject,
    needs=("fig5",),
)
