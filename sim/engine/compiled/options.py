"""How functions are compiled: callees of the kernel need no way in from Python and divide like C."""

from typing import Any

import numba

NUMBA: Any = numba  # its parts for extensions carry no types, or wrong ones

compiled: Any = NUMBA.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, error_model="numpy")
