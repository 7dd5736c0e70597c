#!/usr/bin/python3
"""A slow TCP line: slow_line.py LISTEN_HOST:PORT TARGET_HOST:PORT BYTES_PER_SECOND.

Only what comes from the target is slowed down. Rate 0 passes nothing: a line that is dead.
"""
import asyncio
import sys

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


async def main():
    (listen_host, listen_port), (host, port) = (text.split(":") for text in sys.argv[1:3])
    rate = int(sys.argv[3])

    async def serve(client_reader, client_writer):
        try:
            reader, writer = await asyncio.open_connection(host, port, limit=PIECE_BYTES)
        except OSError:
            client_writer.close()
            return
        if rate:
            await asyncio.gather(pump(client_reader, writer, None),
                                 pump(reader, client_writer, rate))
        else:
            await pump(client_reader, writer, None)

    server = await asyncio.start_server(serve, listen_host, listen_port, limit=PIECE_BYTES)
    await server.serve_forever()


asyncio.run(main())
