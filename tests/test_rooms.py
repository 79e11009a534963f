"""The rooms of the house: what may import what, what is called what, and where numbers stand."""

import ast
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import nbformat
import pytest
import torch
from safetensors.torch import load_file
from test_training import digits

from lenet.initial import initialise
from lenet.networks import LeNet5_1998
from lenet.paper import FACTS, FIRST_WEIGHTS, SCHEDULE, TOTALS
from lenet.recipes import RECIPES
from lenet.training import train

ROOT = Path(__file__).parents[1]
CORE = sorted((ROOT / "lenet").rglob("*.py"))
PAPER = sorted((ROOT / "lenet_paper").rglob("*.py"))
BENCHMARKS = sorted((ROOT / "benchmarks").rglob("*.py"))
CHAPTERS = sorted((ROOT / "notebooks").glob("[01][0-9]_*.ipynb"))[:10]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
HEAVY = {"lenet_paper", "sklearn", "joblib", "threadpoolctl", "distributed", "numba"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), named(path))


# ---------------------------------------------------------------- what may import what


def imports(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    """(module, name) of each import, wherever it stands; the name is None for a whole module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from ((node.module, alias.name) for alias in node.names)


def packages(tree: ast.AST) -> set[str]:
    return {module.partition(".")[0] for module, _ in imports(tree)}


def plain_dependencies() -> set[str]:
    """What is there wherever lenet is: its own dependencies, by the names they are imported by."""
    called = {"pillow": "PIL"}
    names = [line.partition(">")[0] for line in PROJECT["dependencies"]]
    return {called.get(name, name) for name in names}


def test_lenet_imports_its_dependencies_and_nothing_else():
    """But numba and ONNX in their one file each, and lenet_paper for the command ``reproduce``."""
    allowed = {"lenet", "matplotlib_inline"} | plain_dependencies() | sys.stdlib_module_names
    other = {named(path): packages(tree_of(path)) - allowed for path in CORE}
    assert {path: found for path, found in other.items() if found} == {
        "lenet/cli.py": {"lenet_paper"},
        "lenet/compiled.py": {"numba"},
        "lenet/export.py": {"onnx", "onnxscript"},
    }


def test_only_reproduce_imports_lenet_paper():
    (cli,) = (path for path in CORE if path.name == "cli.py")
    inside = [
        node.name
        for node in ast.walk(tree_of(cli))
        if isinstance(node, ast.FunctionDef) and "lenet_paper" in packages(node)
    ]
    assert inside == ["_reproduce"]


def test_what_lenet_paper_needs_is_its_extra():
    extra = {line.partition(">")[0] for line in PROJECT["optional-dependencies"]["paper"]}
    names = {"sklearn": "scikit-learn"}
    allowed = {"lenet", "lenet_paper"} | plain_dependencies() | sys.stdlib_module_names
    found = set().union(*(packages(tree_of(path)) for path in PAPER)) - allowed
    optional = {"distributed", "sklearnex"}  # for --dask, and where Intel's is installed
    numba = {"numba"}  # for lenet.compiled
    assert {names.get(name, name) for name in found - optional} | numba == extra


# A process in which none of them can be imported.
WITHOUT = """
import sys
for name in {heavy!r}:
    sys.modules[name] = None
import torch
torch.set_num_threads({threads})
sys.path.insert(0, {tests!r})
from importlib import import_module
for name in {modules!r}:
    import_module(name)
from test_training import digits
from lenet.initial import initialise
from lenet.losses import MaximumAPosteriori
from lenet.networks import LeNet5_1998
from lenet.recipes import RECIPES
from lenet.training import train
from lenet.weights import save_weights
network, recipe = initialise(LeNet5_1998(), 0), RECIPES["paper"].shorter(1)
(epoch,) = train(network, *digits(20), recipe, loss=MaximumAPosteriori(1.0))
save_weights(network, {out!r})
print(epoch.loss, epoch.wrong)
"""


def test_lenet_works_without_numba_and_what_else_lenet_paper_needs(tmp_path):
    """Every module is imported, and one pass of the paper's network gives the same numbers."""
    from lenet.losses import MaximumAPosteriori

    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in CORE]
    left_out = {"lenet.compiled", "lenet.__main__"}  # numba's own; the command line itself
    out = str(tmp_path / "plain.safetensors")
    script = WITHOUT.format(
        heavy=sorted(HEAVY),
        threads=torch.get_num_threads(),
        tests=str(ROOT / "tests"),
        modules=[name.removesuffix(".__init__") for name in modules if name not in left_out],
        out=out,
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    network, recipe = initialise(LeNet5_1998(), 0), RECIPES["paper"].shorter(1)
    before = {name: one.clone() for name, one in network.state_dict().items()}
    (epoch,) = train(network, *digits(20), recipe, loss=MaximumAPosteriori(1.0))
    loss, wrong = run.stdout.split()
    assert float(loss) == pytest.approx(epoch.loss, rel=1e-5)
    assert int(wrong) == epoch.wrong
    plain = load_file(out)
    for name, parameter in network.named_parameters():
        assert not torch.equal(plain[name], before[name]), name
        torch.testing.assert_close(plain[name], parameter.detach(), rtol=0, atol=1e-5)


def cells_of(chapter: Path) -> ast.Module:
    """The code cells of a notebook as one program."""
    cells = nbformat.read(chapter, as_version=4).cells
    return ast.parse("\n".join(cell.source for cell in cells if cell.cell_type == "code"))


def test_there_are_ten_chapters_on_the_two_networks():
    assert [path.name[:2] for path in CHAPTERS] == [f"{number:02d}" for number in range(1, 11)]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_what_a_chapter_up_to_the_tenth_imports_is_in_lenet_and_is_there(chapter):
    tree = cells_of(chapter)
    allowed = {"lenet"} | plain_dependencies() | sys.stdlib_module_names
    assert packages(tree) <= allowed
    missing = [
        f"{module}.{name}"
        for module, name in imports(tree)
        if module.partition(".")[0] == "lenet" and not is_there(module, name)
    ]
    assert missing == []


def is_there(module: str, name: str | None) -> bool:
    try:
        found = import_module(module)
        return name is None or hasattr(found, name) or bool(import_module(f"{module}.{name}"))
    except ModuleNotFoundError:
        return False


# ---------------------------------------------------------------- what is called what

# Names that several files share, as they mean the same in each. Methods have their class for a
# surname, and a form of a `singledispatch` function is called _.
SHARED = {
    "main": "what a script does when it is run",
    "start": "what makes a file of benchmarks a peer",
    "run_pass": "one contract: the plain pass, and the compiled ones",
    "squash": "the paper's function, in each framework",
}


def of_experiment(tree: ast.Module) -> set[str]:
    """The functions that EXPERIMENT names as its jobs and its work: as good as its methods."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {
        keyword.value.id
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "Experiment"
        for keyword in call.keywords
        if keyword.arg in ("jobs", "work") and isinstance(keyword.value, ast.Name)
    }


def public(tree: ast.Module) -> Iterator[str]:
    """The functions, classes and names of types that a file defines and does not keep private."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = node.name
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            is_type_variable = ast.unparse(node.value).startswith("TypeVar(")
            if name.isupper() or name.islower() or is_type_variable:
                continue
        else:
            continue
        if not name.startswith("_") and name not in of_experiment(tree):
            yield name


def module_name(path: Path) -> str:
    return path.parent.name if path.stem == "__init__" else path.stem


def test_no_two_modules_share_a_name():
    modules = defaultdict(list)
    for path in [*CORE, *PAPER, *BENCHMARKS]:
        modules[module_name(path)].append(named(path))
    assert {name: paths for name, paths in modules.items() if len(paths) > 1} == {}


def test_no_two_public_names_are_the_same_for_different_things():
    found = defaultdict(list)
    for path in [*CORE, *PAPER, *BENCHMARKS]:
        for name in public(tree_of(path)):
            found[name].append(named(path))
    shared = {name: paths for name, paths in found.items() if len(paths) > 1}
    assert {name: paths for name, paths in shared.items() if name not in SHARED} == {}
    assert set(SHARED) <= set(shared)


def test_no_public_name_is_that_of_another_module():
    """A module may be called after the one thing in it."""
    modules = {module_name(path): path for path in [*CORE, *PAPER, *BENCHMARKS]}
    clashes = [
        f"{named(path)}: {name} is {named(modules[name])}"
        for path in [*CORE, *PAPER, *BENCHMARKS]
        for name in public(tree_of(path))
        if modules.get(name, path) != path
    ]
    assert clashes == []


# ---------------------------------------------------------------- where numbers stand


def numbers(value: object) -> Iterator[float]:
    """All numbers in a piece of paper.json."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from numbers(part)
    elif isinstance(value, int | float):
        yield value


def significant(number: float) -> int:
    """How many digits it takes to write a number: 3 for 1.33 and for 156,000."""
    mantissa = f"{number:.12e}".partition("e")[0]
    return len(mantissa.replace(".", "").strip("-0"))


def distinctive() -> set[float]:
    """The paper's numbers that are nothing else: what takes three digits, and rates and ranges.

    Left out are the test images' indices and the maps of Fig. 7, and 1e-5, many a tolerance.
    """
    parts = {
        key: value for key, value in FACTS.items() if key not in ("fig7_affine", "fig8_errors")
    }
    long = {number for number in numbers(parts) if significant(number) >= 3}
    rates = {*SCHEDULE["global_rate"], SCHEDULE["mu"]} - {1e-5}
    return long | rates | {FIRST_WEIGHTS["numerator"]}


def typed(tree: ast.Module) -> Iterator[float]:
    """The numbers that a program has; of divisions also what they come to, as 2 / 3."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield node.value
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            parts = [
                part.value for part in (node.left, node.right) if isinstance(part, ast.Constant)
            ]
            if len(parts) == 2:
                yield parts[0] / parts[1]


def test_what_is_distinctive_is_much_and_has_the_famous_ones():
    famous = {1.7159, 2.4, 1.175, 0.02, 0.0005, 340_908, 122_304, 61_706, 97.74}
    assert famous <= distinctive()
    assert len(distinctive()) > 30
    assert [significant(number) for number in (0.02, 1.33, 156_000, 340_908)] == [1, 3, 3, 6]


def test_a_number_of_the_paper_is_typed_in_paper_json_only():
    """60,000 is also how many digits there are, outside `lenet`."""
    own = distinctive() | {2 / 3}
    found = {named(path): set(typed(tree_of(path))) & own for path in [*CORE, *PAPER]}
    for path in CORE:
        found[named(path)] |= set(typed(tree_of(path))) & {TOTALS["trainable"]}
    assert {path: twice for path, twice in found.items() if twice} == {}
