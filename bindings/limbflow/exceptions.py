"""What limbflow raises. The extension module raises these classes too, so there is one of each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnostic:
    """One problem of an input: where it is, what was found and what would be accepted."""

    level: str
    rule: str
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    key: str = ""
    value: str = ""
    accepted: str = ""
    nearest: str = ""
    hint: str = ""


class LimbflowError(Exception):
    """Base of everything that limbflow raises on purpose."""


class InputError(LimbflowError, ValueError):
    """A scenario, key or value is not acceptable.

    `diagnostics` holds every problem found, not only the first; `str(error)` renders them all.
    """

    def __init__(self, message: str, diagnostics: list[Diagnostic] | None = None):
        super().__init__(message, diagnostics or [])

    @property
    def diagnostics(self) -> list[Diagnostic]:
        return self.args[1]

    def __str__(self) -> str:
        return self.args[0]


class ComputationError(LimbflowError, RuntimeError):
    """A run could not be completed.

    `report` says when it stopped and which states were the worst; `dataset` holds what was recorded until then.
    """

    def __init__(self, message: str, report=None, dataset=None):
        super().__init__(message, report, dataset)
        self.report = report
        self.dataset = dataset

    def __str__(self) -> str:
        return self.args[0]


class StorageError(LimbflowError, OSError):
    """A result could not be written or read: no such folder, no permission, disk full, not a result file."""
