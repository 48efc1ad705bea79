"""The command `stress`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from genenv.cli.names import Objective, named, searches
from genenv.cli.running import chosen_folder, load_data, load_generator
from genenv.cli.shown import Name, Number, Pixels, Source, Switch, Threads, Updates, shown

UNDECIDED = 3  # exit code of a run that cannot be trusted


@dataclass(frozen=True)
class Stress:
    """Search a model for failures on plausible inputs, judge them, and write a page."""

    data: Source
    """digits, ring, grid, a folder of idx files or of class folders, or an .npz with x and y."""
    held_out: Annotated[str | None, shown("DATA", "the data's own test set, or a split")] = None
    """Data that neither model nor generator saw."""
    model: Annotated[str | None, shown("MODULE:NAME", "one is trained")] = None
    """The model under test, package.module:name or an .onnx file."""
    input: Name = "auto"
    """What the model is handed: raw arrays, unit (float32 n,c,h,w in [0, 1]), stored (the same in
    stored units) or flat rows."""
    layout: Name = "auto"
    """Where the axes of images lie: first (n, c, h, w), last (n, h, w, c), plain (n, h, w) or flat
    (n, c*h*w)."""
    mean: Annotated[tuple[float, ...], shown("X [X ...]", "none")] = ()
    """Subtracted from that: one number, or one a channel or column."""
    std: Annotated[tuple[float, ...], shown("X [X ...]", "none")] = ()
    """What it is then divided by."""
    preprocess: Annotated[str, shown("MODULE:NAME", "none")] = ""
    """A function of what the model is handed."""
    anyway: Switch = False
    """Search a model that is often wrong on real rows, too."""
    output: Name = "auto"
    """What it returns: probabilities or logits; auto: recognised and told."""
    classes: Annotated[tuple[str, ...], shown("NAME [NAME ...]", "sorted")] = ()
    """The data's classes in the order of its columns, where that is another."""
    criterion: Name = "misclassified"
    """When the model has failed: misclassified, misclassified:MARGIN (nats), target:INDEX of a
    class, top-k:K, or package.module:name of a function (output, label) -> severity."""
    generator: Annotated[str | None, shown("RUN|MODULE:NAME", "one is fitted")] = None
    """A run with a generator trained on these data, or package.module:name of one."""
    base_dim: Annotated[int | None, shown("N")] = None
    """Length of e, where --generator names a decoder (e, label) -> samples."""
    judge: Annotated[Path | None, shown("JUDGE", "one is made")] = None
    """A folder that genenv judge, stress or react left: its judge is taken as it stands."""
    search: Annotated[
        tuple[str, ...] | None,
        named(searches, "random evolution, and policy where no model is given", "NAME [NAME ...]"),
    ] = None
    """Players; of your own as package.module:name."""
    budget: Number = 20_000
    """Queries to the model a search and seed."""
    train_queries: Number = 100_000
    """Queries that training the policy player costs."""
    seeds: Annotated[tuple[int, ...], shown("N [N ...]")] = (0,)
    """Seeds of each search."""
    seed: Number = 0
    """Address of the split, the generator, the judge and the default model."""
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
    resume: Switch = False
    """Go on with what --out holds."""
    out: Annotated[Path | None, shown("RUN", "runs/stress-NAME-000, the next free number")] = None
    """The run's folder."""

    def __call__(self, line: str) -> int:
        """Run the main job and print its summary."""
        from genenv import runs, trust
        from genenv.downstream import import_model
        from genenv.stages import Stages
        from genenv.stressing import StressConfig, Stressing

        players = ("random", "evolution") if self.model else ("random", "evolution", "policy")
        config = StressConfig(
            search=self.search or players,
            budget=self.budget,
            train_queries=self.train_queries,
            seeds=self.seeds,
            seed=self.seed,
            input=self.input,
            output=self.output,
            layout=self.layout,
            classes=self.classes,
            criterion=self.criterion,
            mean=self.mean,
            std=self.std,
            preprocess=self.preprocess,
            anyway=self.anyway,
            objective=self.objective,
            steps=self.steps,
            threads=self.threads,
        )
        dataset = load_data(self.data, self.size, self.channels)
        held_out = (
            dataset.held_out
            if self.held_out is None
            else load_data(self.held_out, self.size, self.channels)
        )
        model = None if self.model is None else import_model(self.model)
        generator, stored = None, None
        if self.generator is not None:
            generator = load_generator(self.generator, dataset, self.base_dim)
            stored = Path(self.generator) if Path(self.generator).is_dir() else None
        out = chosen_folder(self.out, self.resume) or runs.next_folder(f"stress-{dataset.name}")
        stages = Stages(display=True)
        run = Stressing(
            config, dataset, held_out, model, generator, out, stages,
            line, model_path=self.model, generator_run=stored, judge=self.judge,
        )  # fmt: skip
        total = len(config.search) * len(config.seeds) * config.budget
        trained = any(entrant.needs_player for entrant in config.entrants)
        training = config.train_queries if trained else 0
        print(
            f"{total:,} queries: {len(config.search)} searches x {len(config.seeds)} seeds x "
            f"{config.budget:,}" + (f", and {training:,} to train policy" if training else "")
        )
        report = run.run(self.resume)
        print(report)
        return UNDECIDED if trust.bad(report.data["trust"]) else 0
