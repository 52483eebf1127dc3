"""The form of %zoo_context in a real JupyterLab: filled with the keyboard, in the dark, until Spark runs."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.contrast import worst_contrast

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_start_in_the_form_starts_the_context_that_its_line_says(lab):
    lab.open_notebook(["%load_ext zoo_lab\n%zoo_context --form --memory 1g"])
    lab.use_theme("JupyterLab Dark")
    lab.run_cell(0)
    form = lab.output(0).locator(".zoo-form")
    expect(form).to_be_visible(timeout=60_000)
    line = form.locator("code")
    expect(line).to_have_text("%zoo_context --memory 1g")

    form.get_by_label("Master").fill("locale")
    expect(form.get_by_label("Master")).to_have_attribute("aria-invalid", "true", timeout=30_000)
    expect(form).to_contain_text("Expected master to be local[N]")
    ratio, text = worst_contrast(form)
    assert ratio >= 4.5, text  # WCAG AA
    assert violations(lab.page, ".zoo-form") == []
    lab.picture("context_form_dark", form)

    form.get_by_label("Master").fill("local[2]")
    form.get_by_label("Keep as").fill("context")
    expect(line).to_have_text("%zoo_context --master local[2] --memory 1g -o context", timeout=30_000)
    form.get_by_role("button", name="Insert as a cell").click()
    expect(lab.cell(1)).to_contain_text("%zoo_context --master local[2]")
    form.get_by_label("Master").press("Enter")
    expect(form).to_be_hidden(timeout=120_000)
    expect(lab.output(0)).to_contain_text("local[2]")
    expect(lab.output(0)).to_contain_text("warm")
