#!/usr/bin/python3
"""A slow TCP line: slow_line.py LISTEN_HOST:PORT TARGET_HOST:PORT BYTES_PER_SECOND.

Only what comes from the target is slowed down. Rate 0 passes nothing: a line that is dead.
"""
import asyncio

import tcp_line

PIECE_BYTES = 16384


async def pump(reader, writer, rate):
    try:
        while piece := await reader.read(PIECE_BYTES):
            writer.write(piece)
            await writer.drain()
            if rate:
                await asyncio.sleep(len(piece) / rate)
    except OSError:
        pass
    finally:
        writer.close()


async def carry(client, target, rate):
    if rate:
        await asyncio.gather(pump(client[0], target[1], None), pump(target[0], client[1], rate))
    else:
        await pump(client[0], target[1], None)


asyncio.run(tcp_line.serve(PIECE_BYTES, carry))
