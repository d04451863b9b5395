"""The tools pane."""
