"""A person's own picture of a digit ends in the form of MNIST, or in one clear line."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

from lenet.data import load_mnist
from lenet.images import ImageError, centre, crop, find_ink, fit, normalise, read_digit

SEVEN = [(90, 60), (210, 60), (130, 260)]  # a stroke, as points (x, y) in 300 x 320 pixels


def draw(paper=255, ink=0, mode="L", size=(300, 320)) -> Image.Image:
    image = Image.new(mode, size, paper)
    ImageDraw.Draw(image).line(SEVEN, fill=ink, width=24, joint="curve")
    return image


def save(image: Image.Image, tmp_path, name="digit.png", **options):
    path = tmp_path / name
    image.save(path, **options)
    return path


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """The correlation of two images' pixels, the best within one pixel of shift.

    A centre of mass between two pixels falls to one or the other by a hair.
    """
    shifts = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    shifted = [np.roll(one, shift, axis=(0, 1)) for shift in shifts]
    return max(np.corrcoef(image.ravel(), other.ravel())[0, 1] for image in shifted)


@pytest.fixture
def seven(tmp_path) -> np.ndarray:
    """What the plainest picture of the seven gives: all others are held against it."""
    return read_digit(save(draw(), tmp_path, "plain.png"))


def test_the_form_is_that_of_mnist(seven):
    assert seven.shape == (28, 28)
    assert seven.dtype == np.uint8
    assert seven.max() == 255
    assert crop(seven).shape[0] == 20  # the longer side fills the box
    assert 11 <= crop(seven).shape[1] <= 15  # the aspect is kept: 144 x 212 pixels of ink
    assert 0.4 < (seven[seven > 0] > 200).mean() < 0.9  # strokes are black, their edges grey
    assert crop(seven)[0, :8].min() > 200  # the bar is on top: neither turned nor mirrored


def ten_mnist_images() -> np.ndarray:
    return load_mnist("train")[0][:10].numpy()


def test_an_image_of_mnist_comes_back_as_it_was(tmp_path):
    for image in ten_mnist_images():
        back = read_digit(save(Image.fromarray(image), tmp_path))
        assert likeness(back, image) > 0.95


def test_an_enlarged_image_of_mnist_comes_back_where_it_was(tmp_path):
    for image in ten_mnist_images():
        large = Image.fromarray(image).resize((448, 448), Image.Resampling.BICUBIC)
        page = Image.new("L", (900, 700))
        page.paste(large, (400, 30))
        assert likeness(read_digit(save(page, tmp_path)), image) > 0.85


PICTURES = {
    "light on dark": draw(0, 255),
    "grey on grey": draw(190, 130),
    "colours": draw((250, 240, 200), (20, 40, 160), "RGB"),
    "palette": draw().convert("P", palette=Image.Palette.ADAPTIVE),
    "one bit": draw().convert("1"),
    "black on nothing": draw((0, 0, 0, 0), (0, 0, 0, 255), "RGBA"),
    "white on nothing": draw((0, 0, 0, 0), (255, 255, 255, 255), "RGBA"),
    "16 bits": Image.fromarray(np.asarray(draw()).astype(np.uint16) * 257),
    "16 bits, dark": Image.fromarray(np.asarray(draw()).astype(np.uint16) * 40),
    "large": draw().resize((3000, 3200)),
    "far away": Image.new("L", (900, 900), 255),
}
PICTURES["far away"].paste(draw(), (550, 20))


@pytest.mark.parametrize("kind", PICTURES)
def test_however_it_is_stored_the_digit_is_the_same(tmp_path, seven, kind):
    assert likeness(read_digit(save(PICTURES[kind], tmp_path)), seven) > 0.95


def test_a_sheet_with_transparent_corners_is_a_sheet(tmp_path, seven):
    image = draw(mode="LA", paper=(255, 255), ink=(0, 255))
    ImageDraw.Draw(image).rectangle((0, 0, 40, 40), fill=(0, 0))
    assert likeness(read_digit(save(image, tmp_path)), seven) > 0.95


def test_jpeg_in_colour_and_for_print(tmp_path, seven):
    for mode in ("L", "RGB", "CMYK"):
        path = save(draw().convert(mode), tmp_path, "digit.jpg", quality=40)
        assert likeness(read_digit(path), seven) > 0.95


def test_a_camera_s_rotation_is_undone(tmp_path, seven):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter to the right
    path = save(draw().rotate(90, expand=True), tmp_path, "digit.jpg", exif=exif)
    assert likeness(read_digit(path), seven) > 0.95


@pytest.mark.parametrize("ink", [0.35, 0.7], ids=["pen", "pencil"])
def test_a_photograph_in_uneven_light(tmp_path, seven, ink):
    """One side of the paper is darker than the ink on the other, and the camera is noisy."""
    y, x = np.mgrid[-1:1:320j, -1:1:300j]
    light = 150 + 80 * x - 20 * y - 25 * x * x
    reflected = np.where(np.asarray(draw()) == 0, ink, 1.0)
    noise = np.random.default_rng(0).normal(0, 4, light.shape)
    photograph = (light * reflected + noise).clip(0, 255).astype(np.uint8)
    path = save(Image.fromarray(photograph), tmp_path, "digit.jpg", quality=85)
    assert likeness(read_digit(path), seven) > 0.9


def test_a_straight_stroke_keeps_its_shape(tmp_path):
    for size in ((400, 400), (40, 40)):
        image = Image.new("L", size, 255)
        x, y = size[0] // 2, size[1] // 4
        ImageDraw.Draw(image).line((x, y, x, 3 * y), fill=0, width=size[0] // 20)
        rows, columns = crop(read_digit(save(image, tmp_path))).shape
        assert rows == 20
        assert columns <= 3


def test_normalise_step_by_step():
    ink = np.zeros((50, 60))
    ink[10:50, 20:30] = 1  # 40 x 10 pixels
    assert crop(ink).shape == (40, 10)
    assert fit(crop(ink)).shape == (20, 5)
    placed = centre(fit(crop(ink)))
    assert np.flatnonzero(placed.any(axis=1)).tolist() == list(range(4, 24))
    assert np.flatnonzero(placed.any(axis=0)).tolist() == list(range(12, 17))
    assert normalise(ink).tolist() == (255 * placed).tolist()


def test_the_centre_of_mass_goes_to_the_centre_not_the_box():
    ink = np.zeros((20, 20))
    ink[:, 4:12] = 1
    ink[0] = 1  # long thin arms move the box, and hardly the mass
    placed = normalise(ink)
    rows, columns = np.nonzero(placed)
    assert abs(rows.mean() - 14) <= 0.5
    assert abs(columns.mean() - 14) <= 0.5
    assert np.flatnonzero(placed.any(axis=0)).tolist() == list(range(6, 26))


def test_the_centre_of_mass_gives_way_where_the_ink_would_leave_the_image():
    ink = np.zeros((20, 20))
    ink[:, :2] = ink[0] = 1
    assert np.flatnonzero(normalise(ink).any(axis=0)).tolist() == list(range(8, 28))


def test_blank_paper_has_no_ink():
    assert not find_ink(np.full((30, 30), 0.7)).any()


def one_line(path) -> str:
    with pytest.raises(ImageError) as raised:
        read_digit(path)
    said = str(raised.value)
    assert said.startswith(f"{path}: ")
    assert "\n" not in said
    return said


def test_a_missing_file(tmp_path):
    assert "no such file" in one_line(tmp_path / "nowhere.png")


@pytest.mark.parametrize(
    "content", [b"", b"I am text.\n", b"\x89PNG\r\n\x1a\n" + bytes(40), b"GIF89a"]
)
def test_a_file_that_is_no_picture(tmp_path, content):
    path = tmp_path / "digit.png"
    path.write_bytes(content)
    assert "expected a PNG or JPEG picture" in one_line(path)


@pytest.mark.parametrize("name", ["digit.png", "digit.jpg"])
def test_a_picture_cut_short(tmp_path, name):
    path = save(draw(), tmp_path, name)
    path.write_bytes(path.read_bytes()[:-200])
    assert "expected a PNG or JPEG picture" in one_line(path)


def test_a_folder(tmp_path):
    assert "expected a PNG or JPEG picture" in one_line(tmp_path)


@pytest.mark.parametrize("side", [10_000, 60_000])
def test_a_picture_that_would_fill_the_memory(tmp_path, side):
    """A PNG whose header announces so many pixels; what follows does not matter."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    assert "too many pixels" in one_line(path)


def blank_photograph() -> Image.Image:
    y, x = np.mgrid[-1:1:200j, -1:1:200j]
    noise = np.random.default_rng(0).normal(0, 3, x.shape)
    return Image.fromarray((150 + 50 * x - 40 * x * y + noise).astype(np.uint8))


BLANKS = {
    "white": Image.new("L", (100, 100), 255),
    "black": Image.new("L", (100, 100), 0),
    "transparent": Image.new("RGBA", (100, 100)),
    "one pixel": Image.new("L", (1, 1), 128),
    "one row": Image.new("L", (100, 1), 255),
    "too faint": draw(200, 190),
    "photograph": blank_photograph(),
}


@pytest.mark.parametrize("kind", BLANKS)
def test_a_picture_that_shows_nothing(tmp_path, kind):
    assert "shows nothing" in one_line(save(BLANKS[kind], tmp_path))
