"""The model under test on the workers of a Ray cluster: rows go out, answers come back in order.

The rows of a query batch are cut into shards of a fixed size whatever the number of workers, and
the shards of all searches and seeds wait in one line, so a run's report is the same for any number
of workers and none is idle while there is a shard.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks
from genenv.downstream import Answers, Downstream
from genenv.downstream.patience import within

LOCAL = "local"  # address: a cluster of this machine's processors, for this run
SHARD = 16  # rows that a worker answers at a time
AHEAD = 2  # shards that wait at a worker, so that it is never idle; more are held back
RETRIES = 2  # of a shard whose worker died, each on a new worker
STARTING = 300  # seconds that workers may take to start
SETTINGS = {  # of Ray, where the user has none
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_IGNORE_UNHANDLED_ERRORS": "1",  # of shards that nobody waits for: another one raised
    "RAY_raylet_start_wait_time_s": "120",  # 30 are few on a busy machine
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # else a warning of every start; errors are raised anyway
    "RAY_worker_niceness": "0",  # workers are the work, and not to wait for other processes
}
OWN = "genenv"  # every worker has it


@dataclass(frozen=True)
class Cluster:
    """Where the model is asked."""

    address: str = LOCAL
    """`local`, `auto` for one that runs on this machine, HOST:PORT, or ray://HOST:PORT."""
    workers: int | None = None
    """Processes that hold the model, a core each; None: as many as the cluster has cores."""

    def __post_init__(self) -> None:
        """Raise a Mistake that names the field."""
        if self.workers is not None:
            checks.integer("ray_workers", self.workers)


class Worker:
    """Holds the model in a process of the cluster, and answers shards of rows."""

    def __init__(self, model: Downstream) -> None:
        torch.set_num_threads(1)
        self.model = model

    def answer(self, rows: NDArray[np.float32]) -> NDArray[Any]:
        """Answer (n, *units.shape) with what the model returns, as a kind does: (n, classes)."""
        with torch.no_grad(), within(self.model.timeout):
            return self.model(torch.from_numpy(np.array(rows))).numpy()


@dataclass(eq=False)
class _Sent:
    """A batch of rows that went out."""

    answers: list[Any]
    """Of its shards, in order; None: not yet."""
    error: Exception | None = None
    """What one of them raised."""

    @property
    def open(self) -> bool:
        """Whether an answer is missing and none is an error."""
        return self.error is None and any(answer is None for answer in self.answers)


class Line:
    """The shards of all batches that were sent, in order, and the workers that take them.

    Parameters
    ----------
    workers
        Handles of Ray actors of `Worker`.
    """

    def __init__(self, workers: Sequence[Any]) -> None:
        self._idle = deque([*workers] * AHEAD)
        self._todo: deque[tuple[_Sent, int, NDArray[Any]]] = deque()
        self._out: dict[Any, tuple[_Sent, int, Any]] = {}

    def send(self, x: Tensor) -> _Sent:
        """Put the shards of a batch into the line."""
        shards = [part.numpy() for part in torch.split(x.detach(), SHARD)]
        sent = _Sent([None] * len(shards))
        self._todo.extend((sent, at, rows) for at, rows in enumerate(shards))
        self._hand_out()
        return sent

    def wait(self, sent: _Sent) -> Tensor:
        """Return the answers to a batch; an exception of the model comes as it was raised."""
        while sent.open:
            self._take_in()
        if sent.error is not None:
            raise sent.error
        return torch.from_numpy(np.concatenate(sent.answers))

    def _hand_out(self) -> None:
        while self._todo and self._idle:
            sent, at, rows = self._todo.popleft()
            if sent.error is None:
                worker = self._idle.popleft()
                self._out[worker.answer.remote(rows)] = sent, at, worker

    def _take_in(self) -> None:
        """Wait for the next shard that is answered, whose ever it is."""
        import ray

        (ready,), _ = ray.wait(list(self._out))
        sent, at, worker = self._out.pop(ready)
        self._idle.append(worker)
        try:
            sent.answers[at] = np.array(ray.get(ready))
        except ray.exceptions.RayTaskError as error:
            sent.error = error.cause if isinstance(error.cause, Exception) else error
        except ray.exceptions.RayActorError as error:
            sent.error = error
        self._hand_out()


@final
class Spread(Downstream):
    """A model that workers answer for; everything but the answers is the model's own.

    Parameters
    ----------
    model
        As it was checked here.
    workers
        Handles of Ray actors of `Worker`.

    Raises
    ------
    ray.exceptions.RayActorError
        From a call: the rows ended their worker, more than `RETRIES` times.
    """

    kind_name: ClassVar[str] = "model"

    def __init__(self, model: Downstream, workers: Sequence[Any]) -> None:
        self.__dict__ |= model.__dict__ | {"kind_name": model.kind_name}
        self.timeout = 0.0  # each worker keeps the time of its shard
        self._line = Line(workers)
        self._sent: dict[int, tuple[Tensor, _Sent]] = {}  # by the batch, which lives as long

    @classmethod
    def fits(cls, model: Any) -> bool:  # noqa: ARG003
        """No model is spread unasked."""
        return False

    def begin(self, x: Tensor) -> Callable[[], Answers]:
        """Let workers begin with a batch; several may be on their way."""
        self._sent[id(x)] = x, self._line.send(x)
        return super().begin(x)

    def __call__(self, x: Tensor) -> Tensor:
        """Answer rows; an exception of the model comes as it was raised."""
        early = self._sent.pop(id(x), None)
        return self._line.wait(self._line.send(x) if early is None else early[1])


@contextmanager
def spread(cluster: Cluster, model: Downstream) -> Iterator[Spread]:
    """Put a model on the workers of a cluster, once each, and take it off in the end.

    Parameters
    ----------
    cluster
        Where.
    model
        As it was checked here.

    Raises
    ------
    Mistake
        Ray is not installed, there is no such cluster, it has fewer cores than workers are asked
        for, or the model cannot be sent.
    """
    ray = _imported()
    with _connected(ray, cluster):
        cores = int(ray.cluster_resources().get("CPU", 0))
        count = cluster.workers or cores
        if not 0 < count <= cores:
            raise checks.Mistake(
                f"a cluster of {max(count, 1)} cores, one a worker", f"{cores}", "ask for fewer"
            )
        kind = ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=RETRIES)(Worker)
        sent = ray.put(_sendable(ray, model))
        workers = [kind.remote(sent) for _ in range(count)]
        try:
            _started(ray, workers)
            yield Spread(model, workers)
        finally:
            for worker in workers:
                ray.kill(worker)


def _imported() -> Any:
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        do = "pip install 'genenv[ray]', or leave --ray out"
        raise checks.Mistake("Ray, to spread queries", "none installed", do) from error
    return ray


@contextmanager
def _connected(ray: Any, cluster: Cluster) -> Iterator[None]:
    """Join a cluster, or start one; what the caller had joined already stays."""
    if ray.is_initialized():
        yield
        return
    here = cluster.address == LOCAL
    main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(
            address=cluster.address,
            num_cpus=cluster.workers if here else None,  # a model may wait more than it works
            include_dashboard=False if here else None,
            log_to_driver=False,
            logging_level="ERROR",
            runtime_env={"env_vars": {"OMP_NUM_THREADS": "1"}},
        )
    except Exception as error:  # Ray raises that very class where it cannot start
        got = str(error).strip().partition("\n")[0]
        do = "give its address, or try again when there is more room"
        raise checks.Mistake(f"a Ray cluster at {cluster.address}", got, do) from error
    if main:
        signal.signal(signal.SIGTERM, handler)  # Ray takes it, and ends the process at once
    try:
        yield
    finally:
        ray.shutdown()


def _sendable(ray: Any, model: Downstream) -> Downstream:
    """Return a model whose own code goes with it, for it need not lie where a worker is."""
    for part in (model.model, model.preprocess):
        name = (getattr(part, "__module__", None) or type(part).__module__).partition(".")[0]
        module = sys.modules.get(name)
        place = getattr(module, "__file__", None)
        if place and name != OWN and not _installed(Path(place)):
            ray.cloudpickle.register_pickle_by_value(module)
    try:
        ray.cloudpickle.dumps(model)
    except Exception as error:
        raise checks.Mistake(
            "a model that can be sent to workers, as pickle does it", error,
            "give its class __getstate__ and __setstate__, or leave --ray out",
        ) from error  # fmt: skip
    return model


def _installed(place: Path) -> bool:
    """Whether a file lies with the installed packages, which workers have too."""
    return {"site-packages", "dist-packages"} & set(place.parts) != set() or place.is_relative_to(
        Path(os.__file__).parent
    )


def _started(ray: Any, workers: Sequence[Any]) -> None:
    """Wait until every worker has the model; what it raises there is told."""
    try:
        ray.get([worker.__ray_ready__.remote() for worker in workers], timeout=STARTING)
    except ray.exceptions.RayError as error:
        raise checks.Mistake(
            f"{len(workers)} workers that hold the model", str(error).strip().splitlines()[-1],
            "see whether the model loads there",
        ) from error  # fmt: skip
