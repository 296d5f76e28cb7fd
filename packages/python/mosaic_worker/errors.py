"""Errors that are told to the user without a stack: what is wrong, where, and what to do."""


class MosaicError(Exception):
    """A breach of what Mosaic and the user's files have agreed on."""


class CodeChanged(MosaicError):
    """A file of the user's is no longer the one that the run's identity stands for."""


class MachineTrouble(MosaicError):
    """What fails is the machine, not the run: it goes on when the cause is gone."""


class BadMessage(Exception):
    """What has come is no message."""
