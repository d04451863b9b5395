"""What koi remembers on disk: journals of sessions, and the ledger of costs."""
