"""Seconds an epoch of every peer, three rounds in turn: results/speed.json."""

from statistics import median

from measure import PEERS
from task import THREADS, run_peer

from lenet.adam import Adam
from lenet_paper.experiments.summary import in_numbers
from lenet_paper.record import Record

ROUNDS = 3
RECIPE = Adam(epochs=3)  # the first epoch may compile: the others are counted


def main() -> None:
    settings = {"rounds": ROUNDS, "recipe": in_numbers(RECIPE), "threads": THREADS}
    record = Record("speed", settings, command="make bench")
    for round_ in range(ROUNDS):
        for peer in PEERS:
            if not record.find(peer=peer, round=round_):
                found = run_peer(peer, RECIPE, seed=round_)
                record.add({"peer": peer, "round": round_}, found)
                print(f"round {round_}, {peer}: {found}", flush=True)
    base = over_rounds(record, "PyTorch, tensors")
    for peer in PEERS:
        if not record.find(peer=peer, rounds=ROUNDS):
            found = over_rounds(record, peer)
            if "failed" not in found:
                found["ratio"] = round(found["median_seconds"] / base["median_seconds"], 3)
            record.add({"peer": peer, "rounds": ROUNDS}, found)
            print(f"{peer}: {found}")


def over_rounds(record: Record, peer: str) -> dict:
    """The median epoch after each process' first, the most memory, the mean accuracy."""
    rows = [record.find(peer=peer, round=round_) for round_ in range(ROUNDS)]
    for row in rows:
        if "failed" in row:
            return {"failed": row["failed"]}
    later = [seconds for row in rows for seconds in row["seconds"][1:]]
    return {
        "median_seconds": round(median(later), 3),
        "compile_seconds": round(median(row["seconds"][0] for row in rows) - median(later), 1),
        "peak_megabytes": max(row["peak_megabytes"] for row in rows),
        "accuracy": round(sum(row["accuracy"] for row in rows) / ROUNDS, 2),
    }


if __name__ == "__main__":
    main()
