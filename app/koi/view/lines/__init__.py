"""The regions around the chat as lines of a given width: header, panes, questions, lists."""
