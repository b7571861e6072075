"""The rules of the model, once: small plain functions that know neither Numba nor how memory is kept.

A person's main line waits for one event at a time (`client.py`, `gates.py`); what goes on beside it are tasks (`beside.py`);
`kernel.py` takes events from the `calendar.py` in the model's order. A runner binds all of them to its memory
(`sim.engine.binder`); unbound they do not run.
"""
