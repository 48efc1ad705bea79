"""The command `sample`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from genenv import checks
from genenv.settings import places
from genenv.settings.names import named, noises
from genenv.settings.shown import Left, Number, Share, shown


@dataclass(frozen=True)
class Sample:
    """Draw samples from a trained generator into an .npz file, or rows into a table."""

    run: Left
    """A folder that fit or stress left."""
    out: Annotated[Path, shown("FILE")]
    """The .npz file to write, with x and, for a conditional generator, y; of a table's generator a
    .csv or .parquet file."""
    generator: Annotated[str | None, shown("FILE.onnx|MODULE:NAME", "as the run keeps it")] = None
    """The decoder that the run had, where its generator came from elsewhere."""
    count: Number = 10_000
    """Number of samples."""
    label: Annotated[str | None, shown("CLASS", "drawn uniformly")] = None
    """Name of a class, as the data have it."""
    noise: Annotated[str | None, named(noises, "the trained one")] = None
    """Another law for the latents; of your own as package.module:name."""
    strength: Share = 1.0
    """Factor on the latents: below 1 shrinks them, above 1 spreads them."""
    keep: Share = 1.0
    """Share of the samples that the critic scores best, of each class; above 0, up to 1."""
    seed: Number = 0
    """Address of the samples."""
    where: Annotated[str | None, shown("TEXT", "any row")] = None
    """Of a table's rows: "age in 60..70 and hours-per-week <= 25"."""
    data: Annotated[str | None, shown("FILE|loans", "not told")] = None
    """The table, to print beside the generator's the real rows' share that fulfils --where."""

    def __call__(self, _line: str) -> int:
        """Draw and write."""
        places.run(self.run)
        from genenv import tables

        if tables.holds_table(self.run):
            from genenv.cli.tables import sample_table

            return sample_table(self)
        if self.where is not None and Path(self.run).is_dir():
            raise checks.Mistake("--where with a table's generator", self.run, "leave it out")
        if self.data is not None:
            raise checks.Mistake("--data with a table's generator", self.run, "leave it out")
        return self._sample_arrays()

    def _sample_arrays(self) -> int:
        import numpy as np

        from genenv import api, sampling
        from genenv.importing import import_model

        decode = None if self.generator is None else import_model(self.generator)
        generator = api.load(self.run, generator=decode)
        law = sampling.noise_named(generator, self.noise, self.strength)
        driven = sampling.driven_by(generator, law)
        label = sampling.class_index(generator, self.label)
        x, index = sampling.best(driven, self.count, self.seed, label, self.keep)
        y = None if index is None else np.array(generator.classes)[index]
        print(f"{len(x)} samples: {sampling.write(self.out, x, y)}")
        return 0
