"""What is on screen, as plain data. Nothing here knows Textual, terminals or colours."""
