"""The image viewer in a real JupyterLab: its grid, one picture, boxes, the chain, volumes; and what is saved."""

from __future__ import annotations

import re

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.lab import fresh_page
from tests.browser.legible import check_here

pytestmark = [pytest.mark.browser, pytest.mark.slow(seconds=4)]

MAKE = """
%load_ext zoo_lab
import numpy as np
from sklearn.datasets import load_sample_images
from zoo_lab.feature.image import (
    Boxes, ChainedPreprocessing, ImageBrightness, ImageExpand, ImageFeature, ImageHFlip, ImageResize, ImageSet)

china, flower = [np.ascontiguousarray(image[:, :, ::-1]) for image in load_sample_images().images]
found = Boxes([[40, 60, 420, 330], [50, 80, 400, 300], [430, 30, 620, 200]], labels=[0, 0, 1], scores=[0.9, 0.4, 0.2])
images = []
for number in range(14):
    picture = np.roll(china if number % 2 else flower, 23 * number, axis=1)
    images.append(ImageFeature(uri=f"photos/{number}.jpg", mat=picture, label=(number + 1) % 2, predict=found,
                               boxes=Boxes([[45, 70, 410, 310]], labels=[0])))
images[0] = ImageFeature(uri="photos/blue.png", mat=np.full((40, 60, 3), (200, 100, 30), np.uint8), label=0)
images[0].mat[:, 30:] = (10, 220, 90)
photos = ImageSet.from_arrays(images)
photos._label_map = {"temple": 0, "dahlia": 1}
chain = ChainedPreprocessing([ImageHFlip(), ImageBrightness(-40, 40), ImageExpand(max_expand_ratio=2.0)])
depth, height, width = np.indices((12, 40, 50), dtype=np.float32)
volume = np.stack([depth * 20 + np.hypot(height - 20, width - 25), width], axis=-1).astype(np.float32)
scans = ImageSet.from_arrays([ImageFeature(uri="knee.npy", tensor=volume)])
"""
SHOW = "%zoo_show photos --chain chain --rows 2 -o viewer"
CELLS = [MAKE, SHOW, "scans", "print('chain:', viewer.chain, viewer.epoch)"]

COLOUR = """([image, x, y]) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const pen = canvas.getContext("2d");
    pen.drawImage(image, 0, 0);
    return [...pen.getImageData(x * canvas.width, y * canvas.height, 1, 1).data];
}"""
MIDDLE = """canvas => [...canvas.getContext("2d").getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data]"""
FIRST_FACT = "facts => ['dt', 'dd'].map(part => facts.querySelector(part).getBoundingClientRect().toJSON())"
LOADED = "image => image.complete && image.naturalWidth > 0"


@pytest.fixture(scope="module")
def lab(chromium, jupyterlab):
    """A page with a viewer of photographs, and one of a volume."""
    with fresh_page(chromium, jupyterlab) as page:
        page.page.set_viewport_size({"width": 1280, "height": 1000})
        page.open_notebook(CELLS, name="viewer.ipynb")
        page.run_all()
        expect(page.output(1).locator(".zoo-tile")).to_have_count(6, timeout=90_000)
        yield page


@pytest.fixture
def viewer(lab):
    yield lab.output(1).locator(".zoo-viewer")
    lab.page.keyboard.press("Escape")


def colour(image, x, y):
    image.page.wait_for_function(LOADED, arg=image.element_handle())
    return image.page.evaluate(COLOUR, [image.element_handle(), x, y])


def colours(viewer):
    """Return the colours on a line through the first picture after its chain."""
    image = viewer.locator(".zoo-tile").first.locator("img").last
    return [colour(image, at / 10, 0.5) for at in range(1, 10)]


def slide(slider, to):
    slider.evaluate("(input, to) => { input.value = to; input.dispatchEvent(new Event('input')); }", str(to))


def idle(viewer):
    viewer.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(viewer.locator(".zoo-busy")).to_have_text("", timeout=20_000)


def test_the_grid_shows_the_very_pixels_and_fetches_only_a_page(lab, viewer):
    lab.picture("viewer_grid", viewer)
    before, after = viewer.locator(".zoo-tile").first.locator("img").all()
    assert colour(before, 0.2, 0.5) == [30, 100, 200, 255]  # the picture is B, G, R
    assert colour(before, 0.8, 0.5) == [90, 220, 10, 255]
    assert colour(after, 0.2, 0.5) != colour(before, 0.2, 0.5)
    expect(viewer.locator(".zoo-title")).to_have_text("14 images")
    expect(viewer.locator(".zoo-more")).to_contain_text("6 of 14")
    viewer.get_by_role("button", name="More").click()
    expect(viewer.locator(".zoo-tile")).to_have_count(12, timeout=20_000)
    expect(viewer.locator(".zoo-tile").nth(6)).to_be_focused()
    assert colour(viewer.locator(".zoo-tile").nth(11).locator("img").first, 0.5, 0.5)[3] == 255


def test_the_keyboard_opens_an_image_in_full_and_goes_on_and_back(lab, viewer):
    first = viewer.locator(".zoo-tile").first
    first.focus()
    lab.page.keyboard.press("ArrowRight")
    expect(viewer.locator(".zoo-tile").nth(1)).to_be_focused()
    lab.page.keyboard.press("ArrowDown")
    lab.page.keyboard.press("End")
    lab.page.keyboard.press("Home")
    expect(first).to_be_focused()
    lab.page.keyboard.press("ArrowRight")
    lab.page.keyboard.press("Enter")
    expect(viewer.locator(".zoo-panes")).to_be_focused()
    expect(viewer.locator(".zoo-facts")).to_contain_text("photos/1.jpg")
    full = "root => root.querySelector('.zoo-stage img')?.naturalWidth === 640"
    lab.page.wait_for_function(full, arg=viewer.element_handle())
    term, told = viewer.locator(".zoo-facts").evaluate(FIRST_FACT)
    assert term["y"] == told["y"]
    assert term["right"] <= told["x"]
    lab.picture("viewer_detail", viewer)
    lab.page.keyboard.press("+")
    expect(viewer.locator(".zoo-panes")).to_have_class(re.compile("zoo-near"))
    lab.page.keyboard.press("ArrowRight")
    expect(viewer.locator(".zoo-facts")).to_contain_text("photos/2.jpg")
    expect(viewer.locator(".zoo-place").first).to_have_text("3 of 14")
    lab.page.keyboard.press("Escape")
    expect(viewer.locator(".zoo-tile").nth(2)).to_be_focused()


def test_the_threshold_and_the_classes_choose_the_boxes_that_are_drawn(lab, viewer):
    boxes = viewer.locator(".zoo-tile").nth(1).locator(".zoo-frame").first.locator(".zoo-box")
    threshold = viewer.get_by_role("slider", name="Least score")
    expect(boxes).to_have_count(4)
    slide(threshold, 0.3)
    expect(boxes).to_have_count(3)
    expect(viewer.locator(".zoo-boxes-shown")).to_contain_text(re.compile(r"\d+ of \d+ boxes"))
    slide(threshold, 0.95)
    expect(boxes).to_have_count(1)  # the true one has no score
    slide(threshold, 0)
    chip = viewer.locator(".zoo-chips").get_by_role("button", name="dahlia")
    chip.click()
    expect(boxes).to_have_count(1)
    expect(chip).to_have_attribute("aria-pressed", "true")
    chip.click()
    expect(boxes).to_have_count(4)


def test_a_box_tells_its_score_and_stands_beside_the_true_one(lab, viewer):
    viewer.locator(".zoo-tile").nth(1).click()
    panes = viewer.locator(".zoo-pane")
    expect(panes).to_have_count(4)  # true and predicted ones, before and after the chain, which both follow
    expect(viewer.locator(".zoo-strip img")).to_have_count(3, timeout=20_000)  # a picture after each step
    for number, boxes in enumerate((1, 3, 1, 3)):
        expect(panes.nth(number).locator(".zoo-box")).to_have_count(boxes)
    panes.nth(1).locator(".zoo-box").first.hover(position={"x": 8, "y": 8})
    expect(viewer.locator(".zoo-tip")).to_have_text(re.compile(r"temple 0\.90, overlap 0\.\d\d with a true one"))
    lab.picture("viewer_boxes", viewer)
    viewer.get_by_label("ground truth beside prediction").uncheck()
    expect(panes).to_have_count(2)
    for number in (0, 1):
        expect(panes.nth(number).locator(".zoo-box")).to_have_count(4)
    viewer.get_by_label("ground truth beside prediction").check()
    viewer.locator(".zoo-panes").press("Escape")


def test_the_chain_is_played_with_and_comes_back_to_python(lab, viewer):
    after = viewer.locator(".zoo-tile").first.locator("img").last
    viewer.get_by_role("button", name="Chain", exact=True).click()
    play = viewer.locator(".zoo-playground")
    play.get_by_role("switch", name="Use ImageExpand").uncheck()
    play.get_by_role("switch", name="Use ImageBrightness").uncheck()
    idle(viewer)
    assert colour(after, 0.2, 0.5) == [90, 220, 10, 255]  # flipped only
    play.get_by_role("switch", name="Use ImageHFlip").uncheck()
    play.get_by_role("switch", name="Use ImageBrightness").check()
    play.locator("summary", has_text="ImageBrightness").click()
    slide(play.get_by_role("slider", name="delta low"), 30)
    slide(play.get_by_role("slider", name="delta high"), 30)
    expect(play.locator("code")).to_have_text(re.compile(r"ImageBrightness\(30, 30\)"), timeout=20_000)
    idle(viewer)
    assert colour(viewer.locator(".zoo-tile").first.locator("img").last, 0.2, 0.5) == [60, 130, 230, 255]
    play.get_by_role("button", name="Another epoch").click()
    idle(viewer)
    lab.picture("viewer_playground", viewer)
    lab.run_cell(3)
    expect(lab.output(3)).to_contain_text("chain: ChainedPreprocessing([ImageBrightness(30, 30)]) 1", timeout=20_000)
    slide(play.get_by_role("slider", name="delta high"), -5)
    expect(play.get_by_role("alert")).to_contain_text("Expected")
    play.get_by_role("button", name="Reset").click()
    idle(viewer)
    viewer.get_by_role("button", name="Chain", exact=True).click()
    expect(play).to_be_hidden()


def test_a_volume_is_cut_in_three_planes_with_a_window_of_values(lab):
    viewer = lab.output(2).locator(".zoo-viewer")
    viewer.locator(".zoo-tile").click()
    planes = viewer.locator(".zoo-plane")
    expect(viewer.get_by_role("img", name="axial 8 of 12")).to_be_visible(timeout=20_000)
    lab.picture("viewer_volume", viewer)
    middle = planes.first.evaluate(MIDDLE)[0]
    slide(viewer.get_by_role("slider", name="axial slice"), 10)
    expect(viewer.get_by_role("img", name="axial 11 of 12")).to_be_visible()
    deeper = planes.first.evaluate(MIDDLE)[0]
    assert deeper - middle == pytest.approx(3 * 20 * 255 / 252, abs=3)  # values reach from 0 to 220 and a corner's 32
    slide(viewer.get_by_role("slider", name="Brightest value"), 500)
    expect(viewer.locator(".zoo-window")).to_contain_text("0 … 126")
    lab.page.wait_for_function(f"canvas => ({MIDDLE})(canvas)[0] === 255", arg=planes.first.element_handle())
    viewer.get_by_label("Channel").select_option("1")
    lab.page.wait_for_function(f"canvas => ({MIDDLE})(canvas)[0] > 100", arg=planes.nth(1).element_handle())
    viewer.get_by_role("button", name="All images").click()


def test_it_is_legible_and_accessible_in_every_theme(lab, viewer):
    chain = viewer.get_by_role("button", name="Chain", exact=True)
    for theme in ("Light", "Dark"):
        lab.use_theme(f"JupyterLab {theme}")
        chain.click()
        viewer.locator("summary").first.click()
        lab.picture(f"viewer_{theme.lower()}", viewer)
        check_here(lab, viewer, ".zoo-viewer")
        viewer.locator("summary").first.click()
        chain.click()
        viewer.locator(".zoo-tile").nth(1).click()
        expect(viewer.locator(".zoo-panes")).to_be_focused()
        lab.picture(f"viewer_detail_{theme.lower()}", viewer)
        check_here(lab, viewer, ".zoo-viewer")
        lab.page.keyboard.press("Escape")
    lab.use_theme("JupyterLab Light")


def test_it_fits_into_a_narrow_cell(lab, viewer):
    lab.page.set_viewport_size({"width": 620, "height": 900})
    lab.picture("viewer_narrow", viewer)
    assert viewer.evaluate("root => root.scrollWidth <= root.clientWidth + 1")
    lab.page.set_viewport_size({"width": 1280, "height": 1000})


def test_after_a_reload_the_same_seed_and_epoch_give_the_same_pictures(lab, viewer):
    viewer.get_by_role("button", name="Chain", exact=True).click()
    first = colours(viewer)
    epoch = viewer.get_by_label("epoch")
    epoch.fill("5")
    epoch.press("Enter")
    idle(viewer)
    before = colours(viewer)
    assert before != first
    lab.run_cell(3)
    expect(lab.output(3)).to_contain_text("]) 5", timeout=20_000)
    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")
    lab.page.reload()
    lab.wait_for_kernel()
    expect(viewer.locator(".zoo-tile")).to_have_count(6, timeout=30_000)
    viewer.get_by_role("button", name="Chain", exact=True).click()
    expect(viewer.get_by_label("epoch")).to_have_value("5")
    assert colours(viewer) == before
    expect(lab.output(1).locator(".zoo-sheet")).to_have_count(1)
    expect(lab.output(1).locator(".zoo-sheet")).to_be_hidden()


def test_the_saved_notebook_keeps_a_picture_that_hides_beside_the_viewer(lab, viewer):
    expect(lab.output(1).locator(".zoo-sheet")).to_have_count(1)
    expect(lab.output(1).locator(".zoo-sheet")).to_be_hidden()
    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")
    path = lab.server.notebooks / "viewer.ipynb"
    outputs = nbformat.read(path, as_version=4).cells[1].outputs
    [kept] = [output.data for output in outputs if "zoo-sheet" in output.data.get("text/html", "")]
    assert "14 images" in kept["text/plain"]
    lab.page.evaluate("html => { document.body.innerHTML = html; }", kept["text/html"])
    image = lab.page.locator(".zoo-sheet img")
    expect(image).to_be_visible()
    lab.page.wait_for_function(LOADED, arg=image.element_handle())
    lab.picture("viewer_saved", image)
