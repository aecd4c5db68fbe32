"""Stages beside the way to the half: other ledgers, what facilities use, and the programme by fiscal year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.findings import Finding
from kawasolar.document.views import mapping_of
from kawasolar.plan import NO_REGISTERS, OTHER_LEDGERS, Registers

if TYPE_CHECKING:
    from gis.progress import Progress
    from kawasolar.plan import AnswerKind, OtherLedger, RegisterRead
    from kawasolar.stages.bench import Bench
    from kawasolar.stages.work import Work


def run_registers(work: Work, bench: Bench, progress: Progress) -> None:
    """Read the ledgers of other things than facilities: those that are not the same files, read in the same way, as before."""
    from gis.progress import part
    from kawasolar.registers import as_read, read_register
    from kawasolar.stages.chain import BY_NAME, expected

    wanted, stamp = expected(BY_NAME["registers"], work), work.stamps.get("registers")
    known = {} if stamp is None or stamp.version != wanted.version else stamp.inputs
    found: dict[OtherLedger, RegisterRead] = {}
    kinds = [kind for kind in OTHER_LEDGERS if any(file.role == kind for file in work.inputs)]
    for k, kind in enumerate(kinds):
        names = (f"file:{kind}", f"columns:{kind}")
        before = work.registers.by_kind.get(kind)
        if before is not None and all(known.get(name) == wanted.inputs.get(name) for name in names):
            found[kind] = before
            continue
        told = part(progress, k / len(kinds), (k + 1) / len(kinds))
        read = read_register(
            bench.path(kind), kind, sheet=bench.layer(kind), mapping=mapping_of(work.entries, kind), progress=told
        )
        found[kind] = as_read(read)
    work.registers = Registers(found) if found else NO_REGISTERS


def run_use(work: Work, progress: Progress) -> None:
    """What every facility uses in half hours, and what of its roof's energy at once."""
    from kawasolar.demand.after_led import saved_by_facility
    from kawasolar.demand.of_plan import Asked
    from kawasolar.use import compute_use

    if work.yielded is None:
        raise AssertionError("the yield has not run")
    saved = saved_by_facility(work.entries, work.scenario, work.answers.get("lighting"))
    asked = Asked(work.facilities(), work.entries, work.inputs, work.profile, saved)
    work.use, findings = compute_use(asked, work.yielded.yields, work.yielded.hourly, progress)
    work.findings["use"] = tuple(findings)


def run_programme(work: Work, progress: Progress) -> None:
    """Which site is built in which fiscal year, where somebody has asked for it."""
    from kawasolar.programme.entered import told_of

    work.programme, work.findings["programme"] = None, ()
    told = told_of(work.entries, work.scenario)
    if told is None:
        return
    from kawasolar.programme.finding import find_programme

    found = find_programme(work.plan(), told, progress)
    none = () if found.programme is not None else (Finding(f"programme.outcome_{found.kept.outcome}", "warning"),)
    work.programme, work.findings["programme"] = found.kept, (*none, *found.asked.findings)


def run_answer(kind: AnswerKind, work: Work, progress: Progress) -> None:
    """What a scenario asks for besides, where it does."""
    from kawasolar.answers import compute, options_asked

    work.answers.pop(kind, None)
    work.findings[kind] = ()
    options = options_asked(work.entries, work.scenario, kind)
    if options is not None:
        answer, found = compute(kind, work.plan(), options, progress)
        work.findings[kind] = tuple(found)
        if answer is not None:
            work.answers[kind] = answer
