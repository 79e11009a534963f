"""The experiments: one file each, run by ``python -m lenet reproduce NAME``.

Each has a docstring, whose first line says what it measures, and a function ``run()``, which
writes results/NAME.json row by row and goes on where it was stopped.
"""

from importlib import import_module
from types import ModuleType

EXPERIMENTS = {  # by their names on the command line and in results/
    "seed-recipes": "lenet.experiments.seed_recipes",
    "seed": "lenet.experiments.seed",
    "seed-long": "lenet.experiments.seed_long",
    "fig5-choice": "lenet.experiments.fig5_choice",
    "fig5": "lenet.experiments.fig5",
    "unsaid": "lenet.experiments.unsaid",
    "fig6-choice": "lenet.experiments.fig6_choice",
    "fig6": "lenet.experiments.fig6",
    "fig10": "lenet.experiments.fig10",
    "fig13": "lenet.experiments.fig13",
    "fig9-choice": "lenet.experiments.fig9_choice",
    "fig9": "lenet.experiments.fig9",
    "today": "lenet.experiments.today",
    "speed-1998": "lenet.experiments.speed_1998",
}
ROW_BY_ROW = ("fig9-choice", "fig9")  # those that run some of their rows, and side by side


def experiment(name: str) -> ModuleType:
    """The module of the experiment ``name``, a key of EXPERIMENTS."""
    return import_module(EXPERIMENTS[name])


def summary(name: str) -> str:
    """What the experiment ``name`` measures, in one line."""
    return experiment(name).__doc__.splitlines()[0]
