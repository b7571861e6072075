"""What holds for all tests."""

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("support")

# How long an example takes says something about the machine, not about the program.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
