from __future__ import annotations

import torch

torch.set_num_threads(1)  # tiny networks: two threads beside another busy process take ten times
