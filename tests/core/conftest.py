"""Settings that every room's tests share: properties are drawn anew each time, and few enough to be quick."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "core", max_examples=25, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("core")
