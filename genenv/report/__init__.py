"""The report."""
import json

from genenv.report import summary
from genenv.report.document import document
from genenv.report.evidence import Evidence


class Report:
    def __init__(self, data, evidence):
        self.data, self.evidence = document(data), evidence
    def save(self, folder):
        (folder/"report.json").write_text(json.dumps(self.data, indent=2))
    def __str__(self):
        return summary.text(self.data, None)
