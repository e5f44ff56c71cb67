"""What makes the figures of docs/benchmarks.md; not run by the tests. ``python -m tests.benchmarks --help`` lists the parts."""
