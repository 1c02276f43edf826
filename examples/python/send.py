"""Sends a message to a conversation and waits until it is delivered.

GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_BASE_URL say where; `porteur simulate` prints all three. With
PORTEUR_AUDIT_FILE and PORTEUR_AUDIT_SECRET set, an audit trail is kept.

    python examples/python/send.py conversation-1 agent@example.com customer@example.com "Your invoice."
"""

import sys

import porteur


def main(conversation: str, sender: str, recipient: str, text: str) -> None:
    # Leaving the block closes the client, which signs the audit trail.
    with porteur.Client.from_env() as client:
        sent = client.send(conversation, text=text, sender=sender, to=[recipient])
        print(f"sent as {sent.id}: {sent.status}")

        try:
            receipt = client.await_delivery(sent, within=20, sla=10)
        except porteur.DeliveryTimeout as error:
            sys.exit(f"not there yet, ask again later: {error}")
        print(f"{receipt.status} after {receipt.elapsed:.1f} s")
        if receipt.sla and receipt.sla.violated:
            print(f"later than the {receipt.sla.threshold:.0f} s that were promised")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit("usage: send.py CONVERSATION SENDER RECIPIENT TEXT")
    main(*sys.argv[1:])
