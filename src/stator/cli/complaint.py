"""Why a command could not do its work."""


class Complaint(Exception):
    """One or two sentences: what is wrong, and what to do next."""
