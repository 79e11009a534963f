"""What comes with the package is what the experiments kept; one command puts it there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hashed import hashes

from lenet import results, weights
from lenet.initial import initialise
from lenet.networks import NETWORKS, LeNet5, LeNet5_1998
from lenet_paper import ship
from lenet_paper.kept import keep_network, kept_weights
from lenet_paper.record import Record, made_by

ROOT = Path(__file__).parents[1]


def same_weights(one: Path, other: Path) -> bool:
    (here, _), (there, _) = weights.read_weights(one), weights.read_weights(other)
    return here.keys() == there.keys() and all(here[n].equal(there[n]) for n in here)


def test_what_ships_is_what_was_kept():
    assert ship.SHIPPED.keys() == NETWORKS.keys()
    for name, kept in ship.SHIPPED.items():
        assert same_weights(weights.shipped(name), kept_weights(*kept))
    assert {path.stem for path in weights.FOLDER.iterdir()} == NETWORKS.keys()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """An empty one."""
    folder = tmp_path / "lenet" / "weights"
    (tmp_path / "pyproject.toml").touch()
    for module in (ship, weights):
        monkeypatch.setattr(module, "FOLDER", folder)
    monkeypatch.setattr(results, "folder", lambda: tmp_path / "results")
    return tmp_path


def test_weights_are_shipped_all_or_none_and_say_what_made_them(checkout, capsys):
    for experiment in ("summary", "fig5"):
        Record(experiment, {}).add({"seed": 7}, by=made_by() | {"commit": "of the head"})
    Record("fig5", {}).add({"seed": 0}, by=made_by() | {"commit": "of the row"})
    keep_network(initialise(LeNet5(), 1), "summary", 0, checkout / "results")
    with pytest.raises(FileNotFoundError, match=r"fig5-seed0\.safetensors: no such file"):
        ship.ship()
    assert not (checkout / "lenet").exists()

    keep_network(initialise(LeNet5_1998(), 2), "fig5", 0, checkout / "results")
    ship.ship()
    for name, kept in ship.SHIPPED.items():
        assert same_weights(weights.shipped(name), kept_weights(*kept))
    commits = {name: weights.read_weights(weights.shipped(name))[1]["commit"] for name in NETWORKS}
    assert commits == {"lenet5": "of the head", "lenet5-1998": "of the row"}
    assert f"{weights.shipped('lenet5-1998')}: fig5, seed 0\n" in capsys.readouterr().out


def test_an_installed_package_is_left_alone(tmp_path):
    site, ignored = tmp_path / "site-packages", shutil.ignore_patterns("__pycache__")
    for name in ("lenet", "lenet_paper"):
        shutil.copytree(ROOT / name, site / name, ignore=ignored)
    shutil.copytree(ROOT / "results" / "weights", tmp_path / "results" / "weights")
    before = hashes(site)
    command = [sys.executable, "-m", "lenet_paper.ship"]
    environment = os.environ | {"PYTHONPATH": str(site)}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr == (
        "python -m lenet_paper.ship: ship is for a checkout: "
        f"{site / 'lenet' / 'weights'} belongs to an installed package\n"
    )
    assert hashes(site) == before
