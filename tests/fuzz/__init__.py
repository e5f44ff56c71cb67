"""A fuzz run over the readers of every format: ``python -m tests.fuzz`` or ``make fuzz``. Not run by the tests."""
