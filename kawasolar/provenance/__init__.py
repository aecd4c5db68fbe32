"""Where every figure comes from: explanations down to file, row and person, the register of assumptions, the papers that went out."""

from __future__ import annotations

from kawasolar.provenance.explain import explain, figures_of
from kawasolar.provenance.exports import ExportState, export_states, record, with_record
from kawasolar.provenance.model import (
    CriterionSource,
    EnteredSource,
    Explanation,
    FileSource,
    LedgerSource,
    NothingToExplain,
    Override,
    ProfileSource,
    Source,
    StageNote,
    TableSource,
    as_json,
)
from kawasolar.provenance.register import changes, register
from kawasolar.provenance.sources import Desk
from kawasolar.provenance.words import sentences

__all__ = [
    "CriterionSource", "Desk", "EnteredSource", "Explanation", "ExportState", "FileSource", "LedgerSource", "NothingToExplain", "Override",
    "ProfileSource", "Source", "StageNote", "TableSource", "as_json", "changes", "explain", "export_states", "figures_of", "record", "register", "sentences",
    "with_record",
]  # fmt: skip
