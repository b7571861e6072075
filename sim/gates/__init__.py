"""Gates that people run: what each does, in the model's words, for a strategy to start from.

A family a TOML file beside this one, a table a part. `lastclick gates` lists them; `from = "nginx_auth_request"` in a
strategy's table begins with one.
"""

from sim.gates.profiles import Profile, found_as, profile, profiles

__all__ = ["Profile", "found_as", "profile", "profiles"]
