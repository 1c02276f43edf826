"""A platform that costs next to nothing: it takes every chunk and looks at none, so that only the client is measured.

Speaks as much of the contract as an upload needs, and believes every checksum. The kernel throws the chunks' bytes away
unread (`MSG_TRUNC`, Linux). Prints where it is as `porteur simulate` does, and serves until it is interrupted.
"""

from __future__ import annotations

import json
import signal
import socket
import sys
import threading


def main() -> None:
    signal.signal(signal.SIGINT, lambda *_: sys.exit())
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        print(f"GENESYS_BASE_URL={url}\nGENESYS_CLIENT_ID=sink\nGENESYS_CLIENT_SECRET=sink", flush=True)
        while True:
            threading.Thread(target=converse, args=[server.accept()[0], url], daemon=True).start()


def converse(connection: socket.socket, url: str) -> None:
    """One connection, from its first request to its end."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        came = bytearray()
        while (end := came.find(END_OF_HEAD)) >= 0 or more(connection, came):
            if end < 0:
                continue
            head, came = came[:end].decode(), came[end + len(END_OF_HEAD) :]
            length = content_length(head)
            had = min(len(came), length)
            del came[:had]
            throw_away(connection, length - had)
            connection.sendall(answer(head.partition("\r\n")[0], url))


def more(connection: socket.socket, came: bytearray) -> bool:
    piece = connection.recv(AT_ONCE)
    came += piece
    return bool(piece)


def throw_away(connection: socket.socket, length: int) -> None:
    unread = bytearray(AT_ONCE)
    while length > 0:
        gone = connection.recv_into(unread, min(length, AT_ONCE), socket.MSG_TRUNC)
        if gone == 0:
            return
        length -= gone


def content_length(head: str) -> int:
    for line in head.split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            return int(value)
    return 0


def answer(request: str, url: str) -> bytes:
    status, body = "200 OK", b""
    if request.startswith("POST /oauth/token"):
        body = json.dumps({"access_token": "sink", "token_type": "bearer", "expires_in": 3600}).encode()
    elif request.startswith("POST") and "/complete" in request:
        body = json.dumps({"fileId": "file-1", "name": "file.bin"}).encode()
    elif request.startswith("POST"):
        wanted = {"uploadId": "upload-1", "presignedUrl": f"{url}/storage/upload-1"}
        status, body = "201 Created", json.dumps(wanted | {"chunkSize": CHUNK_SIZE, "maxChunks": 10_000}).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


END_OF_HEAD = b"\r\n\r\n"
#: Bytes.
CHUNK_SIZE = 5 << 20
AT_ONCE = 1 << 20

if __name__ == "__main__":
    main()
