"""What runs become: metrics, comparisons, intervals, ranks, tables and stored results."""
