"""The command line, ``python -m lenet``: the only place that reads arguments.

Each command imports what it needs when it runs, so that ``--help`` answers at once.
"""

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from torch import Tensor

    from lenet.networks import Chain
    from lenet.training import Epoch

# The keys of lenet.networks.NETWORKS and lenet.recipes.RECIPES, without the import of torch.
NETWORKS = ("lenet5", "lenet5-1998")
RECIPES = ("short", "long", "paper")


def _fetch(arguments: argparse.Namespace) -> None:
    from lenet import data

    print(f"MNIST is in {data.fetch()}")


def _table(arguments: argparse.Namespace) -> None:
    from lenet import ledger, networks

    network = networks.NETWORKS[arguments.network]()
    print(ledger.table(network, channels_last=arguments.channels_last))


def _train(arguments: argparse.Namespace) -> None:
    import lenet
    from lenet import data, files, recipes, training, weights
    from lenet.initial import initialise
    from lenet.networks import NETWORKS

    name, seed = arguments.network, arguments.seed
    out = arguments.out or Path(f"{name}-seed{seed}.safetensors")
    files.reserve(out, arguments.overwrite)
    network = initialise(NETWORKS[name](), seed)
    recipe = recipes.recipe_of(network)
    if arguments.recipe:
        recipe = recipes.RECIPES[arguments.recipe]
    if arguments.epochs:
        recipe = recipe.shorter(arguments.epochs)
    (images, labels), test = data.mnist("train"), data.mnist("test")
    checkpoint = out.with_name(f"{out.name}.checkpoint")
    if checkpoint.exists():
        print(f"going on from {checkpoint}")
    print("epoch     loss   training %   test %   seconds")
    say = partial(_say_epoch, counts=(len(labels), len(test[1])))
    train = partial(training.train, network, images, labels, recipe, seed=seed, test=test)
    try:
        train(checkpoint=checkpoint, after=say)
        about = {"recipe": recipe, "seed": seed, "licence": "MIT", "lenet": lenet.__version__}
        weights.save_weights(network, out, overwrite=arguments.overwrite, **about)
    except (KeyboardInterrupt, OSError) as problem:
        if checkpoint.exists():
            how = " with --overwrite" if isinstance(problem, FileExistsError) else ""
            complain(f"kept in {checkpoint}; the same command{how} goes on from it")
        raise
    checkpoint.unlink(missing_ok=True)
    print(f"weights: {out}")
    _report(network, test)


def _say_epoch(number: int, epoch: "Epoch", counts: tuple[int, int]) -> None:
    """One line: the loss, and the share of right answers on the fly and on the test images."""
    from lenet.evaluation import accuracy

    shares = accuracy(epoch.wrong, counts[0]), accuracy(epoch.errors or 0, counts[1])
    print(f"{number:5d}  {epoch.loss:7.4f}  ", end="")
    print(f"{shares[0]:11.2f}  {shares[1]:7.2f}  {epoch.seconds:8.1f}", flush=True)


def _evaluate(arguments: argparse.Namespace) -> None:
    from lenet import data

    network, path = _network_and_weights(arguments)
    print(f"{arguments.network}, weights: {path}")
    _report(network, data.mnist("test"))


def _report(network: "Chain", test: "tuple[Tensor, Tensor]") -> None:
    """Print the errors of ``network`` on the test images and labels."""
    from lenet import evaluation

    errors, count = evaluation.errors(network, *test), len(test[0])
    print(f"errors {errors} of {count:,} (accuracy {evaluation.accuracy(errors, count):.2f} %)")


def _predict(arguments: argparse.Namespace) -> int:
    import torch

    from lenet import data, evaluation, images

    network, _ = _network_and_weights(arguments)
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


def _network_and_weights(arguments: argparse.Namespace) -> "tuple[Chain, Path]":
    """The network that was asked for, and the file its weights come from.

    With --weights it is the one that the file names, and --network must agree.
    """
    from lenet import weights

    path = arguments.weights or weights.shipped(arguments.network or NETWORKS[0])
    network, name = weights.load_network(path), weights.read_weights(path)[1]["network"]
    if arguments.network not in (None, name):
        raise ValueError(f"{path}: weights of {name}, not of {arguments.network}")
    arguments.network = name
    return network, path


def _export(arguments: argparse.Namespace) -> None:
    from lenet import export, files, weights

    files.reserve(arguments.out, arguments.overwrite)
    network, path = _network_and_weights(arguments)
    about = weights.read_weights(path)[1]
    export.export_onnx(network, arguments.out, about=about, overwrite=arguments.overwrite)
    print(f"{arguments.network}, weights: {path}, as ONNX: {arguments.out}")


def _reproduce(arguments: argparse.Namespace) -> None:
    try:
        from lenet_paper.command import Selection, reproduce
    except ImportError as problem:
        message = f"reproduce needs {problem.name}, which comes with the extra lenet[paper]"
        raise RuntimeError(message) from problem
    which = arguments.row or (), arguments.seed, arguments.jobs, arguments.dask
    reproduce(arguments.name, Selection(*which), arguments.again)


class Version(argparse.Action):
    """Prints the version, which is looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        import lenet

        print(f"lenet {lenet.__version__}")
        parser.exit()


class Parser(argparse.ArgumentParser):
    """Keeps the lines of its examples, and says what is wrong in one line."""

    def __init__(self, **options: Any) -> None:
        form = partial(
            argparse.RawDescriptionHelpFormatter, indent_increment=1, max_help_position=26, width=96
        )
        super().__init__(formatter_class=form, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def at_least(least: int) -> Callable[[str], int]:
    """What reads a whole number from ``least`` on, for argparse."""

    def number(text: str) -> int:
        if not (text.isdecimal() and len(text) <= 18 and int(text) >= least):
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} to 10^18")
        return int(text)

    return number


def parser() -> Parser:
    """All commands and their arguments."""
    top = Parser(
        prog="python -m lenet",
        description="LeNet-5 from the paper of 1998: the summary's network and the paper's own.",
        epilog="examples:\n"
        "  python -m lenet table --network lenet5 --channels-last\n"
        "  python -m lenet predict seven.png photo.jpg\n"
        "  python -m lenet COMMAND --help\n\n"
        "MNIST is fetched when it is first needed; LENET_DATA names a folder that has it already.\n"
        "Exit status: 0 all well, 2 a wrong command or file, 130 interrupted, 1 any other failure.",
    )
    top.add_argument("--version", action=Version, nargs=0, help="say which lenet this is")
    commands = top.add_subparsers(metavar="COMMAND", required=True, title="commands")

    def command(function: Callable, text: str, example: str) -> Callable[..., object]:
        name, about = function.__name__[1:], f"{text[0].upper()}{text[1:]}."
        example = f"example:\n  python -m lenet {name} {example}"
        sub = commands.add_parser(name, help=text, description=about, epilog=example)
        sub.set_defaults(function=function)
        return sub.add_argument

    def network(add: Callable[..., object], weights: bool = True) -> None:
        text = "lenet5, the summary's (if not given), or lenet5-1998, the paper's"
        add("--network", choices=NETWORKS, default=None if weights else NETWORKS[0], help=text)
        if weights:
            text = "a safetensors file, which names its network (the shipped ones if not given)"
            add("--weights", type=Path, metavar="FILE", help=text)

    command(_fetch, "download MNIST, unless it is there, and check every file", "")

    text = "print each layer's shape, parameters, connections, multiply-adds"
    add = command(_table, text, "--network lenet5 --channels-last")
    network(add, weights=False)
    add("--channels-last", action="store_true", help="shapes as Keras writes them")

    example = (
        "--seed 1 --out mine.safetensors\n\n"
        "Each epoch is kept in FILE.checkpoint. When the training was stopped, the same command\n"
        "goes on from there, to the same weights."
    )
    add = command(_train, "train a network on MNIST and save its weights", example)
    network(add, weights=False)
    text = "short, of lenet5: a minute on two cores; long: five; paper: as in 1998, of lenet5-1998"
    add("--recipe", choices=RECIPES, help=text)
    add("--epochs", type=at_least(1), metavar="N", help="passes over the 60,000 training images")
    add("--seed", type=at_least(0), default=0, metavar="N", help="decides everything random (0)")
    add("--out", type=Path, metavar="FILE", help="for the weights (NETWORK-seedN.safetensors)")
    add("--overwrite", action="store_true", help="replace FILE if it is there")

    text = "count a network's errors on the 10,000 test images"
    network(command(_evaluate, text, "--weights mine.safetensors"))

    example = (
        "seven.png photo.jpg\n\n"
        "The scores of lenet5 are logits: the largest wins. Those of lenet5-1998 are squared\n"
        "distances: the smallest wins. A picture that cannot be read does not stop the others."
    )
    add = command(_predict, "say which digit each picture shows, with the ten scores", example)
    network(add)
    text = "a PNG or JPEG of one digit, dark on light or light on dark, any size"
    add("images", nargs="+", metavar="IMAGE", help=text)

    add = command(_export, "write a network for programs without PyTorch", "--out lenet5.onnx")
    network(add)
    add("--format", choices=["onnx"], default="onnx", help="the only one so far")
    add("--out", type=Path, metavar="FILE", required=True, help="to write")
    add("--overwrite", action="store_true", help="replace FILE if it is there")

    example = (
        "fig5 --again --seed 0\n\nWhat is in results/ already is not run, unless with --again."
    )
    add = command(_reproduce, "run an experiment of the book, or list them all", example)
    add("name", nargs="?", metavar="NAME", help="which; without it, the list")
    text = "run rows anew, into a folder of their own, and compare them with those in results/"
    add("--again", action="store_true", help=text)
    add("--row", action="append", metavar="ROW", help="this row only; may be repeated")
    add("--seed", type=at_least(0), metavar="N", help="the rows of this random seed only")
    add("--jobs", type=at_least(1), metavar="N", help="rows side by side (one for each core)")
    text = "on the workers of the Dask cluster whose scheduler is there"
    add("--dask", metavar="ADDRESS", help=text)
    return top


def complain(problem: object) -> None:
    """One line on stderr."""
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
