"""Uploads a file and sends it to somebody as a guest.

GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_BASE_URL say where; `porteur simulate` prints all three.

    python examples/python/upload.py invoice.pdf +15550100
"""

import sys

import porteur


def main(path: str, recipient: str) -> None:
    with porteur.Client.from_env() as client:
        try:
            # With a journal the same command goes on where an interrupted one stopped.
            file = client.upload(path, journal=f"{path}.journal")
        except porteur.RateLimited as error:
            sys.exit(f"the platform is busy, try again in {error.retry_after} s: {error}")
        print(f"uploaded {file.name} as {file.id}: {file.size} bytes in {file.chunks} chunks")

        guest = client.guest("en-US")
        sent = client.send_as_guest(guest, to=[recipient], text="Here is the file.", attachments=[file])
        print(f"sent as {sent.id}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: upload.py FILE RECIPIENT")
    main(*sys.argv[1:])
