"""Tests of the screen wait no longer than they must."""

from __future__ import annotations

import textual._wait

# After a key, Textual's pilot looks every so often whether the application has come to rest: 20 ms
# by default, several times a key. The tests wait for what they expect to see anyway.
textual._wait.SLEEP_GRANULARITY = 1 / 100
textual._wait.SLEEP_IDLE = 1 / 1000
