"""Long streamed answers of every protocol, in the shape of real recordings."""
