// What is special to Node about attachments: signals, outcomes as `Promise.allSettled` has them, values by name.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { inspectSync, PorteurError } from '../../bindings-node/index.js'
import { count, failure, platform } from './support.mjs'

const ID = 'attachment-1'
const UPLOAD = 'POST /api/v2/files/attachments'
const DIRECTIVE = { attachmentId: ID, targetFormat: 'png', maxWidth: 32, maxHeight: 32, preserveAspectRatio: true }

test('what is uploaded is what the outcome says', async (t) => {
  const simulator = platform(t)
  const done = await simulator.client().transformAttachment({ ...DIRECTIVE, generateThumbnail: true, thumbnailMaxWidth: 8 })
  const bytes = simulator.attachment(done.id)
  const { width, height, format } = inspectSync(bytes)
  assert.deepEqual([width, height, format, bytes.length], [done.width, done.height, done.format, done.size])
  assert.equal(simulator.attachment(done.thumbnailId).length, done.thumbnailSize)
  assert.ok(done.times.decodeMs > 0)
  assert.equal(done.callbackError, undefined)
})

test('a rule that is broken names its field as it is called here', async (t) => {
  const simulator = platform(t)
  const client = simulator.client()
  for (const [change, field] of [
    [{ maxWidth: 5000 }, 'maxWidth'], [{ maxHeight: 31 }, 'maxHeight'], [{ targetFormat: 'tiff' }, 'targetFormat'],
    [{ attachmentId: undefined }, 'attachmentId'], [{ quality: 85 }, 'quality'], [{ maxWidth: NaN }, 'directive']
  ]) {
    const error = await failure(client.transformAttachment({ ...DIRECTIVE, ...change }))
    assert.deepEqual([error.code, error.field], ['invalid_input', field])
  }
  assert.equal((await failure(client.transformAttachment(ID))).field, 'directive')
  assert.deepEqual(simulator.journal, [])
})

test('an abort asks for nothing more', async (t) => {
  const simulator = platform(t, { faults: [{ on: UPLOAD, stall_ms: 1 }] })
  const abort = new AbortController()
  const call = simulator.client().transformAttachment(DIRECTIVE, { signal: abort.signal })
  while (count(simulator, UPLOAD) === 0) await new Promise(setImmediate)
  abort.abort()
  await assert.rejects(call, { name: 'AbortError' })
  assert.equal(count(simulator, 'PATCH'), 0)
})

test('many are settled in their order', async (t) => {
  const client = platform(t).client()
  const directives = [DIRECTIVE, { ...DIRECTIVE, attachmentId: 'attachment-9' }, { ...DIRECTIVE, maxWidth: 33 }]
  const outcomes = await client.transformAttachments(directives, { concurrency: 2 })
  assert.deepEqual(outcomes.map(({ status }) => status), ['fulfilled', 'rejected', 'rejected'])
  assert.equal(outcomes[0].value.sourceId, ID)
  assert.ok(outcomes[1].reason instanceof PorteurError)
  assert.deepEqual(outcomes.slice(1).map(({ reason }) => reason.code), ['not_found', 'invalid_input'])
})

test('a callback that is refused is an error with a stack, and undoes nothing', async (t) => {
  const simulator = platform(t, { faults: [{ on: 'POST /callback', status: 403 }] })
  const client = simulator.client({ attachmentCallback: `${simulator.url}/callback` })
  const { id, callbackError } = await client.transformAttachment(DIRECTIVE)
  assert.equal(id, 'uploaded-1')
  assert.ok(callbackError instanceof PorteurError && callbackError.code === 'permission_denied')
})

test('limits of pictures are those of the client', async (t) => {
  const client = platform(t).client({ limits: { media: { maxInputBytes: 10 } }, timeouts: { downloadMs: 1000 } })
  assert.equal((await failure(client.transformAttachment(DIRECTIVE))).code, 'too_large')
})
