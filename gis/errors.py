"""What can go wrong with rasters and polygons, as codes that the upper floors turn into words."""

from __future__ import annotations


class CodedError(Exception):
    """An error that the user is told of: a code, and the values that its sentence names.

    Parameters
    ----------
    code : str
        Key of the sentence in ``resources/words`` (``"raster.no_crs"``).
    **details
        Values that the sentence names: file, found, expected, row, column …
    """

    def __init__(self, code: str, **details: object) -> None:
        self.code = code
        self.details = details
        shown = ", ".join(f"{name}={value}" for name, value in details.items())
        super().__init__(f"{code} ({shown})" if shown else code)


class GisError(CodedError):
    """Root of all errors of this package."""


class CrsMissing(GisError):
    """A layer does not say in which coordinate system it is, and nobody has said it for it."""


class CrsMismatch(GisError):
    """Two layers that must share a coordinate system do not, or cannot be brought together."""


class NoOverlap(GisError):
    """Two layers do not meet anywhere."""


class UnreadableFile(GisError):
    """The file is missing, truncated, of another format, or has nothing in it."""


class KeepoutInvalid(GisError):
    """A keep-out is not an area."""


class SurveyChanged(GisError):
    """An earlier survey is not one of this surface, these outlines or this weather: survey all of it again."""
