"""How the lines of each form become columns."""
