"""The client of docs/scale.md against a server on loopback that fails now and then."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
import toys

from genenv import downstream

PAGE = Path(__file__).parent.parent / "docs" / "scale.md"


class Server(BaseHTTPRequestHandler):
    """Answers the class of the sign of a row's first number; every third call fails."""

    calls: list[int] = []  # noqa: RUF012
    dead = False

    def do_POST(self):
        rows = np.array(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.calls.append(len(rows))
        if self.dead or len(self.calls) % 3 == 0:
            self.send_error(503)
            return
        p = np.where(rows[:, :1] > 0, [[0.9, 0.1]], [[0.2, 0.8]])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(p.tolist()).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def remote():
    (code,) = re.findall(r"```python\n(.*?class Remote.*?)```", PAGE.read_text(), re.DOTALL)
    names = {}
    exec(code, names)
    Server.calls = []
    Server.dead = False
    server = HTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    client = names["Remote"]()
    client.url = f"http://127.0.0.1:{server.server_port}/predict"
    client.pause = 0.001
    yield client
    server.shutdown()
    server.server_close()


def test_the_client_batches_and_tries_again(remote):
    x = np.random.default_rng(0).normal(size=(150, 3)).astype(np.float32)
    p = remote(x)
    assert np.array_equal(p[:, 0] > 0.5, x[:, 0] > 0)
    assert Server.calls == [64, 64, 22, 22]  # the third call failed


def test_a_server_that_stays_away_is_an_error_of_the_rows(remote):
    model = downstream.wrap(remote, toys.codec((3,), "float32", (-3.0,), (3.0,)), (0, 1))
    remote.tries = 2
    assert not model.answers(torch.randn(4, 3)).error.any()
    Server.dead = True
    found = model.answers(torch.randn(4, 3))
    assert found.error.all()
    assert "503" in found.trouble
