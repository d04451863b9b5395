"""Where credentials are looked for, one module a source. Foreign files are only ever read."""
