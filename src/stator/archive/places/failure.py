"""What can be wrong with an archive. The texts go to people and say what to do; none holds a secret."""


class ArchiveError(Exception):
    """An archive, or a bucket, cannot be used as asked."""


class Missing(ArchiveError):
    """There is no such object."""


class Exists(ArchiveError):
    """An object that was to be new is there already."""


class Damaged(ArchiveError):
    """An object is not what was written: its bytes do not match their checksum, or it cannot be understood."""


class Unreachable(ArchiveError):
    """The object store did not do what it was asked; it may do so later."""


class Denied(Unreachable):
    """The object store knows the caller and refuses, or does not know the caller."""
