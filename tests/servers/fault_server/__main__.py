"""By hand: python -m tests.servers.fault_server --format anthropic --fault eof --phase mid-text"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.servers.fault_server import ports
from tests.servers.fault_server.delivery import Limits
from tests.servers.fault_server.faults import FAULTS, FORMATS, PHASES, Fault, is_valid, phases_of
from tests.servers.fault_server.scripts import one_note, two_notes
from tests.servers.fault_server.server import MODEL, FaultServer, Logged, in_order

_ABOUT = """A model on loopback that fails on purpose. It prints its address and how koi is started
with it, and then a line for each request."""
_ENDING = """Without a fault its model thinks, says a sentence, calls one command that adds a line
to ran.txt, and reports. The seed moves the place of the fault within its phase, and cuts the answer
into other pieces."""


def main(arguments: list[str]) -> int:
    """Serve until Ctrl+C, or until a limit is reached. 2 for a fault that cannot be."""
    options = _parser().parse_args(arguments)
    phase = options.phase or phases_of(options.fault)[0]
    fault = Fault(options.fault, phase, options.seed, options.wait)
    if not is_valid(fault.name, fault.phase, options.format):
        allowed = [each for each in PHASES if is_valid(fault.name, each, options.format)]
        _say(f"{options.format} can have {fault.name} at: {', '.join(allowed) or 'no phase'}")
        return 2
    limits = Limits(options.seconds, options.requests, options.bytes)
    with contextlib.ExitStack() as stack:
        faulty = _server(options, fault, limits)
        servers = {"faulty": stack.enter_context(faulty).base_url}
        if fault.phase == "connect" and fault.name in ("refuse", "stall"):
            port = ports.refusing() if fault.name == "refuse" else ports.full()
            servers["faulty"] = stack.enter_context(port)
        if options.second:
            second = FaultServer(options.format, limits=limits, told=_telling("second"))
            servers["second"] = stack.enter_context(second).base_url
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="koi-faults-")))
        config = folder / "config.toml"
        config.write_text(_configuration(options.format, servers))
        times = f"the first {options.times} times" if options.times else "always"
        _say(f"{fault.name} at {fault.phase}, {times}: {servers['faulty']}")
        _say(f"  koi --config {config} run --mode yolo --allow bash 'make a note'")
        with contextlib.suppress(KeyboardInterrupt):
            while not limits.over:
                time.sleep(min(limits.left_s, 0.2))
    return 0


def _server(options: argparse.Namespace, fault: Fault, limits: Limits) -> FaultServer:
    always, at_connect = options.times == 0, fault.phase == "connect"
    planned = [] if at_connect else [fault] * options.times
    server = FaultServer(
        options.format,
        in_order(*planned, then=fault if always and not at_connect else None),
        two_notes if fault.phase == "after-call" else one_note,
        port=options.port,
        limits=limits,
        told=_telling("faulty"),
    )
    if at_connect:
        server.at_connect.extend([fault] * (options.times or options.requests))
    return server


def _configuration(wire: str, servers: dict[str, str]) -> str:
    lines = [f'model = "faulty/{MODEL}"']
    if "second" in servers:
        lines.append(f'[models.fallback]\nexecutor = ["second/{MODEL}"]')
    for name, url in servers.items():
        key = 'api_key = "sk-fault-server-0001"\nauth = "bearer"'
        lines.append(f'[providers.{name}]\nprotocol = "{wire}"\nbase_url = "{url}"\n{key}')
    return "\n".join(lines)


def _telling(name: str) -> Callable[[Logged], None]:
    started = time.monotonic()
    return lambda logged: _say(f"{logged.at - started:8.3f} s  {name}: {logged.line}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


_WAIT = (
    "what a 429 asks for (429-ms, -seconds, -date, -reset; 429-long: many times that; default: 1 s)"
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.servers.fault_server", description=_ABOUT, epilog=_ENDING
    )
    add = parser.add_argument
    add("--format", choices=FORMATS, default="openai-chat")
    add("--fault", choices=FAULTS, required=True)
    add("--phase", choices=PHASES, help="how far the answer comes (default: not far)")
    add("--times", type=int, default=1, help="requests that fail; 0: all (default: 1)")
    add("--wait", type=float, default=1.0, metavar="S", help=_WAIT)
    add("--seed", type=int, default=0)
    add("--second", action="store_true", help="a healthy server too, as the fallback")
    add("--port", type=int, default=0, help="default: a free one")
    add("--seconds", type=float, default=600, help="it ends after so long (default: 600)")
    add("--requests", type=int, default=10_000, help="or after so many requests (10,000)")
    add("--bytes", type=int, default=4 * 2**30, help="or after so many bytes (4 GiB)")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
