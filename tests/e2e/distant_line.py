#!/usr/bin/python3
"""A long TCP line: distant_line.py LISTEN_HOST:PORT TARGET_HOST:PORT MILLISECONDS.

Whatever goes into it, at either end, comes out that much later. As much as it holds may be on the
way, so it is no slower than a short one for whoever does not wait for answers.
"""
import asyncio
import sys

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


async def main():
    (listen_host, listen_port), (host, port) = (text.split(":") for text in sys.argv[1:3])
    delay = int(sys.argv[3]) / 1000

    async def serve(client_reader, client_writer):
        try:
            reader, writer = await asyncio.open_connection(host, port, limit=PIECE_BYTES)
        except OSError:
            client_writer.close()
            return
        await asyncio.gather(pump(client_reader, writer, delay), pump(reader, client_writer, delay))

    server = await asyncio.start_server(serve, listen_host, listen_port, limit=PIECE_BYTES)
    await server.serve_forever()


asyncio.run(main())
