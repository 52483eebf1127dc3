/** Makes elements in one expression. */

/** An element: h("button", { class: "x", onclick: f, "aria-label": "…" }, "text", child). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, content] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), content);
    else if (content !== null && content !== undefined && content !== false) element.setAttribute(name, content);
  }
  element.append(...children);
  return element;
}

/** Set an element's text only where it differs: screen readers and the browser's layout are left in peace. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The colour that a CSS custom property has at `element`. */
export function colourOf(element, property) {
  return getComputedStyle(element).getPropertyValue(property).trim() || "#757575";
}
