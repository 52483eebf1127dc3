/** Stop, Pause, Resume: they ask the Jupyter server and the kernel, since a kernel that runs a cell does not listen to its widgets. */

/** What the page says about its server: {baseUrl, token}, or null outside JupyterLab and Notebook. */
export function pageConfig(page = document) {
  const element = page.getElementById("jupyter-config-data");
  if (!element) return null;
  try {
    const { baseUrl, token } = JSON.parse(element.textContent);
    return { baseUrl: baseUrl || "/", token: token || "" };
  } catch {
    return null;
  }
}

/** The value of a cookie, or "". */
export function cookie(name, page = document) {
  const found = page.cookie.split("; ").find((entry) => entry.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

/** Leave `request` for the kernel with the server. Resolves to true when the server took it. */
export async function postRequest(kernelId, request, page = document) {
  const config = pageConfig(page);
  if (!config || !kernelId) return false;
  const path = `${config.baseUrl.replace(/\/$/, "")}/zoo-lab/api/kernels/${encodeURIComponent(kernelId)}/requests`;
  const headers = { "Content-Type": "application/json", "X-XSRFToken": cookie("_xsrf", page) };
  if (config.token) headers.Authorization = `token ${config.token}`;
  try {
    const body = JSON.stringify(request);
    const answer = await fetch(path, { method: "POST", credentials: "same-origin", headers, body });
    return answer.ok;
  } catch {
    return false;
  }
}

/** Stop the run of `model` by both ways; the text says what the user can expect. */
export async function requestStop(model, page = document) {
  model.send({ type: "stop" });
  const request = { action: "stop", run: model.get("run_id") };
  const taken = await postRequest(model.get("kernel_id"), request, page);
  return taken
    ? "Stopping… the iteration under way is finished first."
    : "Stop was sent to the kernel, which hears it when the cell pauses. To stop at once, use ■ of the notebook.";
}

/** Ask by both ways for something else than Stop, such as "pause"; resolves to true when the server took it. */
export async function requestOf(model, action, fields = {}, page = document) {
  const request = { action, run: model.get("run_id"), ...fields };
  model.send({ type: "request", request });
  return postRequest(model.get("kernel_id"), request, page);
}
