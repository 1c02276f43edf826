// What is special to Node about messages: loops over a history, signals, outcomes in their places, dates.

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'

import { PorteurError, verifyAudit } from '../../bindings-node/index.js'
import { messages } from '../../bindings-node/testing.js'
import { CONVERSATION, HELLO, WHO, audit, count, directory, failure, platform, sentIn } from './support.mjs'

const ONE = { conversation: CONVERSATION, ...HELLO }
const SENT = { conversation: CONVERSATION, id: 'sent-1' }
const SENDS = `POST /api/v2/conversations/${CONVERSATION}/messages`
const READS = `GET /api/v2/conversations/${CONVERSATION}`
const PAGES = 'GET /api/v2/conversations/messages'

/** A platform whose conversation has a history of so many messages. */
function platformWith (t, history, settings = {}) {
  return platform(t, { conversations: [{ id: CONVERSATION, history }], ...settings })
}

/** A platform that never answers such requests, and what resolves when the first of them came. */
function silent (t, on) {
  const simulator = platform(t, { clock: 'system', faults: [{ on, stall_ms: 600_000 }] })
  const asked = async () => { while (count(simulator, on) === 0) await new Promise(setImmediate) }
  return { simulator, asked }
}

async function idsOf (history) {
  const ids = []
  for await (const { id } of history) ids.push(id)
  return ids
}

// History

test('a loop reads every message of a history, oldest first', async (t) => {
  const simulator = platformWith(t, 7)
  const ids = await idsOf(simulator.client().history(CONVERSATION, { pageSize: 3 }))
  assert.equal(new Set(ids).size, 7)
  assert.deepEqual(ids, await idsOf(simulator.client().history(CONVERSATION)))
  assert.equal(count(simulator, PAGES), 3 + 1)
})

test('a page is read when its first message is asked for, and not before', async (t) => {
  const simulator = platformWith(t, 7)
  const history = simulator.client().history(CONVERSATION, { pageSize: 3 })
  const read = []
  for (let turn = 0; turn < 1000; turn += 1) await new Promise(setImmediate)
  read.push(count(simulator, PAGES))
  for await (const _ of history) read.push(count(simulator, PAGES))
  assert.deepEqual(read, [0, 1, 1, 1, 2, 2, 2, 3])
})

test('a loop that is left reads no more', async (t) => {
  const simulator = platformWith(t, 7)
  const history = simulator.client().history(CONVERSATION, { pageSize: 3 })
  for await (const _ of history) break
  assert.deepEqual(await history.next(), { value: undefined, done: true })
  assert.equal(count(simulator, PAGES), 1)
})

test('messages that are asked for side by side come in order', async (t) => {
  const history = platformWith(t, 4).client().history(CONVERSATION, { pageSize: 2 })
  const asked = await Promise.all(Array.from({ length: 5 }, () => history.next()))
  const again = platformWith(t, 4).client().history(CONVERSATION)
  assert.deepEqual(asked.map(({ value }) => value?.id), [...await idsOf(again), undefined])
})

test('a message of a history has a Date, and no member that the platform does not know', async (t) => {
  const simulator = platform(t)
  await simulator.client().send(CONVERSATION, HELLO)
  const { value: message } = await simulator.client().history(CONVERSATION).next()
  assert.ok(message.created instanceof Date && message.created.getTime() > 0)
  const { id, sender, to, contentType, content, metadata } = message
  assert.deepEqual({ id, sender, to, contentType, content, metadata },
    { id: 'sent-1', ...WHO, contentType: 'text/plain', content: 'hello', metadata: {} })
  assert.ok(Object.values(message).every((value) => value !== undefined && value !== null), inspect(message))
})

test('what goes wrong is thrown in the loop with the stack of whoever asked, and ends it', async (t) => {
  const simulator = platformWith(t, 7, { faults: [{ on: PAGES, nth: 2, status: 403 }] })
  const history = simulator.client().history(CONVERSATION, { pageSize: 3 })
  let read = 0
  async function reader () { for await (const _ of history) read += 1 }
  const error = await failure(reader())
  assert.deepEqual([error instanceof PorteurError, error.code, read], [true, 'permission_denied', 3])
  assert.match(error.stack, /^PorteurError: permission denied.*\n {4}at /)
  assert.deepEqual(await history.next(), { value: undefined, done: true })
  assert.equal(count(simulator, PAGES), 2)
})

test('a history with unusable options is thrown at once, one that is refused in the loop', async (t) => {
  const client = platform(t).client()
  assert.throws(() => client.history(CONVERSATION, { pageSize: 'all' }), { code: 'invalid_input', field: 'pageSize' })
  assert.throws(() => client.history(5), { code: 'invalid_input', field: 'conversation' })
  for (const [options, field] of [[{ pageSize: 0 }, 'pageSize'], [{ pageToken: '' }, 'pageToken']]) {
    assert.equal((await failure(client.history(CONVERSATION, options).next())).field, field)
  }
})

// Signals

test('a signal that is aborted already rejects with its reason and asks nobody', async (t) => {
  const simulator = platform(t)
  const client = simulator.client({ audit: audit({ endpoint: `${simulator.url}/audit` }) })
  const reason = new Error('not today')
  const signal = AbortSignal.abort(reason)
  for (const call of [
    client.send(CONVERSATION, { ...HELLO, signal }), client.sendMany([ONE], { signal }),
    client.awaitDelivery(SENT, { signal }),
    client.history(CONVERSATION, { signal }).next(), client.record('note', {}, { signal }),
    client.flushAudit({ signal }), verifyAudit(join(directory, 'missing'), 'secret', { signal })
  ]) assert.equal(await failure(call), reason)
  assert.deepEqual(simulator.journal, [])
})

const waits = {
  send: [SENDS, (client, signal) => client.send(CONVERSATION, { ...HELLO, signal })],
  sendMany: [SENDS, (client, signal) => client.sendMany([ONE], { signal })],
  awaitDelivery: [READS, (client, signal) =>
    client.awaitDelivery(SENT, { intervalMs: 1, signal })],
  history: [PAGES, (client, signal) => idsOf(client.history(CONVERSATION, { signal }))]
}
for (const [name, [on, call]] of Object.entries(waits)) {
  test(`an abort ends ${name} with the reason of its signal, and hangs up`, async (t) => {
    const { simulator, asked } = silent(t, on)
    const controller = new AbortController()
    const outcome = failure(call(simulator.client(), controller.signal))
    await asked()
    controller.abort()
    const error = await outcome
    assert.equal(error, controller.signal.reason)
    assert.equal(error.name, 'AbortError')
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
    const request = () => simulator.journal.find(({ method, path }) => `${method} ${path}`.startsWith(on))
    while (request().status === null) await new Promise(setImmediate)
    assert.equal(request().status, 'dropped')
  })
}

test('a loop with a signal listens to it while it waits alone', async (t) => {
  const { signal } = new AbortController()
  const listening = []
  for await (const _ of platformWith(t, 3).client().history(CONVERSATION, { pageSize: 1, signal })) {
    listening.push(getEventListeners(signal, 'abort').length)
  }
  assert.deepEqual([...listening, getEventListeners(signal, 'abort').length], [0, 0, 0, 0])
})

// Many

test('outcomes of many messages are in their places, as Promise.allSettled has them', async (t) => {
  const simulator = platform(t)
  async function caller () {
    return await simulator.client().sendMany([
      ONE, { ...ONE, conversation: 'conversation-9' }, { ...ONE, text: undefined }, HELLO,
      { ...ONE, text: undefined, json: 5n }, ONE
    ], { concurrency: 1 })
  }
  const outcomes = await caller()
  assert.deepEqual(outcomes.map(({ status, value, reason }) => [status, value?.id ?? reason.code, reason?.field]), [
    ['fulfilled', 'sent-1', undefined], ['rejected', 'not_found', undefined], ['rejected', 'invalid_input', 'content'],
    ['rejected', 'invalid_input', 'conversation'], ['rejected', 'invalid_input', 'json'],
    ['fulfilled', 'sent-2', undefined]
  ])
  for (const outcome of outcomes) {
    assert.deepEqual(Object.keys(outcome), ['status', outcome.status === 'fulfilled' ? 'value' : 'reason'])
    if (outcome.reason) assert.ok(outcome.reason instanceof PorteurError)
  }
  assert.match(outcomes[1].reason.stack, /^PorteurError: conversation not found.*\n {4}at caller \(.*\.test\.mjs:/)
})

test('no messages have no outcomes', async (t) => {
  assert.deepEqual(await platform(t).client().sendMany([]), [])
})

test('what reading a message throws rejects all of them before one is sent', async (t) => {
  const simulator = platform(t)
  const mine = new RangeError('mine')
  const json = { toJSON () { throw mine } }
  const many = [ONE, { ...ONE, text: undefined, json }]
  assert.equal(await failure(simulator.client().sendMany(many)), mine)
  assert.deepEqual(simulator.journal, [])
})

// Values

test('a receipt has dates, and the time between them in milliseconds', async (t) => {
  const simulator = platform(t, { deliveries: [{ after_ms: 1250 }] })
  const client = simulator.client()
  const sent = await client.send(CONVERSATION, { ...HELLO, clientId: 'mine' })
  assert.deepEqual(sent, { id: 'sent-1', conversation: CONVERSATION, status: 'queued', clientId: 'mine', ...WHO })
  const receipt = await client.awaitDelivery(sent, { slaMs: 1000 })
  const { created, delivered, ...rest } = receipt
  assert.ok(created instanceof Date && delivered instanceof Date)
  assert.equal(delivered - created, 1250)
  const sla = { thresholdMs: 1000, elapsedMs: 1250, violated: true }
  assert.deepEqual(rest, { messageId: 'sent-1', conversation: CONVERSATION, status: 'delivered', elapsedMs: 1250, sla })
})

test('a message that was sent elsewhere is known by its conversation and id', async (t) => {
  const simulator = platform(t)
  const { id } = await simulator.client().send(CONVERSATION, HELLO)
  const receipt = await simulator.client().awaitDelivery({ conversation: CONVERSATION, id })
  assert.equal(receipt.status, 'delivered')
  assert.ok(!('sla' in receipt))
})

test('every kind of attachment arrives as what it is', async (t) => {
  const simulator = platform(t)
  const client = simulator.client()
  const file = await client.upload(Buffer.from('%PDF'), { name: 'invoice.pdf', contentType: 'application/pdf' })
  const unnamed = await client.upload(Buffer.from('abc'), { name: 'notes.txt' })
  assert.deepEqual([file.contentType, unnamed.contentType], ['application/pdf', 'application/octet-stream'])
  const data = Buffer.from('hello')
  const sending = client.send(CONVERSATION, {
    ...HELLO,
    attachments: [
      file, unnamed, { id: file.id, name: 'again.pdf' }, { filename: 'a.txt', data },
      { filename: 'logo', url: 'https://example.com/logo', contentType: 'image/png' },
      { filename: 'b.pdf', fileId: file.id }
    ]
  })
  // Copied when the call is made.
  data.fill(0)
  await sending
  const [{ attachments }] = sentIn(simulator)
  assert.deepEqual(attachments.map(({ type, filename, id, url, bytes }) => [type, filename, id ?? url ?? bytes]), [
    ['application/pdf', 'invoice.pdf', file.id], ['text/plain', 'notes.txt', unnamed.id],
    ['application/pdf', 'again.pdf', file.id], ['text/plain', 'a.txt', 5],
    ['image/png', 'logo', 'https://example.com/logo'], ['application/pdf', 'b.pdf', file.id]
  ])
  assert.equal(attachments[3].sha256, '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824')
})

// Errors

test('a message whose answer was lost is unconfirmed, and is sent once more by the id in the details', async (t) => {
  const simulator = platform(t, { faults: [{ on: SENDS, times: 4, drop: 'after' }] })
  const client = simulator.client()
  const error = await failure(client.send(CONVERSATION, HELLO))
  assert.ok(error instanceof PorteurError)
  assert.deepEqual([error.code, error.retryable, error.status], ['unconfirmed', true, undefined])
  const { id } = await client.send(CONVERSATION, { ...HELLO, clientId: error.details.client_id })
  assert.deepEqual(sentIn(simulator).map((message) => message.id), [id])
})

test('a delivery that fails and one that is late are told apart by their codes', async (t) => {
  const simulator = platform(t, { deliveries: [{ outcome: 'failed' }, { outcome: 'never' }] })
  const client = simulator.client()
  const failed = await failure(client.awaitDelivery(await client.send(CONVERSATION, HELLO)))
  assert.deepEqual([failed.code, failed.retryable, failed.details],
    ['delivery_failed', false, { message_id: 'sent-1', conversation: CONVERSATION, status: 'failed' }])
  const sent = await client.send(CONVERSATION, HELLO)
  const late = await failure(client.awaitDelivery(sent, { withinMs: 3000, slaMs: 2500 }))
  assert.deepEqual([late.code, late.retryable], ['delivery_timeout', true])
  const { message_id: id, status, waited_seconds: waited, sla_seconds: sla, sla_violation: violated } = late.details
  assert.deepEqual([id, status, waited, sla, violated], ['sent-2', 'queued', '3', '2.5', 'true'])
})

const page = { filename: 'a.html', url: 'https://example.com' }
const rejections = {
  conversation: (client) => client.send(undefined, HELLO),
  options: (client) => client.send(CONVERSATION, 'hello'),
  content: (client) => client.send(CONVERSATION, { ...HELLO, html: '<p>hello</p>' }),
  text: (client) => client.send(CONVERSATION, { ...HELLO, text: 5 }),
  sender: (client) => client.send(CONVERSATION, { ...HELLO, sender: undefined }),
  to: (client) => client.send(CONVERSATION, { ...HELLO, to: 'customer@example.com' }),
  'to[1]': (client) => client.send(CONVERSATION, { ...HELLO, to: ['customer@example.com', ''] }),
  attachments: (client) => client.send(CONVERSATION, { ...HELLO, attachments: [{ filename: 'a.txt' }] }),
  filename: (client) => client.send(CONVERSATION, { ...HELLO, attachments: [{ ...page, filename: undefined }] }),
  data: (client) => client.send(CONVERSATION, { ...HELLO, attachments: [{ filename: 'a.txt', data: 'abc' }] }),
  'attachments[0].contentType': (client) =>
    client.send(CONVERSATION, { ...HELLO, attachments: [{ ...page, contentType: 'text' }] }),
  clientId: (client) => client.send(CONVERSATION, { ...HELLO, clientId: 'with a space' }),
  check: (client) => client.send(CONVERSATION, { ...HELLO, check: 1 }),
  signal: (client) => client.send(CONVERSATION, { ...HELLO, signal: {} }),
  messages: (client) => client.sendMany(ONE),
  concurrency: (client) => client.sendMany([], { concurrency: 257 }),
  sent: (client) => client.awaitDelivery('sent-1'),
  id: (client) => client.awaitDelivery({ conversation: CONVERSATION }),
  intervalMs: (client) => client.awaitDelivery(SENT, { intervalMs: 0 }),
  withinMs: (client) => client.awaitDelivery(SENT, { withinMs: 0.5 }),
  backoff: (client) => client.awaitDelivery(SENT, { backoff: NaN }),
  kind: (client) => client.record(undefined, {}),
  fields: (client) => client.record('note', ['text']),
  audit: (client) => client.record('note', {}),
  path: () => verifyAudit(5, 'secret'),
  secret: () => verifyAudit('audit.log')
}
for (const [field, call] of Object.entries(rejections)) {
  test(`an unusable ${field} rejects by its name, and nobody is asked`, async (t) => {
    const simulator = platform(t)
    const error = await failure(call(simulator.client()))
    assert.ok(error instanceof PorteurError, inspect(error))
    assert.deepEqual([error.code, error.field], ['invalid_input', field])
    assert.deepEqual(simulator.journal, [])
  })
}

// Generated

test('generated messages are those of every language, and can be sent as they are', async (t) => {
  const simulator = platform(t)
  const vector = JSON.parse(readFileSync(new URL('../vectors/messages.json', import.meta.url), 'utf8'))
  for (const { seed, messages: expected } of vector) {
    const made = messages(BigInt(seed), expected.length).map(({ text, html, json, sender, to, attachments }) => ({
      content_type: text ? 'text/plain' : html ? 'text/html' : 'application/json',
      content: text ?? html ?? json,
      sender,
      to,
      attachments: attachments.map(({ contentType, filename, url }) => ({ content_type: contentType, filename, url }))
    }))
    assert.deepEqual(made, expected)
  }
  assert.deepEqual(messages(42, 9), messages(42n, 9))
  for (const message of messages(42, 9)) await simulator.client().send(CONVERSATION, message)
  assert.deepEqual(simulator.violations, [])
})

for (const seed of [-1, 1.5, '42', 2n ** 64n, undefined]) {
  test(`${inspect(seed)} is no seed`, () => {
    assert.throws(() => messages(seed, 1), { code: 'invalid_input', field: 'seed' })
  })
}
