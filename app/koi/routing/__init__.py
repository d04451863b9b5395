"""Which model a request goes to, and what happens when an attempt fails."""
