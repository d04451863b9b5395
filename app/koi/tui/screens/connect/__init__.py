"""The screens of connecting: for `koi connect` alone, and over the chat."""
