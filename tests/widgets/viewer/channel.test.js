import { beforeEach, expect, it } from "vitest";
import { Channel } from "../../../zoo_lab/widgets/viewer/static/channel.js";
import { makeModel } from "../page.js";

let model;
let channel;

beforeEach(() => {
  model = makeModel();
  channel = new Channel(model);
});

const answer = (content, buffers) => model.receive({ content: { type: "answer", ...content }, buffers });

it("gives each question its own answer, in whatever order they come", async () => {
  const [first, second] = [channel.ask("items", { start: 0 }), channel.ask("whole", { index: 3 })];
  expect(model.sent).toEqual([{ type: "items", start: 0, id: 1 }, { type: "whole", index: 3, id: 2 }]);
  answer({ id: 2, of: "whole" }, ["picture"]);
  answer({ id: 1, of: "items" });
  expect(await second).toEqual([{ type: "answer", id: 2, of: "whole" }, ["picture"]]);
  expect((await first)[1]).toEqual([]);
});

it("rejects with what the kernel says is wrong", async () => {
  const asked = channel.ask("whole", { index: 5 });
  answer({ id: 1, problem: "it is cut off" });
  await expect(asked).rejects.toThrow("it is cut off");
});

it("keeps its own numbers, and lets nobody answer what was not asked", async () => {
  const asked = channel.ask("play", { id: 99, type: "stop" });
  expect(model.sent).toEqual([{ type: "play", id: 1 }]);
  answer({ id: 99 });
  model.receive({ content: { type: "other", id: 1 } });
  answer({ id: 1, fine: true });
  expect((await asked)[0].fine).toBe(true);
});

it("listens no more once it is closed", () => {
  channel.close();
  expect(model.listens()).toBe(false);
});
