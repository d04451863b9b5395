"""What comes over the chat: lists to choose from, the help, the first run."""
