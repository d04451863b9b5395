"""The lines around the panes: header, queue and footer."""
