"""The experiments, one file each: `EXPERIMENT` says what it is, a function does one of its jobs."""

from importlib import import_module

from lenet_paper.experiment import Experiment

EXPERIMENTS = {  # by their names on the command line and in results/
    name: f"lenet_paper.experiments.{name.replace('-', '_')}"
    for name in (
        "summary-recipes",
        "summary",
        "summary-long",
        "fig5-choice",
        "fig5",
        "unsaid",
        "fig6-choice",
        "fig6",
        "fig10",
        "fig13",
        "fig9-choice",
        "fig9",
        "today",
        "speed-1998",
    )
}


def experiment_named(name: str) -> Experiment:
    """The experiment ``name``, a key of EXPERIMENTS. Raises ``RuntimeError`` without the extra."""
    try:
        return import_module(EXPERIMENTS[name]).EXPERIMENT
    except ImportError as problem:
        message = f"{name} needs {problem.name}, which comes with the extra lenet[paper]"
        raise RuntimeError(message) from problem
