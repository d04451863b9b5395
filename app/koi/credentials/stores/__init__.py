"""Where koi keeps credentials of its own: tokens in auth.json, keys in the OS keyring or a file."""
