"""``python -m lenet reproduce``: run an experiment of the book, or list them all."""

from lenet import results
from lenet_paper.experiments import EXPERIMENTS, experiment_named
from lenet_paper.runner import Selection, run_again, run_missing

__all__ = ["Selection", "reproduce"]


def reproduce(name: str | None, selection: Selection, again: bool) -> None:
    """Run the experiment of that name; without one, list them with what is done of each.

    Raises ``ValueError`` for a name, a row or a seed that there is not.
    """
    if name is None:
        if again or selection != Selection():
            raise ValueError("which experiment? reproduce without a name lists them")
        list_all()
    elif name not in EXPERIMENTS:
        known = ", ".join(EXPERIMENTS)
        raise ValueError(f"no experiment is called {name}: choose from {known}")
    else:
        (run_again if again else run_missing)(experiment_named(name), selection)


def list_all() -> None:
    """A line for each experiment: rows done, the time they took, what it measures and needs."""
    print(f"{'name':16} {'rows':>9} {'minutes':>8}  what it measures")
    for name in EXPERIMENTS:
        known = experiment_named(name)
        try:
            rows = results.load(name)["rows"]
        except FileNotFoundError:
            rows = []
        wanted = len(list(known.jobs(rows)))
        minutes = f"{sum(row.get('seconds', 0) for row in rows) / 60:.1f}" if rows else "-"
        needs = f" (needs {', '.join(known.needs)})" if known.needs else ""
        print(f"{name:16} {len(rows):>3} of {wanted:>2} {minutes:>8}  {known.about}{needs}")
