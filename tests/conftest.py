"""What holds for all tests."""

import hypothesis

# The same examples on every run, and no deadline: a busy machine is no failure. Fuzzing at random is `make fuzz`.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.load_profile("steady")
