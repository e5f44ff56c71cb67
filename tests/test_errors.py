"""The tree of errors and what they say."""

from __future__ import annotations

import inspect
import re

from vectorstore import errors


def drawn_tree() -> dict[str, str]:
    """Class → parent, read off the drawing in the module's docstring."""
    above: list[str] = []
    parents = {}
    for line in (errors.__doc__ or "").splitlines():
        drawn = re.match(r"([│├└─ ]*)([A-Z]\w+)(?:\s{2,}|$)", line)
        if drawn:
            depth = len(drawn[1]) // 4
            parents[drawn[2]] = above[depth - 1] if depth else "Exception"
            above = [*above[:depth], drawn[2]]
    return parents


def test_the_drawn_tree_is_the_tree() -> None:
    """Every class of the module is drawn under its base, and nothing else is."""
    classes = {name: kind.__bases__[0].__name__ for name, kind in inspect.getmembers(errors, inspect.isclass)}
    assert drawn_tree() == classes


def test_every_error_says_what_it_is_for() -> None:
    """Each class has a docstring of its own."""
    classes = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    assert len({kind.__doc__ for kind in classes}) == len(classes)


def test_a_busy_library_names_the_process() -> None:
    """The owner is named where it is known, with what to do."""
    known = errors.LibraryBusy("/shelf", pid=4711, waited=10)
    assert known.pid == 4711
    assert "/shelf" in str(known)
    assert "process 4711" in str(known)
    assert "Try again" in str(known)
    assert "another process" in str(errors.LibraryBusy("/shelf", pid=None, waited=0))
