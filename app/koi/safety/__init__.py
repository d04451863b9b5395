"""What may happen: permission rules, the decision over them, and the one process runner."""
