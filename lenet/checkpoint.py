"""Keep a training on disk, so that a killed run goes on: tensors and JSON, nothing to unpickle."""

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from lenet.files import write_whole


def save_checkpoint(
    path: Path, training: dict, history: list[dict], tensors: dict[str, Tensor]
) -> None:
    """Write everything to ``path``, whole or not at all; ``training`` says which training it is."""
    metadata = {"training": json.dumps(training), "history": json.dumps(history)}
    write_whole(path, save(tensors, metadata))


def load_checkpoint(path: Path, training: dict) -> tuple[list[dict], dict[str, Tensor]]:
    """Read back the history and the tensors.

    Raises ``ValueError`` when the file is no checkpoint, or one of another training.
    """
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as problem:
        raise ValueError(f"{path}: not a checkpoint ({problem})") from problem
    there = json.loads(metadata.get("training", "{}"))
    training = json.loads(json.dumps(training))  # tuples become lists, as in the file
    other = [f"{k} {there.get(k)}, not {v}" for k, v in training.items() if there.get(k) != v]
    if other:
        raise ValueError(
            f"{path} is the checkpoint of another training ({'; '.join(other)}): "
            "delete it, or name another file"
        )
    return json.loads(metadata["history"]), tensors
