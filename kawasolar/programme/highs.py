"""HiGHS at our door: one problem in, one answer with its proof out; heard by progress, stopped by a cancel within a moment.

HiGHS runs in a thread of its own (:mod:`gis.aside`) and lets go of the interpreter; its callbacks tell how far it is and whether to go on. One thread,
a fixed seed and ordered columns: the same problem gives the same answer, unless the time runs out.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from gis.aside import aside
from gis.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What the largest worth becomes: large against HiGHS' tolerances (1e-6), so that ties are told apart.
_SCALE = 1e4
_SEED = 0
_WHOLE = 1e-6


@dataclass(frozen=True)
class Limits:
    """When a search ends: at this proven gap (share of the worth), after so many seconds, or so many nodes of the tree.

    The gap and the nodes end it at the same place on every machine; the seconds do not.
    """

    gap: float
    seconds: float
    nodes: int = 10_000_000


@dataclass
class Watch:
    """What a search tells, and how long it may last."""

    progress: Progress = silent
    what: str = "programme"
    begin: float = 0.0
    end: float = 1.0
    seconds: float = math.inf
    started: float = field(default_factory=time.monotonic)

    @property
    def spent(self) -> float:
        return time.monotonic() - self.started

    @property
    def left(self) -> float:
        return max(self.seconds - self.spent, 0.0)

    def share(self) -> float:
        """How far it is at worst, by the time."""
        done = self.spent / self.seconds if math.isfinite(self.seconds) and self.seconds > 0 else 0.0
        return self.begin + (self.end - self.begin) * min(done, 1.0)


@dataclass(frozen=True, eq=False)
class Problem:
    """Maximise ``worth · x`` with ``low ≤ rows · x ≤ high`` and ``lower ≤ x ≤ upper``; ``whole`` says which x are whole numbers."""

    worth: NDArray[np.float64]
    rows: sp.csr_matrix
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    whole: NDArray[np.bool_]

    @property
    def factor(self) -> float:
        """What the worth is multiplied by for HiGHS."""
        largest = float(np.abs(self.worth).max()) if len(self.worth) else 0.0
        return _SCALE / largest if largest > 0 else 1.0


@dataclass(frozen=True, eq=False)
class Answer:
    """What a search found: ``x`` None where there is none; ``bound`` no answer is worth more; ``prices`` of the rows (LP only).

    ``status``: ``done`` to the gap asked for, ``none`` (proven that nothing fits), ``time``, ``nodes``.
    """

    status: str
    x: NDArray[np.float64] | None
    worth: float
    bound: float
    nodes: int = 0
    prices: NDArray[np.float64] | None = None


def relax(problem: Problem, watch: Watch) -> Answer:
    """The linear relaxation: its worth is a bound, its prices say what binds."""
    if not len(problem.worth):
        return _without_columns(problem)
    highs, scale = _highs(problem, whole=False)
    return _run(highs, problem, scale, watch, integer=False)


def search(
    problem: Problem, limits: Limits, watch: Watch, *, start: NDArray[np.float64] | None = None, target: float | None = None
) -> Answer:  # fmt: skip
    """The best whole-number answer within the limits.

    Parameters
    ----------
    start : an answer to begin with
    target : an answer that is worth so much is good enough
    """
    if not len(problem.worth):
        return _without_columns(problem)
    highs, scale = _highs(problem, whole=True)
    options: dict[str, Any] = {
        "mip_rel_gap": limits.gap, "mip_abs_gap": _WHOLE, "time_limit": max(min(limits.seconds, watch.left), 0.01), "mip_max_nodes": limits.nodes,
    }  # fmt: skip
    if target is not None:
        # A hair below, since HiGHS wants more than the target.
        options["objective_target"] = -target * problem.factor + _WHOLE
    for name, value in options.items():
        highs.setOptionValue(name, value)
    if start is not None:
        import highspy

        begun = highspy.HighsSolution()
        begun.col_value = np.asarray(start, dtype=np.float64)
        highs.setSolution(begun)
    # Without a whole number HiGHS solves it as a linear problem, and tells no bound of a tree.
    return _run(highs, problem, scale, watch, integer=bool(problem.whole.any()))


def _without_columns(problem: Problem) -> Answer:
    """Nothing to decide: whether the rows hold as it is."""
    if (problem.low > 0).any() or (problem.high < 0).any():
        return Answer("none", None, -math.inf, -math.inf)
    return Answer("done", np.zeros(0), 0.0, 0.0, 0, np.zeros(problem.rows.shape[0]))


def _quiet_highs() -> Any:  # noqa: ANN401 - a class of HiGHS
    """HiGHS that prints nothing: its Python class turns on callbacks when it is made, and with them prints a heading where figures may be read."""
    import highspy

    class Quiet(highspy.Highs):
        def __init__(self) -> None:
            super(highspy.Highs, self).__init__()
            self.setOptionValue("output_flag", False)

    return Quiet()


def _highs(problem: Problem, *, whole: bool) -> tuple[Any, NDArray[np.float64]]:
    """HiGHS with the problem in it, and what its rows are multiplied by: powers of two, which change no digit, to the size of one."""
    import highspy

    highs = _quiet_highs()
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("random_seed", _SEED)
    rows = sp.csr_matrix(problem.rows)
    largest = np.zeros(rows.shape[0])
    np.maximum.at(largest, np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)), np.abs(rows.data))
    scale = np.where(largest > 0, 2.0 ** -np.floor(np.log2(np.maximum(largest, 1e-300))), 1.0)
    matrix = sp.csc_matrix(sp.diags(scale) @ rows)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(problem.worth), rows.shape[0]
    # Minimised: targets and bounds mean the same in every release then.
    lp.col_cost_ = -problem.worth * problem.factor
    lp.col_lower_, lp.col_upper_ = problem.lower, problem.upper
    lp.row_lower_, lp.row_upper_ = problem.low * scale, problem.high * scale
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    if whole:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(one)] for one in problem.whole]
    highs.passModel(lp)
    return highs, scale


def _run(highs: Any, problem: Problem, scale: NDArray[np.float64], watch: Watch, *, integer: bool) -> Answer:  # noqa: ANN401 - a class of HiGHS
    import highspy
    from highspy import cb

    stop = threading.Event()

    def heard(_kind: Any, _message: str, _out: Any, back: Any, _data: Any) -> None:  # noqa: ANN401 - of HiGHS
        if stop.is_set() and back is not None:
            back.user_interrupt = True

    def tell(_share: float, what: str) -> None:
        try:
            watch.progress(watch.share(), what)
        except BaseException:
            stop.set()
            raise

    highs.setCallback(heard, None)
    kinds = cb.HighsCallbackType
    for kind in (kinds.kCallbackMipInterrupt, kinds.kCallbackSimplexInterrupt, kinds.kCallbackIpmInterrupt):
        highs.startCallback(kind)
    aside(highs.run, tell, 0.0, watch.what)
    status, info = highs.getModelStatus(), highs.getInfo()
    named = highspy.HighsModelStatus
    if status in (named.kInfeasible, named.kUnboundedOrInfeasible):
        return Answer("none", None, -math.inf, -math.inf)
    solution = highs.getSolution()
    factor = problem.factor
    has = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    x = np.asarray(solution.col_value, dtype=np.float64) if has else None
    worth = -float(info.objective_function_value) / factor if has else -math.inf
    if not integer:
        prices = -np.asarray(solution.row_dual, dtype=np.float64) * scale / factor
        done = status == named.kOptimal
        return Answer("done" if done else "time", x, worth, worth if done else math.inf, 0, prices)
    ends = {
        named.kOptimal: "done",
        named.kObjectiveTarget: "done",
        named.kSolutionLimit: "nodes",
        named.kTimeLimit: "time",
    }
    return Answer(
        ends.get(status, "time"), x, worth, -float(info.mip_dual_bound) / factor, max(int(info.mip_node_count), 0)
    )
