"""What people use from Python: a scenario and what can be asked of it, results that show themselves."""
