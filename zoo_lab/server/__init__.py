"""The Jupyter server extension: serves what kernels wrote about their contexts and runs, and takes requests for them.

It knows nothing of Spark: `zoo_lab.core.kernelstate` is all that it and the kernels share.
`requests` decides what is allowed, `states` reads the files, `sources` asks them or a gateway, `handlers` speaks HTTP.
"""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "zoo_lab.server"}]


def _load_jupyter_server_extension(server: Any) -> None:
    from zoo_lab.server.handlers import routes

    base_url = server.web_app.settings["base_url"]
    server.web_app.add_handlers(".*$", routes(base_url, server.kernel_manager))
