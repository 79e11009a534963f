"""Fig. 10: how many images LeNet-5 must reject to err on 0.5 % of the rest; fig5's five networks.

Nothing is trained: the weights of fig5 say what they say of the test images, and their answers
and two best scores are kept in results/predictions/.
"""

import time

from lenet import predictions, results
from lenet.data import mnist
from lenet.experiments import fig5
from lenet.rejection import rejected_for
from lenet.weights import load_shipped

NAME = "fig10"
ERROR = 0.005  # what the figure allows


def run() -> None:
    """Count, for each seed, the errors and the images to reject."""
    record = results.Record(
        NAME, {"network": "lenet5-1998", "seeds": list(fig5.SEEDS), "error": ERROR}
    )
    images, labels = mnist("test")
    for seed in fig5.SEEDS:
        if record.find(seed=seed):
            continue
        start = time.perf_counter()
        said = predictions.predict(load_shipped("lenet5-1998", seed), images)
        predictions.save(said, fig5.NAME, seed)
        wrong = said.wrong(labels)
        row = {
            "seed": seed,
            "errors": int(wrong.sum()),
            "rejected": rejected_for(ERROR, said.margins, wrong),
            "seconds": round(time.perf_counter() - start, 1),
        }
        record.add(row)
        print(f"seed {seed}: {row['rejected']} of {len(labels):,} rejected", flush=True)
