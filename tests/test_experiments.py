"""Every experiment once, on 200 digits and for a pass or two: its rows have what is published.

They run in the order of the list, in one folder, for some need what others kept there.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hashed import hashes

from lenet import data, results
from lenet.sdlm import SDLM
from lenet_paper import configuration
from lenet_paper.bars import BARS
from lenet_paper.classifiers import trained
from lenet_paper.experiments import EXPERIMENTS, experiment_named, fig9_choice, speed_1998
from lenet_paper.record import find
from lenet_paper.runner import Selection, run_missing

ROOT = Path(__file__).parents[1]
OURS = [ROOT / name for name in ("lenet", "lenet_paper", "results")]
DIGITS = 200
PUBLISHED = {name: results.load(name) for name in EXPERIMENTS}
ONE_PASS = SDLM(etas=(0.0002,), curvature_samples=20)
SMALLER = {  # settings of bars that 200 digits are too few for
    "pca-quadratic": {"components": 5},
    "rbf": {"units": 20},
    "tangent": {"candidates": 5},
    "rs-svm": {"vectors_a_class": 2},
    "lenet4-local": {"k": 10},
    "dist-boosted-lenet4": {"size": 20},
}
FEW = {  # rows of experiments that have many; seed 0 of the others
    "fig9": [Selection(rows=["lenet4"], seed=0), Selection(seed=0)],
    "fig9-choice": [Selection(rows=["linear", "svm", "300", "lenet4-knn"])],
    "speed-1998": [Selection()],
    "summary-recipes": [Selection()],
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> Iterator[tuple[Path, dict]]:
    """The folder of the results of all experiments on a few digits; what else was there before."""
    folder, before = tmp_path_factory.mktemp("experiments") / "results", hashes(*OURS)
    with pytest.MonkeyPatch.context() as patch:
        _, files = data.obtain()
        parse = data.parse_idx
        patch.setattr(data, "obtain", lambda: (folder, files))
        patch.setattr(data, "parse_idx", lambda *given: parse(*given)[:DIGITS])
        patch.setattr(data.hold_out, "__defaults__", (20, 0))
        patch.setattr(results, "folder", lambda: folder)
        patch.setattr(configuration, "PAPER", ONE_PASS)
        patch.setattr(trained, "SDLM", partial(replace, ONE_PASS))
        patch.setattr(speed_1998, "PATTERNS", {"plain": 20, "compiled": 200})
        for name, settings in SMALLER.items():
            patch.setitem(BARS, name, replace(BARS[name], settings=BARS[name].settings | settings))
        for name in EXPERIMENTS:
            for selection in FEW.get(name, [Selection(seed=0)]):
                run_missing(experiment_named(name), replace(selection, jobs=1))
        yield folder, before
    fig9_choice.trained_once.cache_clear()


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_row_has_what_the_published_row_has(name, ran):
    rows = results.load(name)["rows"]
    assert rows
    for row in rows:
        (key,) = [job.key for job in experiment_named(name).jobs(rows) if find([row], job.key)]
        there = find(PUBLISHED[name]["rows"], key)
        assert there.keys() - {"load_average", "commit", "versions", "machine"} <= row.keys()
    assert PUBLISHED[name].keys() == results.load(name).keys()


@pytest.mark.parametrize("name", ["summary", "fig5", "fig6", "fig10", "fig13", "fig9", "today"])
def test_every_row_of_a_seed_is_made(name, ran):
    of_the_seed = [row for row in PUBLISHED[name]["rows"] if row["seed"] == 0]
    assert len(results.load(name)["rows"]) == len(of_the_seed)


@pytest.mark.parametrize("kind", ["predictions", "weights"])
def test_the_files_that_are_kept_are_those_that_are_published(kind, ran):
    folder, _ = ran
    published = {path.name for path in (ROOT / "results" / kind).glob("*-seed0.*")}
    assert {path.name for path in (folder / kind).iterdir()} == published


def test_rows_of_other_experiments_are_taken_as_they_are(ran):
    fig5, fig6, today = (results.load(name)["rows"] for name in ("fig5", "fig6", "today"))
    wrong = fig5[0]["errors_after_pass"]
    assert find(fig6, {"set": "60,000"})["errors_after_pass"] == wrong
    assert find(today, {"change": "1998"})["errors"] == wrong[-1]
    assert results.load("fig10")["rows"][0]["errors"] == wrong[-1]
    assert find(results.load("fig9")["rows"], {"row": "lenet5"})["errors"] == wrong[-1]


def test_nothing_is_written_into_the_package_or_the_published_results(ran):
    _, before = ran
    assert len(before) > 100
    assert hashes(*OURS) == before
