"""What the lines of the tests have in common: LISTEN_HOST:PORT TARGET_HOST:PORT NUMBER."""
import asyncio
import sys


async def serve(piece_bytes, carry):
    """Leads every connection to the target: `carry(client, target, number)` takes the reader and the
    writer of each end, for as long as it stands."""
    (listen_host, listen_port), (host, port) = (text.split(":") for text in sys.argv[1:3])
    number = int(sys.argv[3])

    async def take(client_reader, client_writer):
        try:
            target = await asyncio.open_connection(host, port, limit=piece_bytes)
        except OSError:
            client_writer.close()
            return
        await carry((client_reader, client_writer), target, number)

    server = await asyncio.start_server(take, listen_host, listen_port, limit=piece_bytes)
    await server.serve_forever()
