"""The code of the environments' pages runs; what they say is checked in `test_docs_site.py`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from stable_baselines3 import PPO

from genenv import bundled, seeding

PAGES = Path(__file__).parents[1] / "docs" / "envs"
PAGES_OF_ENVS = [page for page in sorted(PAGES.glob("*.md")) if page.stem != "index"]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES_OF_ENVS, ids=lambda path: path.stem)
def test_the_first_code_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    block = re.search(r"```python\n(.*?)```", page.read_text(), re.DOTALL).group(1)
    if "runs/stress-digits-000" in block:
        (tmp_path / "runs").mkdir()
        (tmp_path / "runs" / "stress-digits-000").symlink_to(bundled.FOLDER)
    if "mine.zip" in block:
        with seeding.global_seed(0):
            PPO("MlpPolicy", "Pendulum-v1", device="cpu").save("mine.zip")
    exec(block, {})
