"""A policy under test as a study: nature's players, the exact event, how often, the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genenv import files, runs, seeding
from genenv.campaign import Log
from genenv.envs.known_worlds import known
from genenv.judge import Verdict
from genenv.ledger import Ledger
from genenv.metrics.light import BAD, DOUBTFUL, GOOD, Light
from genenv.parts import Part
from genenv.playing import Players, entered
from genenv.policies import page
from genenv.policies.asking import ExactEvent, PolicyProbe
from genenv.policies.episodes import Episodes, imported, undisturbed
from genenv.policies.likeliest import STEPS, inward, with_energies
from genenv.policies.summary import COUNTED
from genenv.policies.ways import MOST, Control, Failures, modes, ordinary_scale
from genenv.progress import Progress
from genenv.settings import PolicyConfig
from genenv.settings.policy import law_of
from genenv.starting import starts_of
from genenv.study import Study

SCHEMA = 1
BAD_SHARE = 0.5  # of starts from which an undisturbed policy fails: nothing is learned of it


class PolicyStress(Study[dict[str, Any]]):
    """One stress run of a policy in a folder.

    Parameters
    ----------
    config
        Settings.
    policy
        A function of a batch of observations, a Stable-Baselines3 model, the path of its zip,
        module:name of either, or None: the policy that comes with the world.
    trust
        Whether a zip may be read, which runs code that it holds.
    folder, stages, line, lasting
        See `Study`.

    Raises
    ------
    Mistake
        The parts do not fit each other, or the zip is not trusted.
    """

    command = "stress"

    def __init__(
        self,
        config: PolicyConfig,
        policy: Any,
        trust: bool,
        folder: Path,
        stages: Progress | None = None,
        line: str = "",
        lasting: bool = True,
    ) -> None:
        super().__init__(folder, stages, line, lasting)
        self.config, self.named = config, policy if isinstance(policy, str | None) else None
        self.entrants = entered(config.search, config.starts_from)
        self.episodes = Episodes(config, imported(policy), trust)
        self.probe = PolicyProbe(self.episodes)
        self.judge = ExactEvent(self.episodes.base_dim)
        before = config.starts_from
        self.starts = None
        if before is not None:
            law = law_of(runs.settings(config))
            self.starts = starts_of(Path(before).expanduser(), law)

    def settings(self) -> dict[str, Any]:
        """See `Study.settings`."""
        return {"policy": runs.settings(self.config), "model": self.named}

    def parts(self) -> Sequence[Part[Any]]:
        """See `Study.parts`: all that is kept are the episodes."""
        return []

    def totals(self) -> dict[str, int]:
        """See `Study.totals`."""
        episodes = self.config.budget * len(self.config.seeds)
        rate = {"rate": self.config.rate_budget} if self.config.rate else {}
        last = {"likeliest": STEPS, "report": 1}
        return dict.fromkeys((one.name for one in self.entrants), episodes) | rate | last

    def words(self) -> dict[str, str]:
        """See `Study.words`."""
        return {"findings": "episodes"}

    def work(self) -> dict[str, Any]:
        """Search, estimate and report."""
        if not self.episodes.has_miss:
            self.tell("No distance from the failure is known: players get no slope to climb.")
        alone = undisturbed(self.episodes)
        players = Players(
            self,
            self.config,
            self.entrants,
            self.starts,
            self.probe,
            self.judge,
            self.config.starts,
        )
        logs = players.play()
        found = self._found()
        scale = ordinary_scale(self.episodes, self.config.seed)
        ways = modes(found, scale, _control(logs, found))
        moved = self._inward(found, ways) if ways else found
        content = players.rated(self._content(logs, alone.failed, found), logs, COUNTED)
        with self.stages.stage("report"):
            content["modes"] = with_energies(ways, moved)
            content["timings"] = dict(self.stages.seconds)
            files.write_json(self.folder / "report.json", content)
            page.write(content, moved, self.episodes, self.folder / "report.html")
        return content

    def _inward(self, found: Failures, ways: list[dict[str, Any]]) -> Failures:
        """Bring the likeliest failures nearer, and keep them with what replays them."""
        seed = seeding.fold(self.config.seed, "inward")
        with self.stages.stage("likeliest") as advance:
            moved = inward(self.episodes, found, ways, seed, advance)
        path = self.folder / "likeliest.npz"
        files.write_atomically(path, lambda file: np.savez(file, e=moved.e, label=moved.start))
        return moved

    def _found(self) -> Failures:
        """Play a sample of the confirmed failures again, in turn over the searches."""
        parts, ledger = [], Ledger(self.folder)
        for entrant in self.entrants:
            for seed in self.config.seeds:
                columns = ledger.read(entrant.name, seed, ("e", "label", "verdict", "energy"))
                assert columns is not None
                own = np.flatnonzero(columns["verdict"] == Verdict.CONFIRMED)
                each = MOST // (len(self.entrants) * len(self.config.seeds))
                if len(own) > each:
                    self.tell(
                        f"Modes are those of the {each:,} likeliest of the {len(own):,} failures "
                        f"of {entrant.name} (seed {seed})."
                    )
                    own = own[np.argsort(columns["energy"][own], kind="stable")[:each]]
                parts.append((columns["e"][own], columns["label"][own], entrant.name))
        e, start = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
        name = np.concatenate([np.full(len(part[0]), part[2]) for part in parts])
        played = self.episodes.play(e, start) if len(e) else undisturbed(self.episodes).rows([])
        if not played.failed.all():
            self.tell(
                f"{int((~played.failed).sum())} of {len(e)} failures did not fail again: the world "
                "or the policy draws numbers of its own, and nothing here is to be trusted."
            )
        return Failures(e, start, name, played)

    def _content(
        self,
        logs: Sequence[Log],
        alone: Any,
        found: Failures,
    ) -> dict[str, Any]:
        least = {name: found.played.energy[found.search == name] for name in set(found.search)}
        light = self._light(int(alone.sum()), len(alone), bool(found.played.failed.all()))
        return {
            "schema": SCHEMA,
            "kind": "policy",
            "data": {"name": self.config.env},
            "trust": {"model": vars(light)},
            "model": {"name": self.named or "policy"},
            "law": {
                "base_dim": self.episodes.base_dim,
                "channels": self._strengths,
                "horizon": self.episodes.env.horizon,
                "starts": self.config.starts,
                "plausible_energy": self.judge.budget,
            },
            "undisturbed": {"failed": int(alone.sum()), "rows": len(alone)},
            "searches": [
                log.tally()
                | {"least_energy": float(least[log.search].min()) if log.search in least else None}
                for log in logs
            ],
            "notes": list(self.notes),
            "command": self.line,
        }

    @property
    def _strengths(self) -> dict[str, Any]:
        given = self.config.strengths()
        return given or dict(known(self.episodes.env.world.name).channels)

    def _light(self, failed: int, rows: int, repeats: bool) -> Light:
        """Say whether the run can be trusted."""
        if not repeats:
            said = "does not fail again from its stored disturbances"
            return Light(BAD, said, "take every draw of world and policy from the given seed")
        figure = f"fails undisturbed from {failed} of {rows} starts"
        if not failed:
            return Light(GOOD, figure, "")
        light = BAD if failed >= BAD_SHARE * rows else DOUBTFUL
        return Light(light, figure, "mend it in the undisturbed world first")


def _control(logs: Sequence[Log], found: Failures) -> Control:
    """Return the control of a run; one of which some failures were left out tells no mass."""
    law = [log for log in logs if log.samples_law]
    names = frozenset(log.search for log in law)
    confirmed = sum(len(log.confirmed_at) for log in law)
    whole = confirmed == int(np.isin(found.search, list(names)).sum())
    return Control(names, sum(len(log.verdict) for log in law) if whole else 0)
