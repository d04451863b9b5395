"""Tools for models that know no tool calls: described in the prompt, called in the text."""
