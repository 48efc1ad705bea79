"""Do the tests notice? Faults are planted, one at a time, and the tests named for each run.

    python scripts/mutants.py                     all, after the same tests without a fault
    python scripts/mutants.py --only gradient     those whose name has the word

A fault is a piece of a file and what stands there instead. Each runs in a copy of the sources in a
temporary folder; `alive` means that the tests passed all the same: a hole. Prints a line a fault
and how many live; exit 1 where one does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Mutant:
    """A fault, and the tests that should fail with it."""

    name: str
    file: str
    old: str
    new: str
    tests: str
    """As pytest takes them, below tests/, with blanks between."""


MUTANTS = (
    # what the judge stands on
    Mutant(
        "audit members learn every fold", "genenv/judge/members.py",
        "part, unseen = data.without(number),", "part, unseen = data.without(-1),",
        "test_judge_folds.py::test_every_member_of_the_audit_learns_all_folds_but_one",
    ),
    Mutant(
        "guide learns its gates' fold", "genenv/judge/fitting.py",
        "part = data.without(GUIDE_FOLD)", "part = data.without(-1)",
        "test_judge_folds.py::test_the_guide_never_learns_the_fold_that_sets_its_gates",
    ),
    Mutant(
        "a training row is judged by members of another fold", "genenv/judge/folds.py",
        "return np.where(self.name[place] == names, own,",
        "return np.where(self.name[place] != names, own,",
        "test_judge.py::test_equal_rows_share_a_fold_and_a_training_row_keeps_its_own",
    ),
    Mutant(
        "oracles learn unvaried rows", "genenv/judge/teaching.py",
        "loss = functional.cross_entropy(network(varied)",
        "loss = functional.cross_entropy(network(batch)",
        "test_judge_folds.py::test_an_oracle_learns_varied_rows_and_a_quarter_of_none_of_these",
    ),
    Mutant(
        "columns are not jittered", "genenv/judge/variations.py",
        "return rows + noise", "return rows + 0 * noise",
        "test_judge_folds.py::test_columns_are_jittered_by_up_to_the_spread",
    ),
    Mutant(
        "no rows of none of these", "genenv/judge/teaching.py",
        "    return torch.cat([batch, made]), target", "    return batch, label",
        "test_judge_folds.py::test_an_oracle_learns_varied_rows_and_a_quarter_of_none_of_these",
    ),
    Mutant(
        "a wrong row less in the cut's test", "genenv/judge/promise.py",
        "binom.cdf(wrong, accepted, share)", "binom.cdf(wrong - 1, accepted, share)",
        "test_judge_promise.py",
    ),
    Mutant(
        "the cut goes one step too far down", "genenv/judge/promise.py",
        "i = passed - 1", "i = min(passed, len(cuts) - 1)",
        "test_judge_promise.py",
    ),
    Mutant(
        "the cut may be below its floor", "genenv/judge/promise.py",
        "cut = max(found.cut, FLOOR)", "cut = found.cut",
        "test_judge.py::test_a_cut_is_never_below_the_floor",
    ),
    Mutant(
        "the fallback takes the largest error", "genenv/judge/promise.py",
        "enough[np.argmin(wrong[enough]", "enough[np.argmax(wrong[enough]",
        "test_judge_promise.py",
    ),
    Mutant(
        "a passing row is judged ambiguous", "genenv/judge/audit.py",
        "flips = np.flatnonzero(severity > 0)", "flips = np.flatnonzero(severity >= 0)",
        "test_judge.py::test_the_first_verdict_that_applies_is_given",
    ),
    Mutant(
        "unrealistic samples are confirmed", "genenv/judge/audit.py",
        "np.where(sound, held, Verdict.INVALID)", "held",
        "test_judge.py::test_most_real_rows_are_confirmed_and_no_wrong_label_is",
    ),
    Mutant(
        "the audit's cut is strict", "genenv/judge/audit.py",
        "torch.where(top >= self.cut, guess, NONE)", "torch.where(top > self.cut, guess, NONE)",
        "test_judge_folds.py::test_the_cut_itself_is_accepted_and_less_is_not",
    ),
    Mutant(
        "makes are weighed alike", "genenv/judge/temper.py",
        "return weight.float()", "return even.float()",
        "test_judge.py::test_weights_follow_log_loss_and_leave_no_make_alone",
    ),
    Mutant(
        "temperature turned round", "genenv/judge/temper.py",
        "(p.clamp_min(LEAST).log() / temperature)", "(p.clamp_min(LEAST).log() * temperature)",
        "test_judge_promise.py",
    ),
    Mutant(
        "a gate that is not kept refuses", "genenv/judge/realism.py",
        "        if gate.kept:\n            passed", "        if True:\n            passed",
        "test_judge_folds.py::test_only_gates_that_were_kept_refuse",
    ),
    Mutant(
        "trust: a control above its limit is passed over", "genenv/trust.py",
        'row["accepted"]["share"] > row["limit"]', 'row["accepted"]["share"] > 1',
        "test_trust.py",
    ),
    Mutant(
        "trust: at its limit a control is bad", "genenv/trust.py",
        'row["accepted"]["share"] > row["limit"]', 'row["accepted"]["share"] >= row["limit"]',
        "test_trust.py",
    ),
    # players
    Mutant(
        "evolution restarts a generation late", "agents/evolution.py",
        "(self.age >= self.generations)", "(self.age > self.generations)",
        "test_agents_restarts.py",
    ),
    Mutant(
        "evolution goes on after a success", "agents/evolution.py",
        "found | (self.age", "(self.age", "test_agents_restarts.py",
    ),
    Mutant(
        "evolution keeps the worst", "agents/evolution.py",
        "topk(self.parents, dim=1)", "topk(self.parents, dim=1, largest=False)",
        "test_search.py::test_players_that_learn_beat_chance_by_a_lot_on_a_half_space",
    ),
    Mutant(
        "cut-off offspring may be parents", "agents/evolution.py",
        "-np.inf, np.float32)", "0, np.float32)", "test_agents_restarts.py",
    ),
    Mutant(
        "gradient keeps its moments over a restart", "agents/gradient.py",
        "self.adam.begin(chains)\n", "pass\n", "test_agents_restarts.py",
    ),
    Mutant(
        "gradient restarts a step late", "agents/gradient.py",
        "(self.age[:n] >= self.steps)", "(self.age[:n] > self.steps)", "test_agents_restarts.py",
    ),
    Mutant(
        "gradient climbs severity for ever", "agents/gradient.py",
        "np.where(climbing, findings.gradient, 0)", "findings.gradient",
        "test_search.py::test_a_chain_of_the_gradient_search_takes_the_steps_of_adam",
    ),
    Mutant(
        "policy sees a share of the horizon less", "agents/policy.py",
        "1 - self.age[:count] / horizon,", "1 - (self.age[:count] + 1) / horizon,",
        "test_agents_restarts.py::test_the_player_sees_the_share_of_the_horizon_that_training_showed_it",
    ),
    Mutant(
        "policy plays a step beyond the horizon", "agents/policy.py",
        "(self.age[:count] >= horizon)", "(self.age[:count] > horizon)",
        "test_agents_policy.py::test_chains_start_afresh_after_success_or_at_the_horizon",
    ),
    Mutant(
        "training of the player overdraws its queries", "agents/policy.py",
        "findings = super().__call__(e[:left], label[:left], gradient)",
        "findings = super().__call__(e, label, gradient)",
        "test_agents_policy.py::test_training_spends_exactly_the_queries_and_shows_them_all",
    ),
    Mutant(
        "random draws an address twice", "agents/random.py",
        "self.asked += len(index)", "self.asked += len(index) - 1",
        "test_agents_restarts.py::test_random_draws_every_address_once",
    ),
    # what is counted
    Mutant(
        "a curve forgets the shards before", "genenv/campaign.py",
        "total = before + np.cumsum(", "total = np.cumsum(",
        "test_campaign.py::test_a_curve_goes_on_over_shards_and_over_an_interruption",
    ),
    Mutant(
        "a curve's steps begin anew with a shard", "genenv/campaign.py",
        "total[row]}, start + row + 1)", "total[row]}, row + 1)",
        "test_campaign.py::test_a_curve_goes_on_over_shards_and_over_an_interruption",
    ),
    Mutant(
        "the budget is overdrawn", "genenv/campaign.py",
        "while at < self.budget:", "while at <= self.budget - 1 + 64:",
        "test_campaign.py::test_every_query_is_a_row_on_disk",
    ),
    Mutant(
        "queries are counted from nought", "genenv/campaign.py",
        "np.nonzero(self.verdict == Verdict.CONFIRMED)[0] + 1",
        "np.nonzero(self.verdict == Verdict.CONFIRMED)[0]",
        "test_campaign.py::test_a_tally_counts_verdicts_and_says_when_failures_came",
    ),
    Mutant(
        "a resumed search is told another's findings", "genenv/campaign.py",
        "if not asked:", "if False:",
        "test_campaign.py::test_other_labels_and_other_batches_are_other_questions",
    ),
    Mutant(
        "distinct failures pack out of order", "genenv/counting.py",
        "if free[row]:", "if True:", "test_failures.py",
    ),
    Mutant(
        "clusters by the nearest pair", "genenv/counting.py",
        'linkage(points[sample].numpy(), "average")', 'linkage(points[sample].numpy(), "single")',
        "test_failures.py",
    ),
    Mutant(
        "spacing counts a row as its own neighbour", "genenv/counting.py",
        "distance[torch.arange(len(rows)), rows] = torch.inf",
        "distance[torch.arange(len(rows)), rows] += 0",
        "test_failures.py::test_spacing_agrees_with_brute_force",
    ),
    Mutant(
        "shares of samples are rounded down", "genenv/sampling.py",
        "whole[lost[: total - whole.sum()]] += 1", "whole[lost[: total - whole.sum()]] += 0",
        "test_sampling.py::test_keep_gives_as_many_as_were_asked_for",
    ),
    Mutant(
        "shares go up where least was lost", "genenv/sampling.py",
        "np.argsort(whole - wanted", "np.argsort(wanted - whole",
        "test_sampling.py::test_shares_are_rounded_up_where_most_was_lost",
    ),
    # probabilities
    Mutant(
        "Wilson's interval for the exact bound", "genenv/rate/plain.py",
        "intervals.at_most(0, samples)", "intervals.wilson(0, samples)[1]",
        "test_rate.py::test_without_a_failure_the_bound_is_exact",
    ),
    Mutant(
        "a tie is a failure", "genenv/rate/plain.py",
        "(values > 0).sum()", "(values >= 0).sum()",
        "test_rate.py::test_a_tie_is_no_failure",
    ),
    Mutant(
        "subset simulation forgets the chains' correlation", "genenv/rate/subset.py",
        "(1 + max(gamma, 0.0))", "1",
        "test_rate_rare.py::test_repeated_runs_on_the_walk_are_unbiased_and_their_intervals_hold_the_truth",
    ),
    Mutant(
        "subset simulation takes every move", "genenv/rate/subset.py",
        "kept = new > threshold", "kept = new > -math.inf",
        "test_rate_rare.py::test_a_half_space_has_its_known_probability",
    ),
    Mutant(
        "subset simulation moves without shrinking", "genenv/rate/subset.py",
        "math.sqrt(1 - step**2) * e + step * noise", "e + step * noise",
        "test_rate_rare.py::test_a_half_space_has_its_known_probability",
    ),
    Mutant(
        "importance weights without the prior's share", "genenv/rate/importance.py",
        "torch.logaddexp(near, prior + math.log(DEFENSIVE))", "near",
        "test_rate_rare.py::test_importance_sampling_around_the_design_point_agrees "
        "test_rate_rare.py::test_a_mode_that_no_centre_knows_is_still_seen_by_the_prior_s_share",
    ),
    Mutant(
        "two-sided for one-sided", "genenv/intervals.py",
        'return _of_share(count, total, "less", "exact", level)[1]',
        'return _of_share(count, total, "two-sided", "exact", level)[1]', "test_intervals.py",
    ),
    # laws and games
    Mutant(
        "a key forgets the order of its path", "genenv/seeding.py",
        "h = _mix(h ^ _mix(_word(part) + _GOLDEN))", "h = h ^ _mix(_word(part) + _GOLDEN)",
        "test_seeding.py",
    ),
    Mutant(
        "Philox of nine rounds", "genenv/seeding.py",
        "for _ in range(10):", "for _ in range(9):", "test_seeding.py",
    ),
    Mutant(
        "a class is picked against its weight", "genenv/noise/discrete.py",
        "arrival / weights).argmin", "arrival * weights).argmin", "test_noise.py",
    ),
    Mutant(
        "the ball holds a little less", "genenv/noise/geometry.py",
        "special.chdtri(k, 1 - PLAUSIBLE_MASS)", "special.chdtri(k, 1.1 - PLAUSIBLE_MASS)",
        "test_noise.py",
    ),
    Mutant(
        "one ε for a whole batch", "genenv/objectives/wasserstein.py",
        "torch.rand(len(on_real), generator=rng, device=real.device)",
        "torch.rand(1, generator=rng, device=real.device).expand(len(on_real))",
        "test_objectives.py",
    ),
    Mutant(
        "a penalty of the batch's norm", "genenv/objectives/slopes.py",
        "slope.square().view(len(scores), -1).sum(1)",
        "slope.square().sum().expand(len(scores))", "test_objectives.py",
    ),
    Mutant(
        "half the penalty", "genenv/objectives/relativistic.py",
        "half = self.penalty / 2", "half = self.penalty / 4", "test_objectives.py",
    ),
    Mutant(
        "a rarer penalty is no heavier", "genenv/training/update.py",
        "dict.fromkeys(objective.penalties, penalty)", "dict.fromkeys(objective.penalties, 1)",
        "test_training_game.py",
    ),
    Mutant(
        "a rarer penalty is counted by steps", "genenv/training/game.py",
        "update = index * self.config.critic_steps + k", "update = index", "test_training_game.py",
    ),
    Mutant(
        "clipping of batch norm", "genenv/objectives/wasserstein.py",
        "if not isinstance(part, nn.modules.batchnorm._BatchNorm)", "if True",
        "test_objectives.py",
    ),
    Mutant(
        "minimax where the game does not saturate", "genenv/objectives/gan.py",
        '{"adversarial": softplus(-critic(fake))}', '{"adversarial": -softplus(critic(fake))}',
        "test_objectives.py",
    ),
    Mutant(
        "processes draw each for itself", "genenv/training/game.py",
        "if self.world.size == 1:\n            return nullcontext()",
        "if self.world.size >= 1:\n            return nullcontext()",
        "test_training_distributed.py",
    ),
    Mutant(
        "the deep pair is the plain one", "genenv/networks/deep_dcgan.py",
        'kind = "deep-dcgan"\n    blocks = 1\n\n\nclass', 'kind = "deep-dcgan"\n\n\nclass',
        "test_networks.py",
    ),
    # seats, criteria, settings
    Mutant(
        "LatentProbe pays no price", "envs/latent_probe.py",
        "+ BONUS * success - PRICE", "+ BONUS * success", "test_envs_latent_probe.py",
    ),
    Mutant(
        "LatentProbe moves rows that have ended", "envs/latent_probe.py",
        "torch.where(torch.from_numpy(live)[:, None], moved, self._e)", "moved",
        "test_envs_latent_probe.py",
    ),
    Mutant(
        "a margin that helps the model fail", "genenv/criteria.py",
        "_of(output, label) - self.margin", "_of(output, label) + self.margin",
        "test_own_kinds.py::test_a_criterion_says_when_the_model_has_failed",
    ),
    Mutant(
        "the guide is lenient in the score", "genenv/probe.py",
        "score = severe.clamp_max(1.0) - loss", "score = severe.clamp_max(1.0)",
        "test_probe.py::test_the_score_is_severity_up_to_one_less_what_the_guide_takes",
    ),
    Mutant(
        "a call drops a setting", "genenv/settings/calls.py",
        "for n in names})", "for n in names[1:]})", "test_settings.py",
    ),
    # laws of tables, regressors, finished runs
    Mutant(
        "a mixture may copy rows", "genenv/tables/components.py",
        "honest = more <= max(MORE_COPIES, more[0])", "honest = more <= 1.0",
        "test_tables_mixture.py::"
        "test_components_that_copy_rows_are_not_taken_however_likely_they_are",
    ),
    Mutant(
        "a mixture's components gain nothing", "genenv/tables/components.py",
        "KEPT = 0.85  #", "KEPT = 0.0  #", "test_tables_mixture.py",
    ),
    Mutant(
        "a copula draws its columns apart", "genenv/regression/copula.py",
        "ndtr(e.astype(np.float64) @ self.factor.T)", "ndtr(e.astype(np.float64))",
        "test_regression_law.py::test_a_copula_keeps_marginals_and_how_columns_rise_together",
    ),
    Mutant(
        "a copula draws between listed values", "genenv/regression/copula.py",
        "stepped if self.steps[column] else between", "between",
        "test_regression_law.py::"
        "test_listed_values_stay_in_the_list_and_missing_ones_leave_it_to_the_mixture",
    ),
    Mutant(
        "the copula is taken where it is worse", "genenv/regression/law.py",
        "told[1] < told[0] - BETTER", "told[1] > told[0] - BETTER",
        "test_regression_law.py::test_few_rows_whose_columns_hang_together_get_a_copula_and_"
        "independent_ones_a_mixture",
    ),
    Mutant(
        "the audit of values learns the guide's rows", "genenv/regression/judging.py",
        '"audit": split.audit,', '"audit": split.guide,',
        "test_regression.py::test_guide_and_audit_learn_from_disjoint_rows",
    ),
    Mutant(
        "a conformal quantile one score too low", "genenv/regression/panel.py",
        "(len(scores) + 1) * level", "(len(scores) - 1) * level", "test_regression_panel.py",
    ),
    Mutant(
        "the cache takes a judge of other values", "genenv/regression/judging.py",
        'described(source) | {"name": "", "target": ""}', 'runs.describe(source.dataset)',
        "test_regression.py::"
        "test_a_judge_of_the_same_rows_comes_from_the_cache_and_of_others_it_is_made",
    ),
    Mutant(
        "a share of a report above one", "genenv/report/typed.py",
        "Part = Annotated[float, msgspec.Meta(ge=0, le=1)]", "Part = float",
        "test_damaged_runs.py",
    ),
    Mutant(
        "held failures lie as their files do", "genenv/census.py",
        "for _, part in parts]).rows(order)", "for _, part in parts])",
        "test_census.py::test_all_are_held_where_there_is_room_in_order_of_log_and_query",
    ),
    Mutant(
        "more failures are held than there is room for", "genenv/census.py",
        "place < max(1, _level(counts, most))", "place <= max(1, _level(counts, most))",
        "test_census.py",
    ),
    Mutant(
        "rates enter a run of another model", "genenv/rerating.py",
        "    done.check_model(probe)\n", "",
        "test_finished.py::test_rates_of_another_model_are_refused",
    ),
    # seats and searches of their own
    Mutant(
        "the surrogate asks what it found", "agents/surrogate.py",
        "return x, score, (score > self.promise) & (self._nearest(x, self.label) > self.radius)",
        "return x, score, score > self.promise",
        "test_search.py::test_a_surrogate_promises_nothing_where_it_succeeded",
    ),
    Mutant(
        "the surrogate learns no answers after its first", "agents/surrogate.py",
        "updates, count = self.updates, len(self.seen)", "updates, count = 0, len(self.seen)",
        "test_search.py::test_a_surrogate_goes_on_learning",
    ),
    Mutant(
        "the lamp of the dial is lit by chance", "envs/dial.py",
        "order[np.arange(rows), place] = -1.0", "order[np.arange(rows), place] += 0.0",
        "test_envs_detective.py::test_who_reads_the_dial_is_right_after_two_looks",
    ),
    Mutant(
        "every disturbance of a policy is plausible", "genenv/policies/asking.py",
        "loss = 2 * np.maximum(beyond, 0)", "loss = 0 * np.maximum(beyond, 0)",
        "test_policies.py::test_a_failure_beyond_the_plausible_energy_is_refused_and_scores_less",
    ),
    Mutant(
        "a row on a threshold goes right", "genenv/judge/exits.py",
        "np.searchsorted(steps, x[:, number])", 'np.searchsorted(steps, x[:, number], "right")',
        "test_judge.py::test_leaves_are_found_by_what_nodes_rule_out_as_by_a_walk",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Arguments:
    """Plant faults and count those that no test sees."""

    only: Annotated[str, tyro.conf.arg(metavar="WORD")] = ""
    """Of the names of the faults; empty: all."""


@contextmanager
def copied() -> Iterator[Path]:
    """Lay the sources out in a temporary folder as they are installed, beside the tests."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        folder = Path(name)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "genenv", folder / "genenv", ignore=ignored)
        for room in ("envs", "agents"):
            shutil.copytree(ROOT / room, folder / "genenv" / room, ignore=ignored)
        shutil.copytree(ROOT / "tests", folder / "tests", ignore=ignored)
        yield folder


def passes(folder: Path, tests: str) -> bool:
    """Run tests on the sources of a folder."""
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider"]
    named = [f"tests/{test}" for test in tests.split()]
    own = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        [*words, *named], cwd=folder, env=own, capture_output=True, text=True, check=False
    )
    if ended.returncode not in (0, 1):
        raise SystemExit(f"{tests} could not be run:\n{ended.stdout}{ended.stderr}")
    return ended.returncode == 0


def lives(folder: Path, mutant: Mutant) -> bool:
    """Plant a fault, run its tests, and take it out again."""
    room, _, rest = mutant.file.partition("/")
    path = folder / (mutant.file if room == "genenv" else f"genenv/{room}/{rest}")
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise SystemExit(f"{mutant.name}: {mutant.old!r} is not once in {mutant.file}")
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        return passes(folder, mutant.tests)
    finally:
        path.write_text(text, encoding="utf-8")


def main(arguments: Arguments) -> int:
    """Run them; returns the exit code."""
    chosen = [mutant for mutant in MUTANTS if arguments.only in mutant.name]
    alive = 0
    with copied() as folder:
        every = sorted({test for mutant in chosen for test in mutant.tests.split()})
        if not passes(folder, " ".join(every)):
            raise SystemExit("the tests fail without a fault")
        for mutant in chosen:
            survived = lives(folder, mutant)
            alive += survived
            print(f"{'ALIVE ' if survived else 'killed'} {mutant.name}", flush=True)
    print(f"{alive} of {len(chosen)} live")
    return int(alive > 0)


if __name__ == "__main__":
    sys.exit(main(tyro.cli(Arguments)))
