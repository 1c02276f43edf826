"""Makes a smaller JPEG and a thumbnail of an attachment, and puts both beside it on the platform.

GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_BASE_URL say where; `porteur simulate` prints all three.

    python examples/python/attachment.py attachment-1
"""

import sys

import porteur


def main(id: str) -> None:
    with porteur.Client.from_env() as client:
        try:
            transformed = client.transform_attachment(
                id,
                target_format="jpeg",
                max_width=1920,
                max_height=1080,
                generate_thumbnail=True,
                thumbnail_max_width=200,
            )
        except porteur.Unfinished as error:
            # What is there already is of no use as it is: whoever cleans up needs to know it.
            sys.exit(f"left behind: {error.details['uploaded']}: {error}")
    print(f"{transformed.id} of {transformed.width} x {transformed.height} px, {transformed.size} bytes")
    print(f"thumbnail: {transformed.thumbnail_id}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: attachment.py ID")
    main(sys.argv[1])
