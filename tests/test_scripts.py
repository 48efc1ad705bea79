"""What scripts print of figures that are already there; measuring takes their minutes."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parent.parent / "scripts"


def test_frechet_distances_of_different_features_are_not_averaged(tmp_path):
    figures = dict.fromkeys(("gan_train", "agreement", "precision", "recall", "real_train"), 0.5)
    named = {"objective": "gan", "network": "mlp", "norm": "none", "steps": 9}
    rows = [
        {**figures, **named, "seed": seed, "frechet": 10.0 + seed, "frechet_real": 1.0 + seed}
        for seed in (0, 1)
    ]
    path = tmp_path / "objectives.json"
    path.write_text(json.dumps(rows))
    words = ["digits", "--objectives", "gan", "--seeds", "0", "1", "--out", str(path)]
    command = [sys.executable, str(SCRIPTS / "objectives.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert "| 10.00 (1.00) / 11.00 (2.00) |" in done.stdout
