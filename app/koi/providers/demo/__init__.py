"""The embedded offline model `demo/koi`: a script that drives the real tools, not an AI."""
