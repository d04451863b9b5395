"""The configuration: one struct a table, layers, editing, paths."""
