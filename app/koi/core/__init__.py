"""Types that every other layer shares. Nothing here does input or output."""
