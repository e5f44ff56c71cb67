"""The tests: a file per module, ``web/`` drives a real browser, ``benchmarks/`` makes the figures."""
