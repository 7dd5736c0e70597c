"""TCP lines between lifeboat and the members, which are cut, slowed down and left hanging.

TLS passes through. A line that is well passes 12 MB a second, so that a snapshot takes long enough
to be disturbed.
"""
import asyncio
import socket
import struct
import threading

import places

PIECE_BYTES = 16384
WELL = {"rate": 12_000_000, "latency": 0.0}


class Line:
    """Listens on `port`, leads to `target`. Touched by the loop's thread alone."""

    def __init__(self, target):
        self.port, self.target = places.take_port(), target
        self.writers = set()
        self.server = None
        self.passes = asyncio.Event()
        self.settings = dict(WELL)
        self.drops = self.holds_new = False
        # Bytes from the member after which the line is cut or hangs, if it is to be in mid-stream.
        self.budget = None

    async def listen(self):
        if not self.server:
            self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.port,
                                                     limit=PIECE_BYTES)

    async def set(self, mode, **detail):
        self.settings = {**WELL, **{name: detail[name] for name in WELL if name in detail}}
        self.drops = mode == "cut"
        self.holds_new = mode == "half_open"
        self.budget = (mode, detail["bytes"]) if "bytes" in detail else None
        at_once = mode != "pass" and self.budget is None
        if mode == "half_open" and at_once:
            self.passes.clear()
        else:
            self.passes.set()
        if mode == "refuse" and self.server:
            self.server.close()
            self.server = None
        if mode != "refuse":
            await self.listen()
        if mode in ("cut", "refuse") and at_once:
            self.reset_all()
        if self.budget:
            self.drops = self.holds_new = False

    def reset_all(self):
        for writer in list(self.writers):
            reset(writer)
        self.writers.clear()

    async def serve(self, reader, writer):
        self.writers.add(writer)
        if self.drops:
            return reset(writer)
        if self.holds_new:
            await self.passes.wait()
        try:
            there = await asyncio.open_connection("127.0.0.1", self.target, limit=PIECE_BYTES)
        except OSError:
            return reset(writer)
        self.writers.add(there[1])
        await asyncio.gather(self.pump(reader, there[1], False),
                             self.pump(there[0], writer, True))
        self.writers -= {writer, there[1]}

    async def pump(self, reader, writer, is_answer):
        try:
            while piece := await reader.read(PIECE_BYTES):
                if is_answer:
                    self.spend(len(piece))
                await self.passes.wait()
                await asyncio.sleep(self.settings["latency"] + len(piece) / self.settings["rate"])
                writer.write(piece)
                await writer.drain()
        except (OSError, RuntimeError):
            pass
        finally:
            writer.close()

    def spend(self, count):
        if not self.budget:
            return
        mode, left = self.budget
        if left > count:
            self.budget = (mode, left - count)
        elif mode == "half_open":
            self.budget, self.holds_new = None, True
            self.passes.clear()
        else:
            self.budget, self.drops = None, True
            self.reset_all()


def reset(writer):
    """Closed with RST: the other end has an error, not an end."""
    peer = writer.get_extra_info("socket")
    if peer:
        try:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
    writer.transport.abort()


class Lines:
    """In a thread of their own."""

    def __init__(self, targets):
        self.loop = asyncio.new_event_loop()
        # A connection that is cut while it waits is nothing to tell of.
        self.loop.set_exception_handler(lambda *_: None)
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.lines = [self.run(self.make(target)) for target in targets]

    @staticmethod
    async def make(target):
        line = Line(target)
        await line.set("pass")
        return line

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def set(self, numbers, mode, **detail):
        for number in numbers:
            self.run(self.lines[number].set(mode, **detail))

    def endpoints(self):
        return ",".join(f"https://127.0.0.1:{line.port}" for line in self.lines)
