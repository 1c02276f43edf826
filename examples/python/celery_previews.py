"""Makes previews in Celery tasks: the queue is Celery's, and so are the attempts.

GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_BASE_URL say where the platform is, CDN_PRESIGNED_URL_TEMPLATE where
previews go, and CELERY_BROKER_URL where tasks wait. Send a task with the `data` of a webhook whose signature you have checked:
`preview.delay(webhook["data"])`.

    pip install celery
    celery --workdir examples/python --app celery_previews worker
"""

import os
from functools import cache
from typing import Any

from celery import Celery, Task

import porteur

app = Celery("previews", broker=os.environ.get("CELERY_BROKER_URL", "memory://"))
# A task whose process died is delivered once more.
app.conf.update(task_acks_late=True, task_reject_on_worker_lost=True)


@cache
def worker() -> porteur.PreviewWorker:
    """One for each process: made by its first task, after Celery has forked."""
    # With attachments on this machine, as in the tests.
    allow_private = "PREVIEWS_ALLOW_PRIVATE" in os.environ
    return porteur.Client.from_env().previews(queue=os.environ.get("PORTEUR_QUEUE"), allow_private=allow_private)


@app.task(bind=True, max_retries=4)
def preview(self: Task[Any, Any], event: dict[str, Any]) -> str:
    # From the second attempt on the history is searched first, so that nothing is posted twice.
    again = self.request.retries + bool((self.request.delivery_info or {}).get("redelivered"))
    try:
        return worker().handle(event, attempt=1 + again).url
    except porteur.PorteurError as error:
        if not error.retryable:
            raise
        wait = error.retry_after or 10 * 2**self.request.retries
        raise self.retry(exc=error, countdown=wait) from error
