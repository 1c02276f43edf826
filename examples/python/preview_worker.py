"""Takes a webhook about an attachment, makes its preview, and links it into the conversation.

GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_BASE_URL say where the platform is; `porteur simulate` prints all three.
CDN_PRESIGNED_URL_TEMPLATE says where previews go, and PORTEUR_QUEUE where jobs are kept.

    python examples/python/preview_worker.py webhook.json
"""

import os
import sys
from pathlib import Path

import porteur


def main(path: str) -> None:
    # With attachments on this machine, as the simulator has them.
    allow_private = "PREVIEWS_ALLOW_PRIVATE" in os.environ
    with porteur.Client.from_env() as client:
        # This webhook came as a file and not from the network, so it is not signed.
        queue = os.environ.get("PORTEUR_QUEUE")
        worker = client.previews(queue=queue, unsigned=True, allow_private=allow_private)
        submitted = worker.submit(Path(path).read_bytes(), {})
        if submitted.status == "ignored":
            sys.exit(f"ignored: {submitted.reason}")
        # A service runs until it is told to stop: worker.run().
        worker.drain()
        for outcome in worker.recent():
            print(f"{outcome.url}: {outcome.width} x {outcome.height}, linked by {outcome.message}")
        for letter in worker.dead_letters():
            sys.exit(f"no preview after {letter.attempts} attempts: {letter.reason}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: preview_worker.py WEBHOOK")
    main(sys.argv[1])
