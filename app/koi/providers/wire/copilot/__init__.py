"""GitHub Copilot: three known formats behind one key, chosen for each model."""
