"""Transforms attachments with porteur: `python attachments_porteur.py COUNT IN_FLIGHT`, through one client."""

from __future__ import annotations

import json
import sys
import time

import porteur


def main(count: int, in_flight: int) -> None:
    started = time.perf_counter()
    # So fast that the rate does not matter.
    pace = porteur.Pace(per_minute=FAST, burst=FAST)
    with porteur.Client.from_env(pace=pace) as client:
        directives = ({**DIRECTIVE, "attachmentId": f"attachment-{number}"} for number in range(count))
        made = client.transform_attachments(directives, concurrency=in_flight)
    failed = [error for error in made if isinstance(error, porteur.PorteurError)]
    if failed:
        raise failed[0]
    print(json.dumps({"seconds": time.perf_counter() - started, "patched": len(made)}))


#: The tutorial's.
DIRECTIVE = {
    "targetFormat": "jpeg",
    "maxWidth": 1920,
    "maxHeight": 1080,
    "preserveAspectRatio": True,
    "generateThumbnail": True,
    "thumbnailMaxWidth": 200,
}
#: A million a minute and at once.
FAST = 1_000_000

if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
