"""The only place where koi's parts are constructed and joined."""
