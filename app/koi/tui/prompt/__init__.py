"""What the person types: the editor, its history and completion, and the bar that asks."""
