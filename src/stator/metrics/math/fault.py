"""What is wrong with an expression."""


class MathError(Exception):
    """The text is for whoever wrote the expression."""
