"""The command `react`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from genenv.cli.names import Objective, learners, named
from genenv.cli.running import chosen_folder, load_data, load_generator
from genenv.cli.shown import Number, Pixels, Source, Switch, Threads, Updates, shown


@dataclass(frozen=True)
class React:
    """Study how learners react to noise and to generated data; leaves a run folder.

    Trained learners meet noise of latents, of generated samples and of real rows, in strengths 0 to
    5. Learners in training meet shares of generated data, filtered or not, beside real data only.
    Every figure is in RUN/react.json, in RUN/react.html, and in TensorBoard.
    """

    data: Source
    """Labelled: digits, ring, grid, a folder of idx files or of class folders, or an .npz."""
    out: Annotated[Path | None, shown("RUN", "runs/react-NAME-000, the next free number")] = None
    """The run's folder."""
    resume: Switch = False
    """Go on with what --out holds."""
    generator: Annotated[str | None, shown("RUN|MODULE:NAME", "one is fitted")] = None
    """A run whose generator is met, or package.module:name of one; it needs classes."""
    judge: Annotated[Path | None, shown("JUDGE", "one is made")] = None
    """A folder that genenv judge, stress or react left: its judge is taken as it stands."""
    learner: Annotated[
        tuple[str, ...], named(learners, "all but svm, slow on many rows", "NAME [NAME ...]")
    ] = ()
    """A name or module:factory, where the factory returns what has scikit-learn's fit and
    predict_proba, as sklearn.naive_bayes:GaussianNB does. It is given the seed as seed or
    random_state, or as the one argument that it requires; without any of these it makes the same
    learner for every seed."""
    noise: Annotated[tuple[str, ...], shown("NAME [NAME ...]", "all")] = ()
    """SOURCE:KIND, as latent:temperature, sample:blur or real:blur."""
    residuals: Annotated[Path | None, shown("RUN", "none")] = None
    """A run fitted to what real rows differ by: it is met as sample:learned and real:learned."""
    samples: Number = 500
    """Generated samples a noise and strength."""
    sizes: Annotated[tuple[int, ...], shown("N [N ...]", "all, at most 10,000, and a quarter")] = ()
    """Real rows of a training set."""
    seeds: Annotated[tuple[int, ...], shown("N [N ...]")] = (0,)
    """Of the learners and samples; several give bands."""
    seed: Number = 0
    """Of the split, the generator and the judge."""
    objective: Objective = "relativistic"
    """Of the generator that is fitted where none is given."""
    steps: Updates = None
    """Updates of that generator."""
    threads: Threads = 0
    """CPU threads; 0: one for tiny networks, else torch's default."""
    size: Pixels = None
    """Pixels a side to which a folder's images are resized."""
    channels: Pixels = None
    """1 (grey) or 3 (colour) to which a folder's images are turned."""

    def __call__(self, line: str) -> int:
        """Run the study and say where its figures lie."""
        from genenv import api, runs
        from genenv.reacting import ReactConfig, Reacting
        from genenv.report.reactions import summary
        from genenv.stages import Stages

        config = ReactConfig(
            learners=self.learner,
            noises=self.noise,
            samples=self.samples,
            sizes=self.sizes,
            seeds=self.seeds,
            seed=self.seed,
            objective=self.objective,
            steps=self.steps,
            threads=self.threads,
        )
        dataset = load_data(self.data, self.size, self.channels)
        generator, stored = None, None
        if self.generator is not None:
            generator = load_generator(self.generator, dataset, None)
            stored = Path(self.generator) if Path(self.generator).is_dir() else None
        residuals = None if self.residuals is None else api.load(self.residuals)
        out = chosen_folder(self.out, self.resume) or runs.next_folder(f"react-{dataset.name}")
        stages = Stages(display=True)
        study = Reacting(
            config, dataset, generator, out, stages, line, residuals, stored, judge=self.judge
        )
        content = study.run(self.resume)
        print(summary(content))
        print(
            f"page:      {out}/react.html\n"
            f"overview:  tensorboard --logdir {out}/overview\n"
            f"by noise:  tensorboard --logdir {out}/noise"
        )
        return 0
