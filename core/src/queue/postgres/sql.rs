//! What is said to the server. Each is one statement, so it happens as a whole or not at all, and none needs a transaction that
//! a lost connection could leave open.

/// What names the table of one queue. The name was checked: it is letters, digits and `_`.
pub(super) struct Sql {
    pub(super) next_due: String,
    pub(super) extend: String,
    pub(super) ack: String,
    pub(super) give_back: String,
    pub(super) bury: String,
    pub(super) stats: String,
}

/// Of a receipt: `$1` the queue, `$2` the message, `$3` its `read_ct`.
impl Sql {
    pub(super) fn new(name: &str) -> Self {
        let table = format!("pgmq.q_{name}");
        let gone = format!(
            "WITH gone AS (DELETE FROM {table} WHERE msg_id = $2 AND read_ct = $3
                RETURNING message->>'key' AS key, message->>'body' AS body)"
        );
        Self {
            next_due: format!(
                "SELECT ceil(extract(epoch FROM min(vt) - clock_timestamp()) * 1000)::bigint FROM {table}"
            ),
            extend: format!(
                "WITH held AS (UPDATE {table} SET vt = clock_timestamp() + $4 * interval '1 millisecond'
                    WHERE msg_id = $2 AND read_ct = $3 RETURNING 1)
                SELECT count(*) FROM held WHERE $1 <> ''"
            ),
            ack: format!(
                "{gone}, finished AS (UPDATE porteur.queue_keys k
                    SET state = 'finished', ended_at = clock_timestamp(), body = NULL
                    FROM gone WHERE k.queue = $1 AND k.key = gone.key)
                SELECT count(*) FROM gone"
            ),
            // Without `last_read_at` nobody has it: that is how a wait that was asked for is told from a job that is taken.
            give_back: format!(
                "WITH back AS (UPDATE {table} SET vt = clock_timestamp() + $4 * interval '1 millisecond',
                    read_ct = read_ct + 1, last_read_at = NULL,
                    headers = coalesce(headers, '{{}}') || jsonb_build_object('returned',
                        coalesce((headers->>'returned')::integer, 0) + $5)
                    WHERE msg_id = $2 AND read_ct = $3 RETURNING 1)
                SELECT count(*) FROM back WHERE $1 <> ''"
            ),
            bury: format!(
                "{gone}, dead AS (UPDATE porteur.queue_keys k
                    SET state = 'dead', ended_at = clock_timestamp(), body = decode(gone.body, 'base64'),
                        reason = $4, attempts = $5
                    FROM gone WHERE k.queue = $1 AND k.key = gone.key)
                SELECT count(*) FROM gone"
            ),
            stats: format!(
                "SELECT m.waiting, m.taken, m.delayed, k.dead, k.remembered, k.oldest FROM (SELECT
                    count(*) FILTER (WHERE vt <= clock_timestamp()) AS waiting,
                    count(*) FILTER (WHERE vt > clock_timestamp() AND last_read_at IS NOT NULL) AS taken,
                    count(*) FILTER (WHERE vt > clock_timestamp() AND last_read_at IS NULL) AS delayed
                    FROM {table}) m, (SELECT
                    count(*) FILTER (WHERE state = 'dead') AS dead,
                    count(*) FILTER (WHERE state = 'finished'
                        AND ended_at > clock_timestamp() - $2 * interval '1 millisecond') AS remembered,
                    (extract(epoch FROM clock_timestamp() - min(enqueued_at) FILTER (WHERE state = 'open'))
                        * 1000)::bigint AS oldest
                    FROM porteur.queue_keys WHERE queue = $1) k"
            ),
        }
    }
}

/// `$1` the queue, `$2` the key, `$3` the body, `$4` for how long finished keys are known. A row when it was stored.
pub(super) const ENQUEUE: &str = "WITH fresh AS (
    INSERT INTO porteur.queue_keys AS k (queue, key) VALUES ($1, $2)
    ON CONFLICT (queue, key) DO UPDATE SET state = 'open', enqueued_at = clock_timestamp(), ended_at = NULL
        WHERE k.state = 'finished' AND k.ended_at <= clock_timestamp() - $4 * interval '1 millisecond'
    RETURNING key, enqueued_at)
SELECT pgmq.send($1, jsonb_build_object('key', key, 'body', encode($3, 'base64'), 'at', enqueued_at)) FROM fresh";

/// `$1` the queue, `$2` seconds, `$3` how many. Keys are not asked: PGMQ's function sees messages that were sent after this statement
/// began, and the statement itself not yet their keys.
pub(super) const TAKE: &str = "SELECT msg_id, read_ct, message->>'key', message->>'body',
    read_ct - coalesce((headers->>'returned')::integer, 0),
    (extract(epoch FROM coalesce((message->>'at')::timestamptz, enqueued_at)) * 1000)::bigint,
    message ? 'redriven'
FROM pgmq.read($1, $2, $3)";

/// `$1` the queue, `$2` the message.
pub(super) const ARCHIVE: &str = "SELECT pgmq.archive($1, $2)";

/// `$1` the queue, `$2` for how long finished keys are known. Others may be at it.
pub(super) const FORGET: &str = "DELETE FROM porteur.queue_keys WHERE queue = $1 AND id IN (
    SELECT id FROM porteur.queue_keys WHERE queue = $1 AND state = 'finished'
        AND ended_at <= clock_timestamp() - $2 * interval '1 millisecond'
    LIMIT 256 FOR UPDATE SKIP LOCKED)";

/// `$1` the queue, `$2` the position, `$3` how many.
pub(super) const DEAD_LETTERS: &str = "SELECT id, key, body, reason, attempts,
    (extract(epoch FROM enqueued_at) * 1000)::bigint, (extract(epoch FROM ended_at) * 1000)::bigint
FROM porteur.queue_keys WHERE queue = $1 AND state = 'dead' AND id > $2 ORDER BY id LIMIT $3";

/// `$1` the queue, `$2` the key or nothing.
pub(super) const REDRIVE: &str = "WITH fresh AS (
    UPDATE porteur.queue_keys SET state = 'open', ended_at = NULL, reason = NULL, attempts = NULL
    WHERE queue = $1 AND state = 'dead' AND ($2 IS NULL OR key = $2) RETURNING key, body, enqueued_at),
sent AS (SELECT pgmq.send($1, jsonb_build_object('key', key, 'body', encode(body, 'base64'), 'at', enqueued_at,
    'redriven', true)) FROM fresh)
SELECT count(*) FROM sent";

/// `$1` the queue, `$2` the key or nothing.
pub(super) const PURGE: &str = "WITH gone AS (
    DELETE FROM porteur.queue_keys WHERE queue = $1 AND state = 'dead' AND ($2 IS NULL OR key = $2) RETURNING 1)
SELECT count(*) FROM gone";

/// Who sets up at the same time waits for the other.
pub(super) const LOCK: &str = "BEGIN; SELECT pg_advisory_xact_lock(8100125719822037);";

/// True when there is no PGMQ; false when there is one; nothing when it is too old to say when a message was read.
pub(super) const PGMQ_IS_MISSING: &str = "SELECT CASE
    WHEN to_regclass('pgmq.meta') IS NULL THEN true
    WHEN EXISTS (SELECT 1 FROM pg_attribute a JOIN pg_type t ON t.typrelid = a.attrelid
        JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE n.nspname = 'pgmq' AND t.typname = 'message_record' AND a.attname = 'last_read_at') THEN false
    END";

/// PGMQ 1.11.1, unmodified, under the licence beside it.
pub(super) const PGMQ: &str = include_str!("pgmq/pgmq.sql");

/// A key outlives its message: it is what folds. `body` is what was in the message, once that is gone.
pub(super) const KEYS: &str = "
CREATE SCHEMA IF NOT EXISTS porteur;
CREATE TABLE IF NOT EXISTS porteur.queue_keys (
    id bigint GENERATED ALWAYS AS IDENTITY,
    queue text NOT NULL,
    key text NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'dead', 'finished')),
    enqueued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    body bytea,
    reason text,
    attempts integer,
    PRIMARY KEY (queue, key)
);
CREATE INDEX IF NOT EXISTS queue_keys_dead ON porteur.queue_keys (queue, id) WHERE state = 'dead';
CREATE INDEX IF NOT EXISTS queue_keys_finished ON porteur.queue_keys (queue, ended_at) WHERE state = 'finished';
";
