"""The logins that koi offers, one module each, as streams of events for any screen."""
