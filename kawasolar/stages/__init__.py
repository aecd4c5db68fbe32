"""The chain of stages: what each depends on, which results are stale and why, and computing only these."""

from __future__ import annotations

from kawasolar.stages.bench import Bench, missing, observed
from kawasolar.stages.chain import CHAIN, Stage, StageName, asked_of
from kawasolar.stages.run import bring_up_to_date, settled, stamped, with_edit, with_results, with_words
from kawasolar.stages.state import Reason, StageState, plan_fingerprint, states

__all__ = [
    "CHAIN", "Bench", "Reason", "Stage", "StageName", "StageState", "asked_of", "bring_up_to_date", "missing", "observed", "plan_fingerprint", "settled", "stamped", "states",
    "with_edit", "with_results", "with_words",
]  # fmt: skip
