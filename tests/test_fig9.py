"""Fig. 9 as a whole: its rows, what results/ says of them, and how they are run and spread."""

import os
import signal
import threading
import time

import numpy as np
import pytest
import torch

from lenet import cli, predictions, results
from lenet.data import load_mnist
from lenet.paper import FIG9
from lenet.rejection import rejected_for
from lenet.weights import load_weights, shipped
from lenet_paper.bars import ROWS, Row
from lenet_paper.classifiers import Classified
from lenet_paper.classifiers.rivals import CONVOLUTIONAL
from lenet_paper.classifiers.trained import MARGINS, padded, pixels
from lenet_paper.experiments import fig9, fig9_choice, fig9_rows

RECORDED = results.load("fig9")["rows"]
CHOICE = results.load("fig9-choice")["rows"]


# ---------------------------------------------------------------- the rows, and what is in results/


def test_the_rows_are_those_of_the_figure_in_its_order():
    assert [row.label for row in ROWS.values()] == list(FIG9)
    assert len(ROWS) == 27


@pytest.mark.parametrize("row", RECORDED, ids=lambda row: f"{row['row']}-{row['seed']}")
def test_a_row_states_what_its_predictions_make(row):
    _, labels = load_mnist("test")
    said = predictions.load(fig9.file_name(row["row"]), row["seed"])
    wrong = said.wrong(labels)
    assert len(wrong) == 10_000
    assert wrong.sum() == row["errors"]
    assert rejected_for(fig9.ERROR, said.margins, wrong) == row["rejected"]
    assert (said.margins >= 0).all()
    assert row["settings"] == ROWS[row["row"]].settings


@pytest.mark.parametrize("name", fig9.SHIPPED)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_shipped_weights_say_what_is_recorded(name, seed):
    network = load_weights(CONVOLUTIONAL[name](), shipped(name, seed))
    images = padded(ROWS[name].form("test")[0], MARGINS[name])
    said = predictions.predict(network, pixels(images))
    there = predictions.load(fig9.file_name(name), seed)
    differ = said.answers != there.answers  # nothing but rounding may decide otherwise
    assert there.margins.max() > 1 > 0.01 > there.margins[differ].max(initial=0)
    assert np.abs(said.scores - there.scores).max() < 0.02


def test_every_row_stands_there_once_with_each_of_its_seeds():
    found = [(row["row"], row["seed"]) for row in RECORDED]
    wanted = [(name, seed) for name, row in ROWS.items() for seed in row.seeds or (0,)]
    assert sorted(found) == sorted(wanted)


@pytest.mark.parametrize("name", fig9_choice.CANDIDATES)
def test_the_settings_are_those_that_held_out_images_chose(name):
    tried = [row["candidate"] for row in CHOICE if row["row"] == name]
    candidates = fig9_choice.CANDIDATES[name]
    assert len(tried) == len(candidates)
    assert all(candidate in tried for candidate in candidates)
    assert fig9_choice.best(name).items() <= ROWS[name].settings.items()


def test_rows_that_share_a_choice_have_the_same_settings():
    for name, chooser in fig9_choice.SHARED.items():
        key = "initial"
        assert ROWS[name].settings[key] == ROWS[chooser].settings[key], name


# ---------------------------------------------------------------- running them


def first_pixel(digits, images, *, scale: int) -> Classified:
    """The answer is a pixel in the middle, more or less."""
    penalties = (np.arange(10) - images[:, 14, 14].numpy()[:, None] * 9) ** 2
    return Classified(penalties * scale, 784, 0)


def never(*_, **__) -> Classified:
    raise AssertionError("a row that has a result is not run again")


@pytest.fixture
def two_rows(monkeypatch, tmp_path):
    """Two rows of nothing in a folder of their own, on this thread."""
    rows = {name: Row("Linear", first_pixel, {"scale": 1}) for name in ("one", "two")}
    rows["two"] = Row("Pairwise", first_pixel, {"scale": 2}, minutes=90)
    for module in (fig9, fig9_rows):
        monkeypatch.setattr(module, "ROWS", rows)
    monkeypatch.setattr(results, "folder", lambda: tmp_path)
    monkeypatch.setattr(fig9, "spread", lambda work, jobs, *_: (work(*job) for job in jobs))
    return rows


def test_rows_are_run_one_by_one_and_not_twice(two_rows, capsys):
    fig9.run(row=["one"])
    (row,) = results.load("fig9")["rows"]
    said = predictions.load("fig9-one", 0)
    assert row["errors"] == said.wrong(load_mnist("test")[1]).sum() > 5000
    assert "about" not in capsys.readouterr().out

    two_rows["one"] = Row("Linear", never)
    fig9.run()
    assert [row["row"] for row in results.load("fig9")["rows"]] == ["one", "two"]
    first_line = capsys.readouterr().out.splitlines()[0]
    assert first_line == "two: about 90 minutes on two cores"


@pytest.mark.parametrize("name", ["fig9", "fig9-choice"])
def test_a_wrong_row_is_one_clear_line(name, capsys):
    assert cli.main(["reproduce", name, "--row", "leenet4"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("python -m lenet: Fig. 9 has no row leenet4: choose from linear, desl")
    assert err.count("\n") == 1


def test_rows_are_for_these_experiments_only(capsys):
    assert cli.main(["reproduce", "fig5", "--row", "linear"]) == 2
    assert "--row is for fig9-choice and fig9, not for fig5" in capsys.readouterr().err


def test_a_row_that_needs_another_names_its_weights(two_rows, capsys, monkeypatch, tmp_path):
    two_rows["one"] = Row("LeNet-4 / K-NN", never, of="lenet4")
    monkeypatch.setattr(fig9, "shipped", lambda *_: tmp_path / shipped("lenet4").name)
    assert cli.main(["reproduce", "fig9", "--row", "one"]) == 2
    assert "lenet4-seed0.safetensors: no such file of weights" in capsys.readouterr().err


def test_lenet5_comes_from_its_own_experiments(two_rows, capsys):
    two_rows["one"] = Row("LeNet-5", kept="fig5")
    assert cli.main(["reproduce", "fig9", "--row", "one"]) == 2
    assert "run fig5 and fig10, or fig6, first" in capsys.readouterr().err

    wrong = torch.ones(10_000, 10).cumsum(1)
    predictions.save(predictions.of_scores(wrong), "fig5", 0)
    fig9.run(row=["one"])
    (row,) = results.load("fig9")["rows"]
    assert (row["errors"], row["stored"]) == (10_000 - 980, 60_000)  # 980 zeros


# ---------------------------------------------------------------- on a cluster


def test_a_cluster_that_loses_a_worker_gives_the_same(monkeypatch, tmp_path):
    """Two cheap rows on two worker processes, one of which is killed while it works."""
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(results, "folder", lambda: tmp_path / "here")
    fig9.run(row=["linear", "pairwise"], jobs=1)
    before = {row["row"]: row for row in results.load("fig9")["rows"]}

    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        pids, killed = client.run(os.getpid), []

        def kill_one_that_works() -> None:
            while not killed:
                for worker in [worker for worker, tasks in client.processing().items() if tasks]:
                    time.sleep(1)  # into its work, which takes seconds
                    os.kill(pids[worker], signal.SIGKILL)
                    killed.append(worker)
                    break
                time.sleep(0.1)

        killer = threading.Thread(target=kill_one_that_works, daemon=True)
        killer.start()
        monkeypatch.setattr(results, "folder", lambda: tmp_path / "cluster")
        fig9.run(row=["linear", "pairwise"], dask=cluster.scheduler_address)
        killer.join(timeout=10)
        assert len(killed) == 1

    after = {row["row"]: row for row in results.load("fig9")["rows"]}
    assert after.keys() == before.keys() == {"linear", "pairwise"}
    for name in before:
        for key in ("errors", "rejected", "multiply_adds", "stored"):
            assert after[name][key] == before[name][key], (name, key)
        files = [
            tmp_path / p / "predictions" / f"fig9-{name}-seed0.npz" for p in ("here", "cluster")
        ]
        assert files[0].read_bytes() == files[1].read_bytes()
