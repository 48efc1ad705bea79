"""A run's row in TensorBoard's HParams table: its settings, and the scalars that are its results.

The protos lie in the run itself, so that its own scalars are the metrics; a sub-run would be a row
without any.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from genenv import checks

Setting = bool | float | str
FIRST = 5  # columns that TensorBoard shows until one chooses others


def plain(settings: Mapping[str, Any]) -> dict[str, Setting]:
    """Turn settings into what the table shows.

    Numbers, strings and truth values stay, None is left out (an empty cell), the members of a tuple
    or list are joined by spaces, and those of a mapping get columns named NAME/KEY.
    """
    columns: dict[str, Setting] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            columns |= {f"{name}/{key}": inner for key, inner in plain(value).items()}
        elif isinstance(value, tuple | list):
            columns[name] = " ".join(map(str, value))
        elif value is not None:
            columns[name] = value
    return columns


def start(settings: Mapping[str, Setting], metrics: Sequence[str]) -> list[Any]:
    """Make the summary values that a run begins with.

    Parameters
    ----------
    settings
        Columns of the table: truth values, finite numbers or strings. The first five are shown
        at once, the others when they are ticked.
    metrics
        Tags of scalars of this run, columns too.

    Raises
    ------
    Mistake
        Another kind of value, NaN or infinity.
    """
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    experiment, session = api_pb2.Experiment(), plugin_data_pb2.SessionStartInfo()
    session.start_time_secs = time.time()
    for place, (name, value) in enumerate(settings.items()):
        kind, field = _kind(name, value)
        setattr(session.hparams[name], field, value)
        info = experiment.hparam_infos.add(name=name, type=getattr(api_pb2, kind))
        info.differs = place < FIRST  # these come first; all others go by name
    for tag in metrics:
        experiment.metric_infos.add().name.tag = tag
    return [
        _value(metadata.EXPERIMENT_TAG, experiment=experiment),
        _value(metadata.SESSION_START_INFO_TAG, session_start_info=session),
    ]


def end() -> Any:
    """Make the summary value of a run that came to its end."""
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    session = plugin_data_pb2.SessionEndInfo(
        status=api_pb2.STATUS_SUCCESS, end_time_secs=time.time()
    )
    return _value(metadata.SESSION_END_INFO_TAG, session_end_info=session)


def _kind(name: str, value: object) -> tuple[str, str]:
    """Return the table's type of a setting, and the field of a JSON value that holds it."""
    if isinstance(value, bool):  # before numbers, of which it is one
        return "DATA_TYPE_BOOL", "bool_value"
    if isinstance(value, str):
        return "DATA_TYPE_STRING", "string_value"
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise checks.Mistake(
            f"{name} to be True or False, a finite number or a string", repr(value), "convert it"
        )
    return "DATA_TYPE_FLOAT64", "number_value"


def _value(tag: str, **content: Any) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import metadata, plugin_data_pb2

    data = plugin_data_pb2.HParamsPluginData(**content)
    described = metadata.create_summary_metadata(data)
    return Summary.Value(tag=tag, metadata=described, tensor=metadata.NULL_TENSOR)
