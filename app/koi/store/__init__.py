"""What koi keeps on disk: journals of sessions, the ledger of costs, large outputs, its log."""
