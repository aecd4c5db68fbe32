"""The way back: undo and redo without limit, drags as one step."""

from __future__ import annotations

from kawasolar.document.entries import Edit, followed_by, inverse


class History:
    """What was done since the project was opened, and what was taken back.

    It holds edits only; whoever asks applies what it returns.
    """

    def __init__(self) -> None:
        self._done: list[Edit] = []
        self._undone: list[Edit] = []
        self._open = ""

    def clear(self) -> None:
        """Begin anew."""
        self._done.clear()
        self._undone.clear()
        self._open = ""

    def push(self, edit: Edit) -> None:
        """Remember an edit that was applied; one that changed nothing is not remembered."""
        if not edit.changes:
            return
        last = self._done[-1] if self._done else None
        if last is not None and edit.merge and edit.merge == self._open == last.merge:
            whole = followed_by(last, edit)
            self._done.pop()
            if whole.changes:
                self._done.append(whole)
        else:
            self._done.append(edit)
        self._open = edit.merge
        self._undone.clear()

    def end_merge(self) -> None:
        """A drag ended: the next edit is a step of its own."""
        self._open = ""

    @property
    def last(self) -> Edit | None:
        """What undo would take back."""
        return self._done[-1] if self._done else None

    @property
    def next(self) -> Edit | None:
        """What redo would do again."""
        return self._undone[-1] if self._undone else None

    @property
    def edits(self) -> tuple[Edit, ...]:
        """All that can be taken back, or done again."""
        return (*self._done, *self._undone)

    def undo(self) -> Edit | None:
        """The edit that takes the last step back, to be applied; None where there is nothing."""
        if not self._done:
            return None
        step = self._done.pop()
        self._undone.append(step)
        self._open = ""
        return inverse(step)

    def redo(self) -> Edit | None:
        """The edit that does the step again, to be applied; None where there is nothing."""
        if not self._undone:
            return None
        step = self._undone.pop()
        self._done.append(step)
        self._open = ""
        return step
