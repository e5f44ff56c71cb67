"""The commands of ``fundstelle``, a module for each group of them; ``assistant/cli.py`` puts them together."""
