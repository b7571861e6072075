"""Last Click: how long do a fired person's clicks still work, and at what price?"""

__version__ = "0.1.0"
