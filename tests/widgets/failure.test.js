import { afterEach, expect, it } from "vitest";
import { FailurePanel } from "../../zoo_lab/widgets/static/failure.js";

const ERROR = {
  rows: [["What", "KeyError: 'a'"], ["Where", "Cell In[3], line 2, in step: row['a']"], ["Worker", "worker 1 on node-7"], ["Sample", "row 70"], ["What to do", "Mend it."]],
  traceback: "Traceback (most recent call last): <b>",
};

afterEach(() => document.body.replaceChildren());

it("shows each part under its name, and all of it folded", () => {
  const panel = new FailurePanel();
  document.body.append(panel.element);
  panel.update(ERROR);
  expect([...panel.element.querySelectorAll("dt")].map((each) => each.textContent)).toEqual(ERROR.rows.map(([name]) => name));
  expect([...panel.element.querySelectorAll("dd")].map((each) => each.textContent)).toEqual(ERROR.rows.map(([, words]) => words));
  expect(panel.element.querySelector("details").open).toBe(false);
  expect(panel.element.querySelector("pre").textContent).toBe(ERROR.traceback);
  panel.update(null);
  expect(panel.element.hidden).toBe(true);
});
