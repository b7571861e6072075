"""Units, random streams, laws and statistics: what every room stands on, knowing nothing of the model."""
