"""The one family of exceptions.  Every message says what was found, what was expected and what to do."""


class BrainconvError(Exception):
    """Base of everything that brainconv raises on purpose."""


class InvalidInputError(BrainconvError, ValueError):
    """An argument, a file's content or a configuration is not what was expected."""


class NotFoundError(BrainconvError, LookupError):
    """A model, layer, recording, stimulus or site of that name does not exist."""


class DataUnavailableError(BrainconvError, OSError):
    """A registered file cannot be had: no network, access refused, or a wrong checksum."""


class ResourceError(BrainconvError, RuntimeError):
    """Memory or scratch space does not suffice for what was asked."""


class MissingDependencyError(BrainconvError, ImportError):
    """An optional package is needed for what was asked."""


class BrainconvWarning(UserWarning):
    """A result was computed, but the reader of it must know something."""
