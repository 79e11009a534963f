"""Time to the summary's 97.74 % of every peer, mean of five seeds: results/speed-target.json.

The recipe of each peer is the quickest candidate whose mean on held-out training images reaches
the target; all peers have the same candidates. The test images only judge the five seeds.
"""

from measure import PEERS
from task import THREADS, run_peer

from lenet.adam import Adam
from lenet.paper import SUMMARY
from lenet_paper.experiments.summary import in_numbers
from lenet_paper.record import Record

TARGET = SUMMARY["accuracy_percent"]
SEEDS = range(5)
CHOOSING = range(100, 102)  # other seeds than those that are judged
CANDIDATES = [
    Adam(2, peak_rate=0.006),
    Adam(2, peak_rate=0.012),
    Adam(3, peak_rate=0.006),
    Adam(4, peak_rate=0.006),
]
ALIKE = {  # those that compute the same, fed in other ways, share the recipe of one
    "ours, compiled": "ours",
    "PyTorch, tensors, compiled": "PyTorch, tensors",
    "PyTorch, DataLoader": "PyTorch, tensors",
    "PyTorch, image by image": "PyTorch, tensors",
    "Keras on TensorFlow, XLA": "Keras on TensorFlow",
}
LEFT_OUT = [  # they compute what another peer does, and are no faster here: results/speed.json
    "Keras on TensorFlow, as it comes",
    "JAX, jit and scan",
]


def main() -> None:
    candidates = [in_numbers(recipe) for recipe in CANDIDATES]
    settings = {"target": TARGET, "candidates": candidates, "threads": THREADS}
    settings |= {"seeds": list(SEEDS), "choosing": list(CHOOSING)}
    record = Record("speed-target", settings, command="make bench")
    for peer in PEERS:
        if peer in LEFT_OUT:
            continue
        recipe = chosen(record, ALIKE.get(peer, peer))
        if not recipe:
            print(f"{peer}: no candidate reaches {TARGET} % on held-out images, or it cannot run")
            continue
        for seed in SEEDS:
            if not record.find(peer=peer, seed=seed):
                found = run_peer(peer, recipe, seed)
                record.add({"peer": peer, "seed": seed, "candidate": in_numbers(recipe)}, found)
                print(f"{peer}, seed {seed}: {found}", flush=True)


def chosen(record: Record, peer: str) -> Adam | None:
    """The first candidate that reaches the target; they are in the order of their epochs."""
    for index, recipe in enumerate(CANDIDATES):
        for seed in CHOOSING:
            if not record.find(peer=peer, candidate=index, chosen_by=seed):
                found = run_peer(peer, recipe, seed, held_out=True)
                record.add({"peer": peer, "candidate": index, "chosen_by": seed}, found)
                print(f"{peer}, candidate {index}, held out: {found}", flush=True)
        rows = [record.find(peer=peer, candidate=index, chosen_by=seed) for seed in CHOOSING]
        if any("failed" in row for row in rows):
            return None
        if sum(row["accuracy"] for row in rows) / len(rows) >= TARGET:
            return recipe
    return None


if __name__ == "__main__":
    main()
