"""Access logs in every form that servers write, read as rows of one kind."""
