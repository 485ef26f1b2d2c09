"""Why a command could not do its work."""


class Complaint(Exception):
    """One or two sentences: what is wrong, and what to do next."""

    exit_code = 1


class Interrupted(Complaint):
    """The person, or the system, asked the command to stop; the text says what is left and how to go on."""

    exit_code = 130  # what shells expect after Ctrl-C
