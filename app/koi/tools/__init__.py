"""The built-in tools: one module each, with its description for the model beside it."""
