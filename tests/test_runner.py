"""The runner: what it runs and says, what is kept, and what an interrupted or second run finds."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hashed import hashes

from lenet import cli, results
from lenet.networks import LeNet5
from lenet.predictions import Predictions, kept_predictions
from lenet_paper import record, runner
from lenet_paper.experiment import Experiment, Job, Outcome
from lenet_paper.experiments import EXPERIMENTS, fig5_choice, fig6_choice
from lenet_paper.kept import kept_network
from lenet_paper.runner import Selection, run_again, run_missing
from lenet_paper.spread import spread

ROOT = Path(__file__).parents[1]
HERE = Selection(jobs=1)


# ---------------------------------------------------------------- an experiment of nothing


def squared(seed: int) -> Outcome:
    """A row of numbers, with files beside it."""
    answers = np.full(10, seed, dtype=np.uint8)
    said = Predictions(answers, np.zeros((10, 2), dtype=np.float16))
    row = {"square": seed**2, "curve": [9, seed], "seconds": 90.0}
    return Outcome(row, said, LeNet5() if seed == 0 else None, "try-kept")


def of_a_process(seed: int) -> Outcome:
    return Outcome({"process": os.getpid()})


def killed_once(folder: str, seed: int) -> Outcome:
    """Ends the process that does it, the first time that it comes to seed 2."""
    if seed == 2 and not Path(folder, "killed").exists():
        Path(folder, "killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return squared(seed)


EXPERIMENT = Experiment(
    name="try",
    about="what five squares are",
    settings={"numbers": (0, 1, 2, 3, 4)},
    jobs=lambda rows: [Job({"of": "odd" if n % 2 else "even", "seed": n}, (n,)) for n in range(5)],
    work=squared,
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder for results, and another to be in."""
    monkeypatch.setattr(results, "folder", lambda: tmp_path / "results")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setitem(EXPERIMENTS, "try", "test_runner")
    return tmp_path / "results"


def reproduce(*arguments: str) -> int:
    return cli.main(["reproduce", *arguments])


# ---------------------------------------------------------------- the rows that are missing


def test_what_is_missing_is_run_and_said(folder, capsys):
    run_missing(EXPERIMENT, Selection(rows=["odd"], jobs=1))
    assert capsys.readouterr().out.startswith("2 of 2 rows to do; into ")
    run_missing(EXPERIMENT, HERE)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"3 of 5 rows to do; into {folder}"
    assert lines[1] == "of even, seed 0: square 0; curve 0; seconds 90.0"
    assert lines[-1] == f"3 rows run; results: {folder / 'try.json'}"
    assert [row["seed"] for row in results.load("try")["rows"]] == [1, 3, 0, 2, 4]
    assert kept_predictions("try-kept", 3).answers.tolist() == [3] * 10
    assert kept_network(LeNet5(), "try-kept", 0)
    assert len(list((folder / "weights").iterdir())) == 1


def test_a_row_is_in_the_file_before_the_next_is_made(folder):
    def there(seed: int) -> Outcome:
        return Outcome({"there": len(results.load("try")["rows"]) if seed else 0})

    run_missing(replace(EXPERIMENT, work=there), HERE)
    assert [row["there"] for row in results.load("try")["rows"]] == [0, 1, 2, 3, 4]


def test_a_row_says_by_which_code_it_was_made_where_that_is_another(folder, monkeypatch):
    run_missing(EXPERIMENT, Selection(seed=0, jobs=1))
    monkeypatch.setattr(record, "commit", lambda: "a later one")
    run_missing(EXPERIMENT, Selection(seed=1, jobs=1))
    first, second = results.load("try")["rows"]
    assert "commit" not in first and "machine" not in first
    assert second["commit"] == "a later one"


def test_rows_are_made_side_by_side_and_say_where(folder, monkeypatch):
    """In other processes, on one thread each: what this one would say of itself is not written."""
    monkeypatch.setattr(record, "machine", lambda: {"cpu": "of this process"})
    run_missing(replace(EXPERIMENT, work=of_a_process), Selection(jobs=2))
    content = results.load("try")
    assert content["machine"]["threads"] == 1
    assert content["machine"]["cpu"] != "of this process"
    assert not any("machine" in row for row in content["rows"])
    assert sorted(row["seed"] for row in content["rows"]) == [0, 1, 2, 3, 4]
    assert os.getpid() not in {row["process"] for row in content["rows"]}


def test_each_job_comes_back_with_what_it_gave():
    assert dict(spread(pow, [(2, 3), (3, 2), (5, 1)])) == {0: 8, 1: 9, 2: 5}
    assert list(spread(pow, [(2, 3), (3, 2)], count=1)) == [(0, 8), (1, 9)]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_published_experiment_is_complete_and_says_how_to_run_it_again(name, capsys):
    before = hashes(ROOT / "results")
    assert reproduce(name) == 0
    out = capsys.readouterr().out
    assert f"nothing to run: the rows are there; python -m lenet reproduce {name} --again" in out
    assert out.endswith(f"0 rows run; results: {ROOT / 'results' / name}.json\n")
    assert hashes(ROOT / "results") == before


def test_other_settings_than_those_of_the_file_are_refused(folder, capsys):
    run_missing(replace(EXPERIMENT, settings={"numbers": [7]}), Selection(seed=0, jobs=1))
    for more in ([], ["--again"]):
        assert reproduce("try", "--jobs", "1", *more) == 2
        assert "other settings (numbers): move it away" in capsys.readouterr().err


def test_what_measures_time_runs_alone(folder, monkeypatch):
    def counted(work, jobs, count, dask):
        raise ArithmeticError(f"{count} at a time")

    alone = replace(EXPERIMENT, alone=True)
    for selection in (Selection(jobs=2), Selection(dask="tcp://127.0.0.1:1")):
        with pytest.raises(ValueError, match="try measures time: it runs here, one row at a time"):
            run_missing(alone, selection)
    monkeypatch.setattr(runner, "spread", counted)
    with pytest.raises(ArithmeticError, match="1 at a time"):
        run_missing(alone, Selection())


def test_a_folder_that_cannot_be_written_is_found_out_before_the_work(folder):
    def never(seed: int) -> Outcome:
        raise AssertionError("it worked for nothing")

    folder.write_text("a file, not a folder")
    with pytest.raises(OSError, match="File exists"):
        run_missing(replace(EXPERIMENT, work=never), HERE)


# ---------------------------------------------------------------- again


@pytest.fixture
def published(folder):
    """Rows as if published, of which that of seed 3 says something else than a run would."""
    run_missing(EXPERIMENT, HERE)
    path = folder / "try.json"
    content = json.loads(path.read_text())
    content["rows"][3]["square"] = 8
    path.write_text(record.layout(content) + "\n")
    return folder


def test_again_runs_a_row_beside_the_published_one_and_touches_nothing(published, capsys):
    before = hashes(published)
    capsys.readouterr()
    assert reproduce("try", "--again", "--row", "odd", "--seed", "3", "--jobs", "1") == 0
    lines = capsys.readouterr().out.splitlines()
    (own,) = Path.cwd().glob("again-try-*")
    assert lines == [
        f"1 of 1 rows to do, about 90 seconds, 1 at a time; into {own}",
        "of odd, seed 3: square 9 (published 8, difference +1); "
        "curve 3 (published 3, difference +0); "
        "seconds 90.0 (published 90.0, difference +0); not as published: square",
        f"1 rows run; results: {own / 'try.json'}",
    ]
    assert hashes(published) == before
    (row,) = json.loads((own / "try.json").read_text())["rows"]
    assert (row["seed"], row["square"]) == (3, 9)
    assert (own / "predictions" / "try-kept-seed3.npz").is_file()


def test_again_without_a_choice_runs_all_rows(published, capsys):
    before = hashes(published)
    run_again(EXPERIMENT, HERE)
    out = capsys.readouterr().out
    assert "5 of 5 rows to do, about 8 minutes, 1 at a time; into " in out
    assert out.count("the published row, number for number") == 4
    assert hashes(published) == before
    (own,) = Path.cwd().glob("again-try-*")
    assert len(json.loads((own / "try.json").read_text())["rows"]) == 5


def test_how_long_it_takes_counts_what_runs_at_a_time(published):
    jobs = list(EXPERIMENT.jobs([]))
    assert runner.duration(EXPERIMENT, jobs, 1) == ", about 8 minutes, 1 at a time"
    assert runner.duration(EXPERIMENT, jobs, 2) == ", about 4 minutes, 2 at a time"
    assert runner.duration(EXPERIMENT, jobs, 64) == ", about 90 seconds, 5 at a time"
    assert runner.duration(replace(EXPERIMENT, name="other"), jobs, 1) == ""


def test_again_without_published_rows_says_what_makes_them(folder, capsys):
    assert reproduce("try", "--again") == 2
    assert "python -m lenet reproduce try makes it" in capsys.readouterr().err
    assert not list(Path.cwd().iterdir())


def test_a_published_experiment_runs_again_to_the_same_numbers(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    before = hashes(ROOT / "results")
    assert reproduce("fig10", "--again", "--seed", "2", "--jobs", "1") == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.match(r"1 of 1 rows to do, about \d+ (seconds|minutes), 1 at a time; into ", lines[0])
    assert "errors 101 (published 101, difference +0)" in lines[1]
    assert lines[1].endswith("the published row, number for number")
    assert hashes(ROOT / "results") == before
    assert [path.name for path in tmp_path.glob("again-fig10-*/*")] == ["fig10.json"]


def test_a_line_goes_into_the_numbers_of_numbers_and_leaves_out_what_is_none():
    row = {"errors": {"scale": [3, 4], "noise": [7]}, "initial": "root", "mean": False, "none": []}
    published = {"seed": 0, "errors": {"scale": [2, 4], "noise": [5]}, "initial": "root"}
    assert runner.in_a_line({"seed": 0}, row, published) == (
        "seed 0: errors scale 4 (published 4, difference +0); "
        "errors noise 7 (published 5, difference +2); not as published: errors"
    )


# ---------------------------------------------------------------- the list, and what there is not


def test_without_a_name_there_is_a_list_of_rows_done_time_and_needs(capsys):
    assert reproduce() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "rows", "minutes", "what", "it", "measures"]
    assert [line.split()[0] for line in lines[1:]] == list(EXPERIMENTS)
    for line in lines[1:]:
        assert re.match(r"\S+ +(\d+) of +\1 +\d+\.\d  \S", line), line
    (fig9,) = [line for line in lines if line.startswith("fig9 ")]
    assert fig9.endswith("(needs fig5, fig6)")


def test_where_nothing_is_done_yet_the_list_says_so(folder, capsys):
    assert reproduce() == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(EXPERIMENTS)
    assert re.match(r"fig5 +0 of +5 +-  ", lines[1 + list(EXPERIMENTS).index("fig5")])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fig99"], "no experiment is called fig99: choose from summary-recipes, summary, "),
        (["try", "--row", "prime"], "try has no row prime: choose from even, odd"),
        (["try", "--seed", "5"], "try has no seed 5: choose from 0, 1, 2, 3, 4"),
        (["try", "--row", "odd", "--seed", "2"], "try has no seed 2 of odd: choose from 1, 3"),
        (["fig5", "--row", "1"], "fig5 has no row 1: its rows have no names"),
        (["speed-1998", "--seed", "0"], "speed-1998 has no seed 0: it has none"),
        (["--again"], "which experiment? reproduce without a name lists them"),
        (["--seed", "1"], "which experiment? reproduce without a name lists them"),
    ],
)
def test_what_there_is_not_is_one_line_that_names_the_choices(folder, arguments, message, capsys):
    assert reproduce(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"python -m lenet: {message}")
    assert err.count("\n") == 1
    assert not folder.exists()


@pytest.mark.parametrize("missing", ["joblib", "filelock", "sklearn"])
def test_without_the_extra_reproduce_is_one_clear_line(missing):
    code = (
        f"import sys; sys.modules[{missing!r}] = None; from lenet import cli; sys.exit(cli.main())"
    )
    command = [sys.executable, "-c", code, "reproduce"]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 1
    needs = rf"\S+ needs {missing}(\.\w+)?, which comes with the extra lenet\[paper\]"
    assert re.fullmatch(f"python -m lenet: {needs}\n", ended.stderr)


# ---------------------------------------------------------------- stages, failures, kills


def test_a_job_that_fails_costs_its_own_row_only(folder):
    def failing(seed: int) -> Outcome:
        if seed == 2:
            raise ZeroDivisionError
        return squared(seed)

    with pytest.raises(ZeroDivisionError):
        run_missing(replace(EXPERIMENT, work=failing), HERE)
    assert [row["seed"] for row in results.load("try")["rows"]] == [0, 1]
    run_missing(EXPERIMENT, HERE)
    assert [row["seed"] for row in results.load("try")["rows"]] == [0, 1, 2, 3, 4]


KILLED = """
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import test_runner
from lenet import results
from lenet_paper.runner import Selection, run_missing

folder, jobs = sys.argv[1], int(sys.argv[2])
results.folder = lambda: Path(folder)
work = partial(test_runner.killed_once, folder)
run_missing(replace(test_runner.EXPERIMENT, work=work), Selection(jobs=jobs))
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_killed_goes_on_after_its_last_row(jobs, tmp_path, monkeypatch):
    """The one process is killed, or one of the workers of another."""
    monkeypatch.setattr(results, "folder", lambda: tmp_path)
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "tests")))
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(jobs)]
    options = {"env": os.environ | {"PYTHONPATH": paths}, "capture_output": True, "text": True}
    ended = subprocess.run(command, **options)
    assert ended.returncode == (-signal.SIGKILL if jobs == 1 else 1)
    kept = results.load("try")["rows"] if (tmp_path / "try.json").exists() else []
    assert jobs == 2 or [row["seed"] for row in kept] == [0, 1]
    assert jobs == 1 or "RuntimeError: a process was killed, perhaps" in ended.stderr
    ended = subprocess.run(command, **options)
    assert ended.returncode == 0
    rows = results.load("try")["rows"]
    assert rows[: len(kept)] == kept
    assert sorted(row["seed"] for row in rows) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("chooser", "first", "all_rows"), [(fig5_choice, 18, 26), (fig6_choice, 14, 16)]
)
def test_the_second_stage_of_a_choice_comes_when_the_first_is_done(
    chooser, first, all_rows, folder, monkeypatch, capsys
):
    """Stopped in each stage and begun again; a candidate has more errors than those before it."""
    made = []

    def trained(configuration, seed, *given, stretch=1, show=None):
        if len(made) in stops:
            stops.remove(len(made))
            raise KeyboardInterrupt
        made.append((configuration, show, stretch, seed))
        return {"errors_after_pass": [90, len(made)], "seconds": 1}, LeNet5()

    stops = {5, first + 1}
    monkeypatch.setattr(chooser, "train_configured", trained)
    monkeypatch.setattr(chooser, "mnist", lambda split: (torch.zeros(60_000), torch.zeros(60_000)))
    experiment = chooser.EXPERIMENT
    for rows in (5, first + 1):
        with pytest.raises(KeyboardInterrupt):
            run_missing(experiment, HERE)
        assert len(results.load(experiment.name)["rows"]) == rows
    assert len(list(experiment.jobs(results.load(experiment.name)["rows"][: first - 1]))) == first
    capsys.readouterr()
    run_missing(experiment, HERE)
    left = all_rows - first - 1
    assert capsys.readouterr().out.startswith(f"{left} of {all_rows} rows to do; into ")
    assert len(results.load(experiment.name)["rows"]) == len(made) == all_rows
    second = {(configuration, show) for configuration, show, *_ in made[first:]}
    assert second == {(configuration, show) for configuration, show, *_ in made[: len(second)]}


# ---------------------------------------------------------------- on a terminal


def test_a_terminal_sees_a_bar_and_a_file_a_line_a_row(folder, capsys, monkeypatch):
    monkeypatch.setattr(runner, "watched", lambda: False)
    run_missing(EXPERIMENT, Selection(rows=["odd"], jobs=1))
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 4  # what is to do, two rows, where
    assert err == ""
    monkeypatch.setattr(runner, "watched", lambda: True)
    run_missing(EXPERIMENT, HERE)
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 5
    assert "3/3" in err and "row" in err


# ---------------------------------------------------------------- on a cluster


def test_a_cluster_that_loses_a_worker_gives_the_same(folder, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    run_missing(EXPERIMENT, HERE)
    monkeypatch.setattr(results, "folder", lambda: tmp_path / "cluster")
    experiment = replace(EXPERIMENT, work=partial(killed_once, str(tmp_path)))
    options = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster:
        run_missing(experiment, Selection(dask=cluster.scheduler_address))
    assert (tmp_path / "killed").exists()
    here, there = (
        json.loads((tmp_path / name / "try.json").read_text()) for name in ("results", "cluster")
    )
    assert sorted(there["rows"], key=lambda row: row["seed"]) == here["rows"]
    for seed in range(5):
        name = f"predictions/try-kept-seed{seed}.npz"
        assert (tmp_path / "cluster" / name).read_bytes() == (folder / name).read_bytes()


def test_no_scheduler_is_one_clear_line(folder, capsys, monkeypatch):
    distributed = pytest.importorskip("distributed")

    def client(address: str, timeout: str):
        raise OSError(f"Timed out trying to connect to {address} after {timeout}")

    monkeypatch.setattr(distributed, "Client", client)
    assert reproduce("try", "--dask", "tcp://127.0.0.1:1") == 1
    assert capsys.readouterr().err.startswith("python -m lenet: Timed out trying to connect to tcp")


def test_without_the_package_for_clusters_dask_is_one_clear_line(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert reproduce("try", "--dask", "tcp://127.0.0.1:1") == 1
    assert capsys.readouterr().err == (
        "python -m lenet: --dask needs the package distributed: install the extra lenet[cluster]\n"
    )
