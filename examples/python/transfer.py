"""Transfers an interaction to somebody else: with a picture where the gateway can, or else with the sound of a telephone.

GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_BASE_URL say where; `porteur simulate` prints all three.

    python examples/python/transfer.py interaction-1 genesys://user/agent-9
"""

import sys

import porteur


def main(interaction: str, destination: str) -> None:
    seen_and_heard = porteur.MediaMatrix(porteur.Audio("opus", 64), video=porteur.Video("vp8", "1280x720", 30))
    telephone = porteur.Audio("pcmu", 64)

    # A session carries any number of transfers, also at once.
    with porteur.Client.from_env() as client, client.connect() as session:
        try:
            outcome = session.transfer(interaction, destination, media=[seen_and_heard, telephone])
        except porteur.TransferTimeout as error:
            sys.exit(f"not settled, ask again with the id {error.details['id']}: {error}")
        print(f"{outcome.status} as {outcome.id}: {outcome.codec} after {outcome.latency * 1000:.0f} ms")
        if outcome.retries:
            print(f"retries: {outcome.retries}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: transfer.py INTERACTION DESTINATION")
    main(*sys.argv[1:])
