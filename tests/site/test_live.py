"""The page "LeNet in this page", used as a reader uses it."""

import base64
import io
import re

import numpy as np
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageDraw
from site_pages import PAGES, SITE, new_page

from lenet.data import load_mnist, pad, scale
from lenet.images import normalise, read_digit
from lenet.networks import NETWORKS
from lenet.paper import C3_INPUTS
from lenet.weights import load_shipped

SEVEN = [(60, 50), (220, 50), (110, 240)]  # strokes on the pad, which is 280 wide
FIVE = [[(90, 55), (85, 130), (165, 130), (195, 180), (160, 230), (80, 225)], [(90, 55), (200, 55)]]
LETTER_H = [[(70, 40), (70, 240)], [(210, 40), (210, 240)], [(70, 140), (210, 140)]]
LETTER_E = [[(210, 40), (70, 40), (70, 240), (210, 240)], [(70, 140), (190, 140)]]


@pytest.fixture
def live(browser):
    page = new_page(browser)
    page.goto((SITE / "book" / "live.html").as_uri())
    yield page
    assert page.complaints == []
    page.close()


def answer(page) -> str:
    page.evaluate("update()")  # not to wait for the next frame
    return page.locator("#live-digit").inner_text()


def choose_network(page, network: str) -> None:
    page.locator(f"input[value={network}]").check()


def draw(page, *strokes, clear: bool = True) -> None:
    """Draw with the mouse; the points are the pad's own."""
    if clear:
        page.locator("#live-clear").click()
    box = page.locator("#live-pad").bounding_box()
    for start, *points in strokes:
        at = [(box["x"] + x * box["width"] / 280, box["y"] + y * box["width"] / 280)
              for x, y in [start, *points]]  # fmt: skip
        page.mouse.move(*at[0])
        page.mouse.down()
        for point in at[1:]:
            page.mouse.move(*point, steps=8)
        page.mouse.up()


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def drawn(stroke, size=(280, 280), paper=0, ink=255, width=24) -> Image.Image:
    image = Image.new("L", size, paper)
    ImageDraw.Draw(image).line(stroke, fill=ink, width=width, joint="curve")
    return image


# The numbers


@pytest.mark.parametrize("name", NETWORKS)
def test_500_test_images_come_out_as_in_pytorch(live, name):
    images = load_mnist("test")[0][:500]
    found = live.evaluate(
        """([name, base64]) => {
          const bytes = bytesOf(base64);
          return Array.from({ length: bytes.length / 784 }, (_, i) => {
            const values = Float32Array.from(bytes.subarray(784 * i, 784 * (i + 1)));
            const image = scale(pad({ height: 28, width: 28, values }));
            const { output } = forward(name, image);
            return [...output.values, ranking(name, output)[0]];
          });
        }""",
        [name, encoded(images.numpy().tobytes())],
    )
    network = load_shipped(name)
    with torch.no_grad():
        expected = network(scale(pad(images))[:, None])
    found = torch.tensor(found)
    assert found.shape == (500, 11)
    assert (found[:, :10] - expected).abs().max() <= 1e-3 * expected.abs().max()
    assert torch.equal(found[:, 10].long(), network.answer(expected))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_unit_taken_apart_adds_up_to_what_the_layer_gave(live, name):
    worst = live.evaluate(
        """(name) => {
          const states = forward(name, scale(pad(digitImage(DIGITS[3]))));
          let worst = 0;
          for (const layer of LAYERS) {
            states[layer].values.forEach((value, i) => {
              const { side } = states[layer];
              const [map, row] = [Math.floor(i / side ** 2), Math.floor(i / side) % side];
              const unit = explain(name, states, layer, { map, row, column: i % side });
              worst = Math.max(worst, Math.abs(unit.result - value));
            });
          }
          return worst;
        }""",
        name,
    )
    assert worst < 1e-4


def test_a_drawing_gets_mnists_form_as_lenet_gives_it(live):
    generator = np.random.default_rng(0)
    for _ in range(5):
        points = [tuple(point) for point in generator.integers(20, 260, (4, 2)).tolist()]
        ink = np.asarray(drawn(points))
        found = live.evaluate(
            """(base64) => {
              const values = Float32Array.from(bytesOf(base64), (x) => x / 255);
              return [...normalise({ height: 280, width: 280, values }).at(-1).values];
            }""",
            encoded(ink.tobytes()),
        )
        expected = normalise(ink.astype(np.float32) / 255).ravel()
        assert np.abs(np.array(found) - expected).max() <= 1  # greys of 255


PICTURES = {
    "dark on light": drawn(SEVEN, paper=240, ink=30),
    "light on dark": drawn(SEVEN, paper=20, ink=200),
    "large": drawn([(3 * x, 3 * y) for x, y in SEVEN], (900, 1000), 255, 0, 70),
    "in a shadow": Image.fromarray(
        (np.asarray(drawn(SEVEN, paper=255, ink=60)) * np.linspace(0.5, 1, 280)).astype(np.uint8)
    ),
    "transparent": Image.merge("LA", [Image.new("L", (280, 280)), drawn(SEVEN)]),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_read_as_lenet_reads_it(live, name, tmp_path):
    file = tmp_path / "seven.png"
    file.write_bytes(png(PICTURES[name]))
    live.set_input_files("#live-file", file)
    live.wait_for_function("!shown.source.digit")
    found = live.evaluate("[...normalise(shown.source.ink).at(-1).values]")
    # Browser and Pillow shrink a picture in different ways, so that it may sit half a pixel apart.
    assert np.corrcoef(found, read_digit(file).ravel())[0, 1] > 0.9
    assert answer(live) == "7"
    assert live.locator("#live-message").inner_text() == ""


# The reader's hands


@pytest.mark.parametrize("name", NETWORKS)
def test_a_seven_is_drawn_with_the_mouse(live, name):
    choose_network(live, name)
    draw(live, SEVEN)
    assert answer(live) == "7"
    said = live.locator("#live-said")
    live.wait_for_function("document.getElementById('live-said').textContent.includes('It reads')")
    sure = {
        "lenet5": r"with a probability of \d+\.\d %\. Next is \d, with \d+\.\d %\.",
        "lenet5-1998": r"at distance \d+\.\d from its code, the nearest of ten\. "
        r"Next is \d, at \d+\.\d\.",
    }
    assert re.fullmatch(f"It reads 7, {sure[name]}", said.inner_text())
    best = live.locator("#live-scores .live-best")
    assert best.get_by_role("rowheader").inner_text() == "7"
    assert re.search(r"takes \d+\.\d ms", live.locator("#live-time").inner_text())


def test_a_seven_is_drawn_with_the_keyboard_alone(live):
    while live.evaluate("document.activeElement.id") != "live-pad":
        live.keyboard.press("Tab")
    live.keyboard.press("Delete")
    for key, times in [
        ("ArrowLeft", 5),
        (" ", 1),
        ("ArrowRight", 10),
        ("End", 6),  # down and to the left
        ("ArrowDown", 6),
        (" ", 1),
        ("ArrowUp", 3),  # the pen is lifted: this draws nothing
    ]:
        for _ in range(times):
            live.keyboard.press(key)
    assert answer(live) == "7"


def ink(page) -> np.ndarray:
    return np.array(page.evaluate("[...(pen.ink()?.values ?? [])]"))


def test_the_first_stroke_clears_the_digit_that_is_shown(live):
    assert answer(live) == "7"
    assert live.locator("#live-sentence").inner_text().endswith("The label says 7.")
    draw(live, *FIVE, clear=False)
    assert answer(live) == "5"
    assert "label" not in live.locator("#live-sentence").inner_text()
    drawn_over = ink(live)
    draw(live, *FIVE)
    assert np.array_equal(drawn_over, ink(live))


def test_the_first_stroke_clears_a_digit_that_was_picked_later(live):
    draw(live, SEVEN)
    live.get_by_role("button", name="Test image 11, a 6").click()
    draw(live, *FIVE, clear=False)
    assert answer(live) == "5"


def test_the_keyboards_first_stroke_clears_it_too(live):
    live.locator("#live-pad").focus()
    live.keyboard.press(" ")
    dot = ink(live)
    live.keyboard.press("ArrowDown")
    assert ink(live).sum() > dot.sum()  # the second one clears nothing
    live.keyboard.press(" ")
    live.keyboard.press("ArrowUp")
    live.keyboard.press("Delete")
    assert ink(live).size == 0
    live.keyboard.press(" ")
    assert np.array_equal(dot, ink(live))


def test_an_empty_pad_is_no_digit(live):
    live.locator("#live-clear").click()
    assert answer(live) == "–"
    assert live.locator("#live-sentence").inner_text().startswith("The pad is empty.")
    assert live.locator("#live-details").inner_text().startswith("Draw a digit")
    choose_network(live, "lenet5")
    live.locator(".live-maps-c5").hover()
    live.locator("input[name=turn]").fill("90")
    assert answer(live) == "–"


def test_a_test_digit_is_taken_as_it_is(live):
    live.get_by_role("button", name="Test image 247, a 4").click()
    assert "The label says 4." in live.locator("#live-sentence").inner_text()
    found = live.evaluate("[...shown.states.input.values]")
    expected = scale(pad(load_mnist("test")[0][247])).ravel()
    assert torch.allclose(torch.tensor(found), expected, atol=1e-6)


BAD_FILES = {
    "notes.txt": (b"not a picture", "is not a PNG or JPEG"),
    "blank.png": (png(Image.new("L", (200, 200), 255)), "shows nothing"),
    "huge.png": (png(Image.new("1", (9_000, 9_000))), "too many pixels"),
    "damaged.png": (png(drawn(SEVEN))[:40], "damaged"),
    "empty.png": (b"", "is not a PNG or JPEG"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_gets_a_friendly_line(live, name):
    data, line = BAD_FILES[name]
    before = live.locator("#live-sentence").inner_text()
    live.set_input_files("#live-file", {"name": name, "mimeType": "image/png", "buffer": data})
    live.wait_for_function("document.getElementById('live-message').textContent")
    message = live.locator("#live-message").inner_text()
    assert message.startswith(name) and line in message
    assert live.locator("#live-sentence").inner_text() == before


def drop(page, name: str, data: bytes) -> None:
    dropped = page.evaluate_handle(
        """([name, base64]) => {
          const transfer = new DataTransfer();
          if (name) transfer.items.add(new File([bytesOf(base64)], name));
          return transfer;
        }""",
        [name, encoded(data)],
    )
    page.dispatch_event("#live-drop", "drop", {"dataTransfer": dropped})


def test_pictures_and_other_things_are_dropped(live):
    message = live.locator("#live-message")
    drop(live, "notes.txt", b"not a picture")
    live.wait_for_function("document.getElementById('live-message').textContent")
    assert message.inner_text().startswith("notes.txt is not a PNG or JPEG")
    drop(live, "", b"")  # a piece of text, say
    assert message.inner_text().startswith("That was no file.")
    drop(live, "one.png", png(drawn([(140, 40), (140, 240)], paper=255, ink=0)))
    live.wait_for_function("!shown.source.digit")
    assert answer(live) == "1"


# A unit taken apart


def test_pointing_at_a_map_of_c3_lights_its_column_of_table_1(live):
    live.locator(".live-maps-c3 canvas").nth(6).hover(position={"x": 1, "y": 1})
    details = live.locator("#live-details")
    assert details.locator(".live-unit").inner_text().startswith("C3, map 6, row 0, column 0")
    assert details.get_by_role("link").get_attribute("href").endswith("04_c3_s4.html#chapter-c3")
    column = live.locator("#live-table td.live-column").all_inner_texts()
    assert [row for row, cell in enumerate(column) if cell == "X"] == C3_INPUTS[6]
    assert live.locator(".live-maps-s2 .live-read").count() == len(C3_INPUTS[6])
    assert live.locator(".live-maps-input .live-read").count() == 1
    live.locator(".live-maps-s4 canvas").nth(2).click()
    live.locator(".live-maps-c1 canvas").nth(0).hover()  # the click has kept the unit of S4
    assert details.locator(".live-unit").inner_text().startswith("S4, map 2")


def test_units_are_reached_with_the_keyboard_alone(live):
    live.locator(".live-maps-f6").focus()
    live.keyboard.press("Tab")
    live.keyboard.press("Shift+Tab")  # so that the browser knows it for the keyboard's
    live.keyboard.press("ArrowDown")
    name = live.locator("#live-details .live-unit")
    assert name.inner_text().startswith("F6, unit 7")
    live.keyboard.press("ArrowRight")
    assert name.inner_text().startswith("F6, unit 8")
    value = live.evaluate("written(shown.states.F6.values[8])")
    assert live.locator(".live-sum tr").last.locator("td").last.inner_text() == value
    live.wait_for_function("document.getElementById('live-said').textContent.includes('unit 8')")


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("layer", ["c5", "output"])
def test_axe_finds_no_serious_fault_in_use(live, name, layer):
    choose_network(live, name)
    live.locator(f".live-maps-{layer} canvas").first.click()
    live.evaluate("message('A line that says what is wrong.')")
    for mode in ("light", "dark"):
        live.emulate_media(color_scheme=mode)
        live.wait_for_selector(f"html[data-theme={mode}]")
        live.add_style_tag(content="* { transition: none !important; }")
        faults = [
            f"{fault['id']}: {node['html'][:200]}"
            for fault in Axe().run(live, ".bd-article").response["violations"]
            for node in fault["nodes"]
            if fault["impact"] in ("serious", "critical")
        ]
        assert faults == []
    live.complaints.clear()  # axe itself asks for the style sheets, which file:// refuses


def test_nothing_moves_for_readers_who_asked_for_that(live):
    seconds = "getComputedStyle(document.querySelector('.live-bar span')).transitionDuration"
    live.emulate_media(reduced_motion="no-preference")
    assert live.evaluate(seconds) != "0s"
    live.emulate_media(reduced_motion="reduce")
    assert live.evaluate(seconds) == "0s"


def test_no_other_page_loads_these_scripts():
    loading = [page for page in PAGES if "live/network.js" in page.read_text()]
    assert loading == [SITE / "book" / "live.html"]


# Five things to try: what the page says happens


def right(page, name: str, **sliders) -> int:
    """How many of the first ten test digits are read right under these sliders."""
    return page.evaluate(
        """([name, moved]) => {
          const still = { right: 0, down: 0, size: 1, turn: 0, noise: 0 };
          return DIGITS.slice(0, 10).filter((digit) => {
            const image = disturb(pad(digitImage(digit)), { ...still, ...moved });
            return ranking(name, forward(name, scale(image)).output)[0] === digit.label;
          }).length;
        }""",
        [name, sliders],
    )


def test_fields_grow_as_the_first_says(live):
    sides = live.evaluate("LAYERS.slice(0, 5).map((n) => fieldOf(n, {row: 0, column: 0}).side)")
    assert sides == [5, 6, 14, 16, 32]


def test_shifts_do_what_the_second_says(live):
    assert right(live, "lenet5-1998", right=2) == 10
    assert all(1 <= right(live, name, down=-5) <= 3 for name in NETWORKS)
    rows_of_ink = live.evaluate(
        "DIGITS.slice(0, 10).map((d) => pad(digitImage(d)).values.findIndex((x) => x > 0) / 32)"
    )
    assert min(rows_of_ink) >= 5  # nothing is shifted out
    draw(live, [(20, 20), (75, 20), (38, 86)])  # a small seven in a corner
    assert answer(live) == "7"


def test_turns_do_what_the_third_says(live):
    live.get_by_role("button", name="Test image 11, a 6").click()
    for name in NETWORKS:
        choose_network(live, name)
        for turn, expected in [("15", "6"), ("180", "9")]:
            live.locator("input[name=turn]").fill(turn)
            assert answer(live) == expected
        assert all(3 <= right(live, name, turn=turn) < 10 for turn in (-30, 30))


def test_digits_are_misread_as_the_fourth_says(live):
    live.get_by_role("button", name="Test image 1232, a 9").click()
    for name in NETWORKS:
        choose_network(live, name)
        assert answer(live) == "4"
    nearest = live.evaluate(
        """DIGITS.map((digit) => {
          const image = scale(pad(digitImage(digit)));
          return Math.min(...forward("lenet5-1998", image).output.values);
        })"""
    )
    assert np.median(nearest[:10]) < 1 and np.median(nearest[10:]) > 5


def test_letters_do_what_the_fifth_says(live):
    distance = "Math.min(...shown.states.output.values)"
    draw(live, *LETTER_E)
    answer(live)
    assert live.evaluate(distance) > 10
    draw(live, *LETTER_H)
    assert answer(live) == "4"
    assert live.evaluate(distance) < 3
    choose_network(live, "lenet5")
    assert answer(live) == "4"
    draw(live, *LETTER_E)
    assert answer(live) == "8"
    assert live.evaluate("Math.max(...softmax(shown.states.output.values))") > 0.95
