"""The diagnosis: each module looks at one thing and says what it found, and what to do."""
