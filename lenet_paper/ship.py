"""The second step after the experiments: put trained weights into the package, in a checkout.

    python -m lenet_paper.ship

Run it when the weights of `SHIPPED` in results/weights/ have changed, and then
``python book/export_live.py``. Nothing else writes into `lenet`.
"""

from lenet.networks import NETWORKS
from lenet.weights import save_weights, shipped
from lenet_paper.kept import kept_network

SHIPPED = {"lenet5": ("summary", 0), "lenet5-1998": ("fig5", 0)}  # network: experiment, seed


def ship() -> None:
    for name, (experiment, seed) in SHIPPED.items():
        save_weights(kept_network(NETWORKS[name](), experiment, seed), shipped(name))
        print(f"{shipped(name)}: {experiment}, seed {seed}")


if __name__ == "__main__":
    ship()
