"""The command line, ``python -m lenet``: the only place that reads arguments.

Each command imports what it needs when it runs, so that ``--help`` answers at once.
"""

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from torch import Tensor, nn

# The keys of lenet.networks.NETWORKS and lenet.training.RECIPES, without the import of torch.
NETWORKS = ("lenet5", "lenet5-1998")
RECIPES = ("short", "long")


def fetch(arguments: argparse.Namespace) -> None:
    from lenet import data

    print(f"MNIST is in {data.fetch()}")


def table(arguments: argparse.Namespace) -> None:
    from lenet import ledger, networks

    network = networks.NETWORKS[arguments.network]()
    print(ledger.table(network, channels_last=arguments.channels_last))


def train(arguments: argparse.Namespace) -> None:
    out = arguments.out or Path(f"{arguments.network}-seed{arguments.seed}.safetensors")
    if out.is_dir():
        raise IsADirectoryError(f"{out} is a folder: give --out a file in it")
    if out.exists() and not arguments.overwrite:
        raise FileExistsError(f"{out} is there already: give --overwrite, or another --out")
    TRAINERS[arguments.network](arguments, out)


def train_lenet5(arguments: argparse.Namespace, out: Path) -> None:
    from dataclasses import replace

    from lenet import data, training, weights
    from lenet.networks import LeNet5

    recipe = training.RECIPES[arguments.recipe or "short"]
    recipe = replace(recipe, epochs=arguments.epochs or recipe.epochs)
    images, labels = data.mnist("train")
    network, test = LeNet5(), data.mnist("test")
    checkpoint = out.with_name(f"{out.name}.checkpoint")
    if checkpoint.exists():
        print(f"going on from {checkpoint}")
    try:
        history = training.train(
            network, images, labels, recipe, arguments.seed, evaluate=test, checkpoint=checkpoint
        )
    except KeyboardInterrupt:
        if checkpoint.exists():
            complain(f"kept in {checkpoint}; the same command goes on from it")
        raise
    weights.save_weights(network, out)
    checkpoint.unlink(missing_ok=True)
    print("epoch     loss   training %   test %   seconds")
    for epoch, row in enumerate(zip(*vars(history).values(), strict=True), start=1):
        print("{:5d}  {:7.4f}  {:11.2f}  {:7.2f}  {:8.1f}".format(epoch, *row))
    print(f"weights: {out}")
    report(network, test)


def train_lenet5_1998(arguments: argparse.Namespace, out: Path) -> None:
    from lenet import compiled, data, evaluation, sdlm, weights
    from lenet.experiments.paper_network import HEADLINE
    from lenet.paper import SCHEDULE

    if arguments.recipe:
        raise ValueError("--recipe is for lenet5: the paper's network has the paper's own recipe")
    passes = arguments.epochs or SCHEDULE["passes"]
    if passes > SCHEDULE["passes"]:
        raise ValueError(f"--epochs {passes}: the paper's schedule ends after {SCHEDULE['passes']}")
    (images, labels), test = data.mnist("train"), data.mnist("test")
    network, loss = HEADLINE.network(arguments.seed), HEADLINE.loss()
    print("pass   training %, on the fly   test %")
    for number, wrong in enumerate(
        sdlm.train(
            network,
            loss,
            images,
            labels,
            seed=arguments.seed,
            passes=passes,
            literal=HEADLINE.literal,
            run_pass=compiled.run_pass,
        ),
        start=1,
    ):
        on_the_fly = 100 - evaluation.accuracy(wrong, len(images))
        missed = 100 - evaluation.accuracy(evaluation.errors(network, *test), len(test[0]))
        print(f"{number:4d}  {on_the_fly:23.2f}  {missed:7.2f}", flush=True)
    weights.save_weights(network, out)
    print(f"weights: {out}")
    report(network, test)


TRAINERS = {"lenet5": train_lenet5, "lenet5-1998": train_lenet5_1998}


def evaluate(arguments: argparse.Namespace) -> None:
    from lenet import data

    network, path = network_and_weights(arguments)
    print(f"{arguments.network}, weights: {path}")
    report(network, data.mnist("test"))


def report(network: "nn.Module", test: "tuple[Tensor, Tensor]") -> None:
    """Print the errors of ``network`` on the test images and labels."""
    from lenet import evaluation

    errors, count = evaluation.errors(network, *test), len(test[0])
    print(f"errors {errors} of {count:,} (accuracy {evaluation.accuracy(errors, count):.2f} %)")


def predict(arguments: argparse.Namespace) -> int:
    import torch

    from lenet import data, evaluation, images

    network, _ = network_and_weights(arguments)
    status = 0
    for path in arguments.images:
        try:
            digit = torch.from_numpy(images.read_digit(path))
        except images.ImageError as problem:
            complain(problem)
            status = 2
            continue
        scores = evaluation.outputs(network, data.scale(data.pad(digit))[None, None])
        print(f"{path}: digit {int(network.answer(scores))}")
        print("  ".join(f"{label}: {score:.2f}" for label, score in enumerate(scores[0].tolist())))
    return status


def network_and_weights(arguments: argparse.Namespace) -> "tuple[nn.Module, Path]":
    """The network that was asked for, and the file its weights come from."""
    from lenet import networks, weights

    path = arguments.weights or weights.shipped(arguments.network)
    return weights.load_weights(networks.NETWORKS[arguments.network](), path), path


def reproduce(arguments: argparse.Namespace) -> None:
    from lenet import experiments, results

    if arguments.name is None:
        for name in experiments.EXPERIMENTS:
            try:
                rows = results.load(name)["rows"]
                took = f"{sum(row.get('seconds', 0) for row in rows) / 60:.1f} min"
            except FileNotFoundError:
                took = "not run"
            print(f"{name:14} {took:>8}  {experiments.summary(name)}")
        return
    if arguments.name not in experiments.EXPERIMENTS:
        known = ", ".join(experiments.EXPERIMENTS)
        raise ValueError(f"no experiment is called {arguments.name}: choose from {known}")
    given = {name: getattr(arguments, name) for name in ("row", "jobs", "dask")}
    options = {name: value for name, value in given.items() if value is not None}
    if options and arguments.name not in experiments.ROW_BY_ROW:
        wanted = " and ".join(experiments.ROW_BY_ROW)
        raise ValueError(f"--{next(iter(options))} is for {wanted}, not for {arguments.name}")
    experiments.experiment(arguments.name).run(**options)
    print(f"results: {results.folder() / arguments.name}.json")


class Parser(argparse.ArgumentParser):
    """Keeps the lines of its examples, and says what is wrong in one line."""

    def __init__(self, **options: object) -> None:
        form = partial(
            argparse.RawDescriptionHelpFormatter, indent_increment=1, max_help_position=26, width=96
        )
        super().__init__(formatter_class=form, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isdecimal() and len(text) <= 18 and int(text) >= least):
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} to 10^18")
        return int(text)

    return number


def parser() -> Parser:
    top = Parser(
        prog="python -m lenet",
        description="LeNet-5 from the paper of 1998: the seed's network and the paper's own.",
        epilog="examples:\n"
        "  python -m lenet table --network lenet5 --channels-last\n"
        "  python -m lenet predict seven.png photo.jpg\n"
        "  python -m lenet COMMAND --help\n\n"
        "MNIST is fetched when it is first needed; LENET_DATA names a folder that has it already.\n"
        "Exit status: 0 all well, 2 a wrong command or file, 130 interrupted, 1 any other failure.",
    )
    commands = top.add_subparsers(metavar="COMMAND", required=True, title="commands")

    def command(function: Callable, text: str, example: str) -> Parser:
        name, about = function.__name__, f"{text[0].upper()}{text[1:]}."
        example = f"example:\n  python -m lenet {name} {example}"
        sub = commands.add_parser(name, help=text, description=about, epilog=example)
        sub.set_defaults(function=function)
        return sub

    def network(sub: Parser, weights: bool = True) -> None:
        text = "lenet5, the seed's (if not given), or lenet5-1998, the paper's"
        sub.add_argument("--network", choices=NETWORKS, default="lenet5", help=text)
        if weights:
            text = "a safetensors file (the weights that ship with lenet if not given)"
            sub.add_argument("--weights", type=Path, metavar="FILE", help=text)

    command(fetch, "download MNIST, unless it is there, and check every file", "")

    text = "print each layer's shape, parameters, connections, multiply-adds"
    sub = command(table, text, "--network lenet5 --channels-last")
    network(sub, weights=False)
    sub.add_argument("--channels-last", action="store_true", help="shapes as Keras writes them")

    example = (
        "--seed 1 --out mine.safetensors\n\n"
        "lenet5: each epoch is kept in FILE.checkpoint. When the training was stopped, the same\n"
        "command goes on from there, to the same weights.\n"
        "lenet5-1998: trained as in 1998, one digit at a time, in some minutes on one core."
    )
    sub = command(train, "train a network on MNIST and save its weights", example)
    network(sub, weights=False)
    add = sub.add_argument
    text = "of lenet5. short: a minute on two cores (if not given); long: five"
    add("--recipe", choices=RECIPES, help=text)
    add("--epochs", type=at_least(1), metavar="N", help="passes over the 60,000 training images")
    add("--seed", type=at_least(0), default=0, metavar="N", help="decides everything random (0)")
    add("--out", type=Path, metavar="FILE", help="for the weights (NETWORK-seedN.safetensors)")
    add("--overwrite", action="store_true", help="replace FILE if it is there")

    text = "count a network's errors on the 10,000 test images"
    network(command(evaluate, text, "--weights mine.safetensors"))

    example = (
        "seven.png photo.jpg\n\n"
        "The scores of lenet5 are logits: the largest wins. Those of lenet5-1998 are squared\n"
        "distances: the smallest wins. A picture that cannot be read does not stop the others."
    )
    sub = command(predict, "say which digit each picture shows, with the ten scores", example)
    network(sub)
    text = "a PNG or JPEG of one digit, dark on light or light on dark, any size"
    sub.add_argument("images", nargs="+", metavar="IMAGE", help=text)

    example = "fig9 --row linear --row pairwise\n\nWhat is in results/ already is not run again."
    sub = command(reproduce, "run an experiment of the book again, or list them all", example)
    add = sub.add_argument
    add("name", nargs="?", metavar="NAME", help="which; without it, the list")
    add("--row", action="append", metavar="ROW", help="of fig9: this classifier; may be repeated")
    text = "of fig9: so many classifiers side by side (one for each core)"
    add("--jobs", type=at_least(1), metavar="N", help=text)
    text = "of fig9: on the workers of the Dask cluster whose scheduler is there"
    add("--dask", metavar="ADDRESS", help=text)
    return top


def complain(problem: object) -> None:
    if isinstance(problem, OSError) and problem.strerror:
        problem = f"{problem.filename or 'error'}: {problem.strerror}"
    print(f"python -m lenet: {problem}", file=sys.stderr)


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status. Errors are one line on stderr."""
    arguments = parser().parse_args(argv)
    try:
        status = arguments.function(arguments) or 0
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        complain("interrupted")
        return 130
    except BrokenPipeError:  # the reader, head say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (OSError, RuntimeError, ValueError) as problem:
        complain(problem)
        wrong_input = (ValueError, FileNotFoundError, FileExistsError, IsADirectoryError)
        return 2 if isinstance(problem, wrong_input) else 1
