from hypothesis import settings

# The same examples on every run and no clock in the verdict: a busy machine must not turn a test red.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")
