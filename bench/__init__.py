"""Measures koi on this machine, side by side with the floor; see bench/README.md."""
