#!/usr/bin/python3
"""A long TCP line: distant_line.py LISTEN_HOST:PORT TARGET_HOST:PORT MILLISECONDS.

Whatever goes into it, at either end, comes out that much later. As much as it holds may be on the
way, so it is no slower than a short one for whoever does not wait for answers.
"""
import asyncio

import tcp_line

PIECE_BYTES = 65536
PIECES_ON_THE_WAY = 1024


async def arrive(line, writer):
    """Passes on what is on the way, when it is due."""
    clock = asyncio.get_running_loop()
    try:
        while True:
            due, piece = await line.get()
            await asyncio.sleep(max(0, due - clock.time()))
            if not piece:
                return
            writer.write(piece)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def depart(reader, line, delay):
    clock = asyncio.get_running_loop()
    piece = b"begin"
    while piece:
        try:
            piece = await reader.read(PIECE_BYTES)
        except OSError:
            piece = b""
        await line.put((clock.time() + delay, piece))


async def pump(reader, writer, delay):
    line = asyncio.Queue(PIECES_ON_THE_WAY)
    departing = asyncio.create_task(depart(reader, line, delay))
    await arrive(line, writer)
    departing.cancel()


async def carry(client, target, milliseconds):
    delay = milliseconds / 1000
    await asyncio.gather(pump(client[0], target[1], delay), pump(target[0], client[1], delay))


asyncio.run(tcp_line.serve(PIECE_BYTES, carry))
