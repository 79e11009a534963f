"""The command line, ``python -m lenet``: the only place that reads arguments.

Each command imports what it needs when it runs, so that ``--help`` answers at once.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

NETWORKS = ("lenet5", "lenet5-1998")  # the keys of lenet.networks.NETWORKS, without its import


def fetch(arguments: argparse.Namespace) -> None:
    from lenet import data

    print(f"MNIST is in {data.fetch()}")


def table(arguments: argparse.Namespace) -> None:
    from lenet import ledger, networks

    network = networks.NETWORKS[arguments.network]()
    print(ledger.table(network, channels_last=arguments.channels_last))


def train(arguments: argparse.Namespace) -> None:
    out = arguments.out or Path(f"{arguments.network}-seed{arguments.seed}.safetensors")
    if out.exists() and not arguments.overwrite:
        raise FileExistsError(f"{out} is there already: give --overwrite, or another --out")
    TRAINERS[arguments.network](arguments, out)


def train_lenet5(arguments: argparse.Namespace, out: Path) -> None:
    from dataclasses import replace

    from lenet import data, training, weights
    from lenet.networks import LeNet5

    recipe = training.RECIPES[arguments.recipe]
    if arguments.epochs:
        recipe = replace(recipe, epochs=arguments.epochs)
    images, labels = data.mnist("train")
    test = data.mnist("test")
    network, checkpoint = LeNet5(), out.with_name(out.name + ".checkpoint")
    if checkpoint.exists():
        print(f"going on from {checkpoint}")
    try:
        history = training.train(
            network, images, labels, recipe, arguments.seed, evaluate=test, checkpoint=checkpoint
        )
    except KeyboardInterrupt:
        if checkpoint.exists():
            print(f"\nkept in {checkpoint}: the same command goes on from it", file=sys.stderr)
        raise
    weights.save_weights(network, out)
    checkpoint.unlink(missing_ok=True)
    print("epoch     loss   training %   test %   seconds")
    columns = (history.loss, history.training_accuracy, history.accuracy, history.seconds)
    for epoch, row in enumerate(zip(*columns, strict=True), start=1):
        print("{:5d}  {:7.4f}  {:11.2f}  {:7.2f}  {:8.1f}".format(epoch, *row))
    print(f"weights: {out}")
    report(network, test)


TRAINERS = {"lenet5": train_lenet5}


def evaluate(arguments: argparse.Namespace) -> None:
    from lenet import data

    network, path = network_and_weights(arguments)
    print(f"{arguments.network}, weights: {path}")
    report(network, data.mnist("test"))


def report(network, test) -> None:
    """Print the errors of ``network`` on the test images and labels."""
    from lenet import evaluation

    count = len(test[0])
    errors = evaluation.errors(network, *test)
    accuracy = evaluation.accuracy(errors, count)
    print(f"errors {errors} of {count:,} (accuracy {accuracy:.2f} %)")


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


def network_and_weights(arguments: argparse.Namespace):
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
                took = f"{sum(row['seconds'] for row in rows) / 60:.0f} min"
            except FileNotFoundError:
                took = "not run"
            print(f"{name:14} {took:>8}  {experiments.summary(name)}")
        return
    if arguments.name not in experiments.EXPERIMENTS:
        raise ValueError(
            f"no experiment is called {arguments.name}: choose from "
            f"{', '.join(experiments.EXPERIMENTS)}"
        )
    experiments.experiment(arguments.name).run()
    print(f"results: {results.folder() / arguments.name}.json")


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def natural(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**63:
        raise ValueError
    return number


positive.__name__, natural.__name__ = "positive number", "natural number"


def parser() -> Parser:
    top = Parser(
        prog="python -m lenet",
        description="LeNet-5 from the paper of 1998: the seed's network and the paper's own.",
        epilog="examples:\n"
        "  python -m lenet table --network lenet5 --channels-last\n"
        "  python -m lenet train --seed 1 --out mine.safetensors\n"
        "  python -m lenet evaluate --weights mine.safetensors\n"
        "  python -m lenet predict seven.png photo.jpg\n"
        "  python -m lenet reproduce\n\n"
        "MNIST is fetched when it is first needed. LENET_DATA names a folder that has it already.\n"
        "Exit status: 0 all went well, 2 the command or a file given to it is wrong, 1 any other\n"
        "failure.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(function, text: str, networks=NETWORKS) -> Parser:
        sub = commands.add_parser(function.__name__, help=text, description=f"{text}.")
        sub.set_defaults(function=function)
        if networks:
            sub.add_argument(
                "--network",
                choices=networks,
                default="lenet5",
                help="lenet5: the seed's, 61,706 parameters (default); "
                "lenet5-1998: the paper's, 60,000",
            )
        return sub

    command(fetch, "download MNIST, unless it is there, and check every file", networks=None)

    sub = command(table, "print each layer's shape, parameters, connections and multiply-adds")
    sub.add_argument("--channels-last", action="store_true", help="shapes as Keras writes them")

    sub = command(train, "train a network and save its weights", networks=tuple(TRAINERS))
    sub.add_argument(
        "--recipe",
        choices=("short", "long"),
        default="short",
        help="short: under a minute on two cores (default); long: under five",
    )
    sub.add_argument(
        "--epochs", type=positive, help="passes over the 60,000 images, if not the recipe's"
    )
    sub.add_argument(
        "--seed", type=natural, default=0, help="decides everything random (default 0)"
    )
    sub.add_argument(
        "--out", type=Path, help="the file of weights (default NETWORK-seedN.safetensors)"
    )
    sub.add_argument("--overwrite", action="store_true", help="replace that file if it is there")

    weights_help = "a safetensors file (default: the weights that ship with lenet)"
    sub = command(evaluate, "count a network's errors on the 10,000 test images")
    sub.add_argument("--weights", type=Path, metavar="FILE", help=weights_help)

    sub = command(predict, "say which digit is on a picture of one, and the ten scores")
    sub.add_argument("images", nargs="+", metavar="IMAGE", help="PNG or JPEG, one digit, any size")
    sub.add_argument("--weights", type=Path, metavar="FILE", help=weights_help)

    sub = command(reproduce, "run an experiment of the book again, or list them all", networks=None)
    sub.add_argument("name", nargs="?", metavar="NAME", help="the experiment; without it, the list")
    return top


def complain(problem: object) -> None:
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
    except (ValueError, FileNotFoundError, FileExistsError) as problem:
        complain(problem)
        return 2
    except (OSError, RuntimeError) as problem:
        complain(problem)
        return 1
