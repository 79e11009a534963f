"""Write a network for programs without PyTorch, as ONNX; this needs the extra lenet[onnx]."""

import logging
import warnings
from pathlib import Path

import torch

from lenet.files import write_whole
from lenet.networks import Chain


def export_onnx(
    network: Chain, path: Path, *, about: dict[str, str], overwrite: bool = False
) -> None:
    """Write ``network`` to ``path``: "images" (N, 1, 32, 32) float32 to "outputs" (N, 10).

    ``about`` goes into the file's metadata. Raises ``RuntimeError`` without the packages for it,
    and as `lenet.files.write_whole`.
    """
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as problem:
        message = f"ONNX needs {problem.name}, which comes with the extra lenet[onnx]"
        raise RuntimeError(message) from problem
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it tells of packages it does not need
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about its own use of PyTorch
        program = torch.onnx.export(
            network.eval(),
            (torch.zeros(2, 1, 32, 32),),
            input_names=["images"],
            output_names=["outputs"],
            dynamic_shapes=({0: torch.export.Dim("N")},),
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # only the old exporter returns nothing
    model = program.model_proto
    for name, value in about.items():
        model.metadata_props.add(key=name, value=value)
    write_whole(path, model.SerializeToString(), overwrite=overwrite)
