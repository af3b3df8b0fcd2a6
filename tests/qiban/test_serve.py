"""The port of `qiban serve`."""

from __future__ import annotations

import asyncio
import socket

from qiban import serve


async def test_an_answer_in_two_pieces_is_not_held_back_on_a_connection_that_is_kept_open() -> None:
    """With Nagle's algorithm the second piece waits for the client's delayed acknowledgement: 40 ms an answer."""
    undelayed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted = writer.get_extra_info("socket")
        undelayed.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listener = serve.listen("127.0.0.1", 0)
    server = await asyncio.start_server(connected, sock=listener)
    _, writer = await asyncio.open_connection(*listener.getsockname())
    assert await asyncio.wait_for(undelayed, 5) == 1
    writer.close()
    server.close()
