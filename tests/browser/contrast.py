"""How well the texts of an element can be told from what is behind them."""

from __future__ import annotations

from playwright.sync_api import Locator

_CONTRASTS = """root => {
    const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
    const background = element => {
        for (let node = element; node; node = node.parentElement) {
            const colour = numbers(getComputedStyle(node).backgroundColor);
            if (colour[3] !== 0) return colour;
        }
    };
    const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
        .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const ratio = element => {
        const pair = [light(background(element)), light(numbers(getComputedStyle(element).color))];
        const [a, b] = pair.sort((a, b) => b - a);
        return (a + 0.05) / (b + 0.05);
    };
    const own = element => [...element.childNodes].filter(node => node.nodeType === Node.TEXT_NODE)
        .map(node => node.textContent.trim()).join(" ").trim();
    return [root, ...root.querySelectorAll("*")]
        .filter(element => own(element) && element.getClientRects().length && !element.closest("style"))
        .map(element => [ratio(element), own(element)]);
}"""


def worst_contrast(element: Locator) -> tuple[float, str]:
    """Return the lowest contrast of a text of `element` that is shown, by WCAG's formula (1 to 21), and that text."""
    contrasts = element.evaluate(_CONTRASTS)
    assert contrasts, "The element shows no text."
    return min((ratio, text) for ratio, text in contrasts)
