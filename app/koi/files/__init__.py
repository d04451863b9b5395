"""File primitives: atomic writes, locks, paths, bounded output. Their one home."""
