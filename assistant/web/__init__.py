"""The web page: ``server`` answers HTTP and guards it, ``page`` lays out the app, ``render`` turns answers into HTML. Formatting only."""
