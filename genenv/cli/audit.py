"""The command `audit`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from genenv import checks
from genenv.settings import places
from genenv.settings.shown import Left, Number, Switch, shown


@dataclass(frozen=True)
class Audit:
    """Let a person look at a run's failures, blind, and correct its counts by what they see."""

    run: Left
    """A folder that stress left."""
    rater: Annotated[str, shown("NAME")] = "me"
    """Whose answers these are: several raters are kept apart."""
    count: Number = 60
    """Samples on the sheet, which the first rater's call draws."""
    csv: Switch = False
    """A file to fill in, RUN/audit/NAME.csv, in the place of a page; call again to read it."""
    port: Annotated[int, shown("N", "a free one")] = 0
    """Of the page, on 127.0.0.1."""

    def __call__(self, _line: str) -> int:
        """Serve the page until Ctrl-C, or write or read the file; then say what was found."""
        places.run(self.run)
        from genenv import auditing, finished

        if (kind := finished.opened(self.run).kind) != "stress":
            raise checks.Mistake(
                "a run of a classifier", f"that of a {kind}",
                "nobody sees by looking whether it failed: read its report",
            )  # fmt: skip
        audit = auditing.open_audit(Path(self.run), self.count)
        answers = audit.answers(self.rater)
        if self.csv:
            path = Path(self.run) / "audit" / f"{self.rater}.csv"
            if not path.is_file():
                audit.write_csv(path)
                print(f"Fill in the answers in {path}: {auditing.names_of(audit.classes)}.")
                print("Then call this command again.")
                return 0
            answers.read_csv(path)
        else:
            self._serve(audit, answers)
        result = auditing.publish(audit)
        print(
            "No confirmed failure has an answer yet."
            if result is None
            else auditing.sentence(result)
        )
        return 0

    def _serve(self, audit: object, answers: object) -> None:
        from genenv.auditing import Audit as Opened
        from genenv.people import Answers
        from genenv.report.serve import Page, served

        assert isinstance(audit, Opened)
        assert isinstance(answers, Answers)
        page = Page(audit.sheet, answers, audit.units, audit.classes)
        server = served(page, self.port)
        print(f"Open {page.address(server.server_port)}", flush=True)
        print("Every answer is kept at once; Ctrl-C ends the audit.", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            server.server_close()
