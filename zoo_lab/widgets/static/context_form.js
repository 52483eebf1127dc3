/** The form for a context's settings: a field for each, what is wrong beside it, and the line that says the same. */

import { h, setText } from "./dom.js";

const PAUSE = 150; // milliseconds without a key before the kernel is asked
const STARTING = "Starting…";

/** What anywidget calls: once for each model. */
export default function contextForm() {
  return {
    render({ model, el }) {
      const view = new FormView(model);
      el.append(view.element);
      return view.connect();
    },
  };
}

let forms = 0;

class FormView {
  constructor(model) {
    this.model = model;
    this.id = `zoo-form-${(forms += 1)}`;
    this.inputs = new Map();
    this.touched = new Set();
    this.waiting = 0;
    this.element = this.build();
  }

  build() {
    this.line = h("code", { class: "zoo-form-line", tabindex: "0", "aria-label": "The line that does the same" });
    this.said = h("span", { class: "zoo-form-said", role: "status" });
    this.failed = h("pre", { class: "zoo-form-failed", role: "alert", hidden: "" });
    this.start = h("button", { type: "submit", class: "zoo-form-start" }, "Start");
    const insert = h("button", { type: "button", onclick: () => this.insert() }, "Insert as a cell");
    const copy = h("button", { type: "button", onclick: () => this.copy() }, "Copy");
    const fields = this.model.get("fields").map((field) => this.field(field));
    const notice = this.model.get("notice");
    const form = h("form", { class: "zoo-form", novalidate: "", "aria-label": "Settings of a Spark context" });
    form.append(
      h("div", { class: "zoo-form-notice", hidden: notice ? null : "" }, notice),
      h("div", { class: "zoo-form-fields" }, ...fields),
      h("div", { class: "zoo-form-same" }, this.line, copy, insert),
      h("div", { class: "zoo-form-foot" }, this.start, this.said),
      this.failed,
    );
    form.addEventListener("submit", (event) => this.submit(event));
    form.addEventListener("keydown", (event) => event.stopPropagation()); // letters are the notebook's commands
    return form;
  }

  field(field) {
    const id = `${this.id}${field.name}`;
    const input = this.input(field, id);
    const help = h("small", { id: `${id}-help` }, field.many ? `${field.help}; one in a line` : field.help);
    const problem = h("small", { id: `${id}-problem`, class: "zoo-form-problem", hidden: "" });
    input.setAttribute("aria-describedby", help.id);
    this.inputs.set(field.name, { input, help, problem });
    const suggestions = h("datalist", { id: `${id}-list` }, ...field.suggestions.map((value) => h("option", { value })));
    if (field.suggestions.length) input.setAttribute("list", suggestions.id);
    input.addEventListener("input", () => this.touch(field.name));
    input.addEventListener("change", () => this.touch(field.name));
    const label = h("label", { for: id }, field.title);
    return h("div", { class: "zoo-form-field" }, label, input, ...(field.suggestions.length ? [suggestions] : []), help, problem);
  }

  input(field, id) {
    const text = this.model.get("values")[field.name] ?? "";
    if (field.kind === "flag") {
      const box = h("input", { type: "checkbox", id });
      box.checked = text !== "";
      return box;
    }
    const attributes = { id, placeholder: field.default || field.metavar, autocomplete: "off", spellcheck: "false" };
    if (!field.many) {
      const mode = field.kind === "number" ? { inputmode: "numeric" } : {};
      return h("input", { type: "text", value: text, ...mode, ...attributes });
    }
    const area = h("textarea", { rows: "2", ...attributes });
    area.value = text;
    return area;
  }

  /** Option → what was entered; a flag that is set is "1". */
  values() {
    const entered = ({ input }) => (input.type === "checkbox" ? (input.checked ? "1" : "") : input.value);
    return Object.fromEntries([...this.inputs].map(([name, field]) => [name, entered(field)]));
  }

  touch(name) {
    this.touched.add(name);
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.model.send({ type: "check", values: this.values() }), PAUSE);
  }

  submit(event) {
    event.preventDefault();
    if (this.start.disabled) return;
    clearTimeout(this.waiting);
    for (const name of this.inputs.keys()) this.touched.add(name);
    this.start.disabled = true;
    this.failed.hidden = true;
    setText(this.said, STARTING);
    this.model.send({ type: "start", values: this.values() });
  }

  receive(content) {
    if (content.type === "checked") this.mark(content.problems);
    else if (content.type === "said") setText(this.said, content.text);
    else if (content.type === "started") this.rest("Started.");
    else if (content.type === "failed") {
      this.rest("");
      this.failed.hidden = false;
      setText(this.failed, content.text);
    }
  }

  /** Say beside each field what is wrong with it; where Start met some, lead to the first. */
  mark(problems) {
    let first = null;
    for (const [name, { input, help, problem }] of this.inputs) {
      const words = this.touched.has(name) ? (problems[name] ?? "") : "";
      setText(problem, words);
      problem.hidden = !words;
      input.setAttribute("aria-invalid", String(words !== ""));
      input.setAttribute("aria-describedby", words ? `${problem.id} ${help.id}` : help.id);
      if (words) first ??= input;
    }
    if (!this.start.disabled || !first) return;
    this.rest("");
    first.focus();
  }

  rest(words) {
    this.start.disabled = false;
    setText(this.said, words);
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.model.get("line"));
      setText(this.said, "Copied.");
    } catch {
      getSelection().selectAllChildren(this.line);
      setText(this.said, "The line is selected: copy it with Ctrl+C.");
    }
  }

  /** Ask whoever owns the page for a new cell; only JupyterLab with zoo_lab's extension can, elsewhere copy. */
  insert() {
    const detail = { source: this.model.get("line") };
    const taken = !this.element.dispatchEvent(new CustomEvent("zoo-lab:insert", { bubbles: true, cancelable: true, detail }));
    if (taken) setText(this.said, "Inserted below.");
    else this.copy();
  }

  connect() {
    const receive = (content) => this.receive(content);
    const told = () => setText(this.line, this.model.get("line"));
    told();
    this.model.on("msg:custom", receive);
    this.model.on("change:line", told);
    return () => {
      clearTimeout(this.waiting);
      this.model.off("msg:custom", receive);
      this.model.off("change:line", told);
    };
  }
}
