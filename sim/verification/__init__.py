"""Verification: the whole chain held against closed forms, published tables and counts by hand."""
