"""Tests of the page: rendering, the server, and a real browser."""
