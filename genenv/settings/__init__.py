"""What commands and calls can be told: a frozen dataclass each, and no import of torch.

A setting's name, type, default and sentence are written here and nowhere else: `genenv COMMAND
--help` reads them, the calls of `genenv.api` take the same names and defaults.
"""

from genenv.settings.fit import FitConfig
from genenv.settings.harden import HardenConfig
from genenv.settings.loading import LoadingConfig
from genenv.settings.policy import PolicyConfig
from genenv.settings.react import ReactConfig
from genenv.settings.regress import RegressConfig
from genenv.settings.stress import StressConfig
from genenv.settings.table import TableConfig

__all__ = [
    "FitConfig",
    "HardenConfig",
    "LoadingConfig",
    "PolicyConfig",
    "ReactConfig",
    "RegressConfig",
    "StressConfig",
    "TableConfig",
]
