"""Benchmarks: `python -m benchmarks` prints one table and writes its figures as JSON."""
