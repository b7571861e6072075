"""Real gates in front of the stand-in host: what people run, beside the profile that says what it does.

`part.py` starts a part (`nginx.py`, `haproxy.py`, `apache.py`, `express.py`), `script.py` takes from the simulation who clicks when,
`play.py` sends those clicks in real time, `beside.py` puts both side by side.
"""
