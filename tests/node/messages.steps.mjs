// The steps of scenarios about messages to a conversation and the audit trail; what they say is in tests/README.md.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { verifyAudit } from '../../bindings-node/index.js'
import { messages as generated } from '../../bindings-node/testing.js'

/** The simulator's own conversation and who takes part in it. */
const CONVERSATION = 'conversation-1'
const SENDER = 'agent@example.com'
const RECIPIENT = 'customer@example.com'
/** The log's name in the scenario's folder, and what the simulator takes by default. */
const LOG = 'audit.log'
const SECRET = 'simulator-audit-secret'

export const verbs = {
  async send (stage, { conversation = CONVERSATION, ...message }) {
    const sent = await stage.client.send(conversation, messageOf(stage, message))
    stage.sent = sent
    return { id: sent.id, status: sent.status, client_id: sent.clientId, conversation: sent.conversation }
  },
  send_many (stage, { messages, ...options }) {
    const many = messages.map((wish) => ({ conversation: CONVERSATION, ...messageOf(stage, wish) }))
    return sendAll(stage, many, options)
  },
  generated (stage, { seed, count, ...options }) {
    const many = generated(seed, count).map((message) => ({ conversation: CONVERSATION, ...message }))
    return sendAll(stage, many, options)
  },
  async await_delivery (stage, { message = stage.sent, ...options }) {
    const { status, elapsedMs, sla } = await stage.client.awaitDelivery(message, camelCased(options))
    return { status, elapsed_ms: elapsedMs, ...(sla && { sla_violated: sla.violated }) }
  },
  async history (stage, { conversation = CONVERSATION, take = Infinity, ...options }) {
    const ids = []
    for await (const { id } of stage.client.history(conversation, camelCased(options))) {
      ids.push(id)
      if (ids.length >= take) break
    }
    return { ids }
  },
  record: (stage, { kind, fields = {} }) => stage.client.record(kind, fields),
  flush_audit: (stage) => stage.client.flushAudit(),
  async verify_audit ({ directory }, { path, secret = SECRET }) {
    const { isIntact: intact, ...report } = await verifyAudit(logs[path ?? 'own'](directory), secret)
    return { ...report, intact }
  }
}

/** The options of the scenario's audit log; none when there is to be none. */
export function auditOf (wish, { url }, directory) {
  if (!wish) return undefined
  const { endpoint = true, ...options } = wish === true ? {} : wish
  const audit = { file: join(directory, LOG), secret: SECRET, ...camelCased(options) }
  return endpoint ? { ...audit, endpoint: `${url}/audit` } : audit
}

export function camelCased (options) {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [camelCase(name), value]))
}

export function camelCase (name) {
  return name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())
}

const logs = {
  own: (directory) => join(directory, LOG),
  missing: (directory) => join(directory, 'missing.log'),
  other (directory) {
    const path = join(directory, 'other.log')
    writeFileSync(path, 'This is a text,\nand no log.\n')
    return path
  }
}

function messageOf (stage, { attach, attachments = [], ...message }) {
  return {
    sender: SENDER,
    to: [RECIPIENT],
    ...camelCased(message),
    attachments: [...(attach ? [stage.file] : []), ...attachments.map(attachmentOf)]
  }
}

function attachmentOf ({ text, zeros, ...attachment }) {
  const data = text === undefined ? zeros === undefined ? undefined : Buffer.alloc(zeros) : Buffer.from(text)
  return { data, ...camelCased(attachment) }
}

async function sendAll (stage, messages, options) {
  const sent = []
  for (const { value, reason } of await stage.client.sendMany(messages, options)) {
    sent.push(value ? value.id : `error:${reason.code}`)
    stage.sent = value ?? stage.sent
  }
  return { sent }
}
