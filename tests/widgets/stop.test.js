import { afterEach, describe, expect, it, vi } from "vitest";
import { cookie, pageConfig, postRequest, requestOf, requestStop } from "../../zoo_lab/widgets/static/stop.js";
import { makeModel, serve } from "./page.js";

afterEach(() => {
  vi.unstubAllGlobals();
  document.head.replaceChildren();
});

const STOP = { action: "stop", run: "run-1" };

describe("postRequest", () => {
  it("leaves the request at the server's own route, under its base URL", async () => {
    const fetch = serve({ baseUrl: "/user/ada/", token: "secret" });
    expect(await postRequest("kernel-1", STOP)).toBe(true);
    const [path, { method, credentials, headers, body }] = fetch.mock.calls[0];
    expect(path).toBe("/user/ada/zoo-lab/api/kernels/kernel-1/requests");
    expect([method, credentials]).toEqual(["POST", "same-origin"]);
    expect(JSON.parse(body)).toEqual({ action: "stop", run: "run-1" });
    expect(headers["X-XSRFToken"]).toBe("2|abc");
    expect(headers.Authorization).toBe("token secret");
  });

  it("sends no token where the page has none", async () => {
    const fetch = serve({ baseUrl: "/" });
    await postRequest("kernel-1", STOP);
    expect(fetch.mock.calls[0][0]).toBe("/zoo-lab/api/kernels/kernel-1/requests");
    expect(fetch.mock.calls[0][1].headers).not.toHaveProperty("Authorization");
  });

  it("says no where the server does not know the route, is away, or is none", async () => {
    serve({ status: 404 });
    expect(await postRequest("kernel-1", STOP)).toBe(false);
    vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("network")));
    expect(await postRequest("kernel-1", STOP)).toBe(false);
    document.head.replaceChildren();
    expect(await postRequest("kernel-1", STOP)).toBe(false);
  });

  it("asks no server about a kernel without an id", async () => {
    const fetch = serve();
    expect(await postRequest("", STOP)).toBe(false);
    expect(fetch).not.toHaveBeenCalled();
  });
});

describe("requestStop", () => {
  it("goes both ways at once", async () => {
    const fetch = serve();
    const model = makeModel();
    const text = await requestStop(model);
    expect(model.sent).toEqual([{ type: "stop" }]);
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(text).toContain("Stopping…");
  });

  it("tells the user of ■ where only the kernel can be asked", async () => {
    const model = makeModel();
    expect(await requestStop(model)).toContain("■");
    expect(model.sent).toEqual([{ type: "stop" }]);
  });
});

describe("requestOf", () => {
  it("goes both ways with what it is given", async () => {
    const fetch = serve();
    const model = makeModel();
    expect(await requestOf(model, "pause")).toBe(true);
    const request = { action: "pause", run: "run-1" };
    expect(model.sent).toEqual([{ type: "request", request }]);
    expect(JSON.parse(fetch.mock.calls[0][1].body)).toEqual(request);
  });
});

describe("the page", () => {
  it("may hold a config that is no JSON", () => {
    document.head.innerHTML = `<script id="jupyter-config-data" type="application/json">{</script>`;
    expect(pageConfig()).toBe(null);
  });

  it("gives a cookie by its whole name", () => {
    document.cookie = "my_xsrf=wrong";
    document.cookie = "_xsrf=right";
    expect(cookie("_xsrf")).toBe("right");
    expect(cookie("none")).toBe("");
  });
});
