"""Providers whose wire format is a WebAssembly module of somebody else, run in a sandbox."""
