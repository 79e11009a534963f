"""A person's own picture of a digit, brought into the form of MNIST (section III-A).

    picture -> `read_grey` -> `find_ink` -> `crop` -> `fit` -> `centre` -> 28x28

The last three are `normalise`, MNIST's own steps. The two before stand for its scanner.
"""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

LARGEST_SIDE = 256  # pixels; more than 28x28 can show, and the camera's noise is averaged away
FAINTEST = 0.1  # contrast of ink to paper, as a part of black to white; less is blank


class ImageError(ValueError):
    """The picture cannot be read or shows no digit; the message is one line naming the file."""


def read_digit(path: str | Path) -> np.ndarray:
    """Read the PNG or JPEG at `path`, one digit of any size, dark on light or light on dark.

    Returns uint8 (28, 28), 0 background to 255 ink, as MNIST would have made it.
    Raises ImageError when there is no such picture, or nothing on it.
    """
    ink = find_ink(read_grey(path))
    if not ink.any():
        raise ImageError(f"{path}: shows nothing: expected one digit that stands out from its page")
    return normalise(ink)


def read_grey(path: str | Path) -> np.ndarray:
    """Read a picture as (height, width) floats from 0, black, to 1, white, at most 256 a side."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=["PNG", "JPEG"]) as file:
                has_16_bits = file.mode.startswith("I")
                image = ImageOps.exif_transpose(file.convert("F" if has_16_bits else "RGBA"))
                image.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.BOX)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise ImageError(f"{path}: has too many pixels: make it smaller first") from None
    except FileNotFoundError:
        raise ImageError(f"{path}: no such file") from None
    except Exception as problem:  # a broken picture can raise nearly anything
        raise ImageError(f"{path}: expected a PNG or JPEG picture of a digit") from problem
    return np.asarray(image) / 65535 if has_16_bits else on_its_paper(image)


def on_its_paper(image: Image.Image) -> np.ndarray:
    """Grey, 0 to 1, of an RGBA image; where it is transparent, the paper shows through."""
    grey = np.asarray(image.convert("L"), dtype=np.float32) / 255
    alpha = np.asarray(image.getchannel("A"), dtype=np.float32) / 255
    if np.median(alpha) < 0.5:  # mostly transparent: what can be seen is the ink
        return alpha
    return alpha * grey + (1 - alpha) * np.median(grey[alpha > 0.5])


def find_paper(grey: np.ndarray) -> np.ndarray | float:
    """The paper's brightness at every pixel, without the ink.

    Where most pixels agree (a drawing, a scan), it is theirs. Else the light is uneven: the paper
    is taken to be a quadratic in x and y, fitted to the picture's rim by least absolute
    differences, so that ink that touches the rim has little say.
    """
    typical = np.median(grey)
    if np.median(abs(grey - typical)) < 0.01:
        return typical
    height, width = grey.shape
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    rim = np.maximum(abs(x), abs(y)) >= 0.96
    there, brightness = terms[rim], grey[rim]
    weights = np.ones_like(brightness)
    for _ in range(20):  # least squares, each pixel weighted by 1 / its difference so far
        weighted = there.T * weights
        coefficients = np.linalg.lstsq(weighted @ there, weighted @ brightness)[0]
        weights = 1 / (abs(brightness - there @ coefficients) + 0.005)
    return terms @ coefficients


def find_ink(grey: np.ndarray) -> np.ndarray:
    """Tell ink from paper: (height, width) floats, 0 paper to 1 ink, all 0 when there is none.

    Ink is what stands out from the paper, on the side, darker or lighter, where more does.
    """
    difference = grey - find_paper(grey)
    noise = np.median(abs(difference))
    difference *= np.sign((difference**3).sum())
    threshold = difference.max() / 2
    for _ in range(10):  # to the middle between the mean of the paper and the mean of the ink
        is_ink = difference > threshold
        if not is_ink.any():
            return np.zeros_like(grey)
        threshold = (difference[is_ink].mean() + difference[~is_ink].mean()) / 2
    contrast = np.median(difference[is_ink])
    if contrast < FAINTEST:
        return np.zeros_like(grey)
    difference[difference < np.clip(8 * noise, contrast / 4, contrast / 2)] = 0  # grain
    return (difference / contrast).clip(0, 1).astype(np.float32)


def normalise(ink: np.ndarray) -> np.ndarray:
    """What MNIST did: ink (height, width), 0 to 1 and not all 0 -> uint8 (28, 28)."""
    return np.rint(255 * centre(fit(crop(ink)))).astype(np.uint8)


def crop(ink: np.ndarray) -> np.ndarray:
    """Cut away the empty rows and columns around the ink."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def fit(ink: np.ndarray, side: int = 20) -> np.ndarray:
    """Scale the longer side to `side` pixels, with anti-aliasing; the aspect is kept."""
    height, width = (max(1, round(length * side / max(ink.shape))) for length in ink.shape)
    image = Image.fromarray(ink.astype(np.float32))
    scaled = np.asarray(image.resize((width, height), Image.Resampling.HAMMING))
    return (scaled / scaled.max()).clip(0, 1)  # thin strokes fade; in MNIST all are black


def centre(ink: np.ndarray, side: int = 28) -> np.ndarray:
    """Set the ink into `side` x `side` pixels, its centre of mass at pixel (14, 14).

    MNIST moved by whole pixels: its own centres of mass lie between 13.5 and 14.5.
    """
    field = np.zeros((side, side), dtype=np.float32)
    corner = []
    for axis, length in enumerate(ink.shape):
        mass = ink.sum(axis=1 - axis)
        middle = (mass * np.arange(length)).sum() / mass.sum()
        corner.append(min(max(round(side / 2 - middle), 0), side - length))
    top, left = corner
    field[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return field
