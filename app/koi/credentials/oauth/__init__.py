"""OAuth without a screen: device codes, sign-in with a browser, renewal of tokens."""
