"""Providers: wire formats, the runner that joins them to the network, and the demo model."""
