"""TensorBoard as users see it: its HTTP endpoints, and its pages in headless Chromium."""

from __future__ import annotations

import json
import logging
import shutil
import urllib.parse
import urllib.request
from contextlib import contextmanager

import pytest

FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
PLAIN = ["--disable-gpu"]
WEBGL = [  # which a machine without a display card does in software
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
PATIENCE = 60  # seconds until a page must show something


class Board:
    """TensorBoard over what a folder holds now, in this process."""

    def __init__(self, folder):
        from tensorboard import program

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        board = program.TensorBoard()
        # the plain reader, once and to the end before anything is served
        options = {"load_fast": "false", "reload_task": "blocking", "reload_interval": 0}
        board.configure(logdir=str(folder), host="localhost", port=0, **options)
        self.url = board.launch()

    def raw(self, path, body=None, **query):
        """Ask an endpoint below data/ for bytes; with a body, by POST."""
        url = f"{self.url}data/{path}?{urllib.parse.urlencode(query)}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def ask(self, path, body=None, **query):
        """Ask an endpoint for JSON."""
        return json.loads(self.raw(path, body, **query))

    def plugin(self, path, body=None, **query):
        """Ask an endpoint of a plugin for JSON."""
        return self.ask(f"plugin/{path}", body, **query)

    def tab(self, page):
        """Open the tab genenv alone, as TensorBoard's frame of it does; TensorBoard takes 2 s."""
        page.goto(f"{self.url}data/plugin_entry.html?name=genenv")
        return page

    def sessions(self):
        """Return the rows of the HParams table: name -> settings, {tag: value}, status."""
        metrics = self.plugin("hparams/experiment", {})["metricInfos"]
        names = ("UNKNOWN", "SUCCESS", "FAILURE", "RUNNING")
        asked = {
            "allowedStatuses": [f"STATUS_{name}" for name in names],
            "colParams": [{"metric": info["name"]} for info in metrics],
            "sliceSize": 100,
        }
        groups = self.plugin("hparams/session_groups", asked)["sessionGroups"]
        return {
            group["name"]: (
                group["hparams"],
                {m["name"]["tag"]: m.get("value") for m in group["metricValues"]},
                group["sessions"][0]["status"].removeprefix("STATUS_"),
            )
            for group in groups
        }


@contextmanager
def browser(draws=PLAIN):
    """Open headless Chromium, or skip the test with the reason."""
    reason = "the extra browser brings Playwright"
    driver = pytest.importorskip("playwright.sync_api", reason=reason)
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("chromium is not installed")
    with driver.sync_playwright() as play:
        opened = play.chromium.launch(executable_path=path, args=FLAGS + draws)
        opened_page = opened.new_page(viewport={"width": 1300, "height": 900})
        opened_page.set_default_timeout(1000 * PATIENCE)
        yield opened_page
        opened.close()
