"""Error answers as providers give them, each with the page that shows it."""
