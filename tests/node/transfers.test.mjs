// What is special to Node about transfers: signals, sessions that are disposed of, loops over events, values by name.

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { inspect } from 'node:util'

import { PorteurError, Session } from '../../bindings-node/index.js'
import { count, failure, platform } from './support.mjs'

const INTERACTION = 'interaction-1'
const DESTINATION = 'genesys://user/agent-9'
const ENDS = [INTERACTION, DESTINATION]
const FRAME = 'FRAME /interaction.transfer'
const SOCKET = 'GET /api/v2/websocket'
/** The first frame is carried out, and answered after the second. */
const HELD = { on: FRAME, hold_back: 1 }

/** Resolves when so many frames came. */
async function frames (simulator, times) {
  while (simulator.state.frames.length < times) await new Promise(setImmediate)
}

/** The ids of the frames that were carried out. */
function transferred (simulator) {
  return simulator.state.interactions[0].transfers.map(({ id }) => id)
}

async function kindsOf (events) {
  const kinds = []
  for await (const { kind } of events) kinds.push(kind)
  return kinds
}

// Sessions

test('a session is closed when it is disposed of, and its client goes on', async (t) => {
  const simulator = platform(t)
  const client = simulator.client()
  const session = await client.connect()
  assert.ok(session instanceof Session)
  assert.equal((await session.transfer(...ENDS)).status, 'codec_negotiated')
  const events = session.events()
  await session[Symbol.asyncDispose]()
  assert.deepEqual(await kindsOf(events), ['closed'])
  assert.equal((await failure(session.transfer(...ENDS))).code, 'cancelled')
  await session.close()
  assert.equal((await client.transfer(...ENDS)).codec, 'opus')
  assert.equal(count(simulator, SOCKET), 2)
})

test('disposing without waiting closes a session too', async (t) => {
  const session = await platform(t).client().connect()
  const events = session.events()
  session[Symbol.dispose]()
  assert.deepEqual(await kindsOf(events), ['closed'])
})

test('a session ends with its client', async (t) => {
  const client = platform(t).client()
  const session = await client.connect()
  const events = session.events()
  await client.close()
  assert.deepEqual(await kindsOf(events), ['closed'])
  assert.equal((await failure(session.transfer(...ENDS))).code, 'cancelled')
  assert.equal((await failure(client.connect())).code, 'cancelled')
})

test('closing a session ends what waits on it', async (t) => {
  const simulator = platform(t, { faults: [HELD] })
  const session = await simulator.client().connect()
  const outcome = failure(session.transfer(...ENDS))
  await frames(simulator, 1)
  await session.close()
  assert.equal((await outcome).code, 'cancelled')
})

test('many transfers share one socket', async (t) => {
  const simulator = platform(t)
  const session = await simulator.client().connect()
  const ids = Array.from({ length: 40 }, (_, n) => `frame-${n}`)
  const outcomes = await Promise.all(ids.map((id) => session.transfer(...ENDS, { id })))
  assert.deepEqual(outcomes.map(({ id }) => id), ids)
  assert.deepEqual(transferred(simulator).toSorted(), ids.toSorted())
  assert.equal(count(simulator, SOCKET), 1)
})

// Events

test('events say what happened to the socket, each with the members of its kind', async (t) => {
  const noise = { topic: 'presence', n: [1, null] }
  const faults = [{ on: FRAME, close: 1008 }, { on: FRAME, nth: 2, noise: [noise] }]
  const session = await platform(t, { faults }).client().connect()
  const events = session.events()
  assert.equal((await session.transfer(...ENDS)).retries, 1)
  await session.close()
  const seen = []
  for await (const event of events) seen.push(event)
  const [{ reason, ...ended }, ...others] = seen
  assert.equal(typeof reason, 'string')
  assert.deepEqual(ended, { kind: 'disconnected', code: 1008 })
  assert.deepEqual(others, [{ kind: 'reconnected' }, { kind: 'frame', frame: noise }, { kind: 'closed' }])
})

test('a connection that was lost without a word has no code', async (t) => {
  const session = await platform(t, { faults: [{ on: FRAME, drop: 'before' }] }).client().connect()
  const events = session.events()
  await session.transfer(...ENDS)
  const { value: event } = await events.next()
  assert.deepEqual([event.kind, 'code' in event], ['disconnected', false])
})

test('events are those since they were asked for, and a loop that is left hears no more', async (t) => {
  const noise = (n) => ({ on: FRAME, nth: n, noise: [{ n }] })
  const session = await platform(t, { faults: [noise(1), noise(2), noise(3)] }).client().connect()
  await session.transfer(...ENDS)
  const events = session.events()
  await session.transfer(...ENDS)
  await session.transfer(...ENDS)
  const seen = []
  for await (const { frame } of events) {
    seen.push(frame.n)
    break
  }
  assert.deepEqual(seen, [2])
  assert.deepEqual(await events.next(), { value: undefined, done: true })
  assert.equal((await session.transfer(...ENDS)).status, 'codec_negotiated')
})

test('an abort ends a loop over events with the reason of its signal, and the session stays open', async (t) => {
  const session = await platform(t).client().connect()
  const controller = new AbortController()
  const outcome = failure(kindsOf(session.events({ signal: controller.signal })))
  await new Promise(setImmediate)
  assert.equal(getEventListeners(controller.signal, 'abort').length, 1)
  controller.abort()
  assert.equal(await outcome, controller.signal.reason)
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  assert.equal((await session.transfer(...ENDS)).status, 'codec_negotiated')
})

// Signals

test('a signal that is aborted already rejects with its reason and asks nobody', async (t) => {
  const simulator = platform(t)
  const client = simulator.client()
  const session = await client.connect()
  const reason = new Error('not today')
  const signal = AbortSignal.abort(reason)
  const before = simulator.journal.length
  for (const call of [
    session.transfer(...ENDS, { signal }), client.transfer(...ENDS, { signal }), client.connect({ signal }),
    session.events({ signal }).next()
  ]) assert.equal(await failure(call), reason)
  assert.equal(simulator.journal.length, before)
  assert.deepEqual(simulator.state.frames, [])
})

test('an abort in the middle of a negotiation leaves the session as it was, and the answer is an event', async (t) => {
  const simulator = platform(t, { faults: [HELD] })
  const session = await simulator.client().connect()
  const events = session.events()
  const controller = new AbortController()
  const outcome = failure(session.transfer(...ENDS, { id: 'frame-1', signal: controller.signal }))
  await frames(simulator, 1)
  controller.abort()
  const error = await outcome
  assert.equal(error, controller.signal.reason)
  assert.equal(error.name, 'AbortError')
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  assert.equal((await session.transfer(...ENDS, { id: 'frame-2' })).id, 'frame-2')
  const { value: event } = await events.next()
  assert.deepEqual([event.kind, event.frame.id], ['frame', 'frame-1'])
  // What became of it is found out under its id, and not done again.
  assert.equal((await session.transfer(...ENDS, { id: 'frame-1' })).status, 'codec_negotiated')
  assert.deepEqual(transferred(simulator), ['frame-1', 'frame-2'])
  assert.equal(count(simulator, SOCKET), 1)
  assert.deepEqual(simulator.violations, [])
})

test('an abort ends a transfer in a session of its own, and one that waits for its socket', async (t) => {
  const simulator = platform(t, { clock: 'system', faults: [HELD, { on: SOCKET, nth: 2, stall_ms: 600_000 }] })
  const client = simulator.client()
  for (const [call, begun] of [
    [(signal) => client.transfer(...ENDS, { signal }), () => simulator.state.frames.length === 1],
    [(signal) => client.connect({ signal }), () => count(simulator, SOCKET) === 2]
  ]) {
    const controller = new AbortController()
    const outcome = failure(call(controller.signal))
    while (!begun()) await new Promise(setImmediate)
    controller.abort()
    assert.equal(await outcome, controller.signal.reason)
  }
})

// Values

test('an outcome says what was done', async (t) => {
  const simulator = platform(t)
  const outcome = await simulator.client().transfer(...ENDS, {
    id: 'frame-1',
    media: [
      { audio: { codec: 'g722', bandwidthKbps: 64 } },
      { audio: { codec: 'opus', bandwidthKbps: 96, bitDepth: 24 }, video: { codec: 'vp8', resolution: '1280x720', fps: 30 } }
    ],
    frameTimeoutMs: 2500,
    withinMs: 5000,
    check: false
  })
  const { latencyMs, ...rest } = outcome
  assert.equal(typeof latencyMs, 'number')
  assert.deepEqual(rest,
    { id: 'frame-1', interaction: INTERACTION, status: 'codec_negotiated', codec: 'g722', media: 0, retries: 0 })
  assert.equal(count(simulator, 'GET /api/v2/interactions'), 0)
})

test('a callback may be a URL, and the nearer one counts', async (t) => {
  const simulator = platform(t)
  const url = `${simulator.url}/callback`
  const client = simulator.client({ transferCallback: url })
  await client.transfer(...ENDS, { id: 'frame-1' })
  await client.transfer(...ENDS, { id: 'frame-2', callback: { url, method: 'PUT' } })
  await simulator.client({ transferCallback: { url } }).transfer(...ENDS, { id: 'frame-3' })
  assert.deepEqual(simulator.state.callbacks.map((event) => event.frame_id), ['frame-1', 'frame-2', 'frame-3'])
  assert.deepEqual([count(simulator, 'POST /callback'), count(simulator, 'PUT /callback')], [2, 1])
})

test('a callback that does not arrive is an error in the outcome, with the stack of whoever called', async (t) => {
  const simulator = platform(t, { faults: [{ on: 'POST /callback', status: 403 }] })
  async function caller () {
    return await simulator.client().transfer(...ENDS, { callback: `${simulator.url}/callback` })
  }
  const { status, callbackError } = await caller()
  assert.equal(status, 'codec_negotiated')
  assert.ok(callbackError instanceof PorteurError)
  assert.deepEqual([callbackError.code, callbackError.status], ['permission_denied', 403])
  assert.match(callbackError.stack, /^PorteurError: permission denied.*\n {4}at caller \(.*\.test\.mjs:/)
})

test('a transfer that is late, rejected or over is told apart by its code', async (t) => {
  const faults = [{ on: FRAME, stall_ms: 10_000 }, { on: FRAME, nth: 2, reply: { status: 'busy' } }]
  const interactions = [{ id: INTERACTION }, { id: 'interaction-2', state: 'completed' }]
  const client = platform(t, { faults, interactions }).client()
  const late = await failure(client.transfer(...ENDS, { id: 'frame-1' }))
  assert.deepEqual([late.code, late.retryable, late.details.id, late.details.sent],
    ['transfer_timeout', true, 'frame-1', 'true'])
  const rejected = await failure(client.transfer(...ENDS))
  assert.deepEqual([rejected.code, rejected.details.status], ['transfer_rejected', 'busy'])
  const over = await failure(client.transfer('interaction-2', DESTINATION))
  assert.deepEqual([over.code, over.details],
    ['interaction_not_active', { interaction: 'interaction-2', state: 'completed' }])
})

test('what the gateway takes is a setting', async (t) => {
  const client = platform(t).client({ limits: { codecs: ['opus', 'amr'], maxBandwidthKbps: 256, maxFps: 60 } })
  const video = { codec: 'vp8', resolution: '1280x720', fps: 60 }
  const media = [{ audio: { codec: 'amr', bandwidthKbps: 8 } }, { audio: { codec: 'opus', bandwidthKbps: 256 }, video }]
  assert.equal((await client.transfer(...ENDS, { media })).media, 1)
})

const opus = { codec: 'opus', bandwidthKbps: 64 }
const vp8 = { codec: 'vp8', resolution: '1280x720', fps: 30 }
const transfer = (options) => (client) => client.transfer(...ENDS, options)
const rejections = {
  interaction: (client) => client.transfer(undefined, DESTINATION),
  destination: (client) => client.transfer(INTERACTION, 'agent-9'),
  options: (client) => client.transfer(...ENDS, 'hello'),
  id: transfer({ id: 'with a space' }),
  media: transfer({ media: { audio: opus } }),
  audio: transfer({ media: [{ video: vp8 }] }),
  codec: transfer({ media: [{ audio: { ...opus, codec: 5 } }] }),
  bandwidthKbps: transfer({ media: [{ audio: { codec: 'opus' } }] }),
  video: transfer({ media: [{ audio: opus, video: 'vp8' }] }),
  fps: transfer({ media: [{ audio: opus, video: { ...vp8, fps: 29.97 } }] }),
  'media[1].audio.codec': transfer({ media: [{ audio: opus }, { audio: { ...opus, codec: 'mp3' } }] }),
  'media[0].audio.bandwidthKbps': transfer({ media: [{ audio: { ...opus, bandwidthKbps: 129 } }] }),
  'media[0].audio.bitDepth': transfer({ media: [{ audio: { ...opus, bitDepth: 0 } }] }),
  'media[0].video.resolution': transfer({ media: [{ audio: opus, video: { ...vp8, resolution: 'large' } }] }),
  'media[0].video.fps': transfer({ media: [{ audio: opus, video: { ...vp8, fps: 31 } }] }),
  frameTimeoutMs: transfer({ frameTimeoutMs: 0 }),
  withinMs: transfer({ withinMs: 0 }),
  check: transfer({ check: 1 }),
  callback: transfer({ callback: 5 }),
  url: transfer({ callback: { method: 'PUT' } }),
  signal: transfer({ signal: {} })
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

test('a method that no callback has, and http to a stranger, are unusable callbacks', async (t) => {
  const client = platform(t).client()
  for (const callback of [{ url: 'https://example.com', method: 'GET' }, 'http://example.com/hook']) {
    assert.equal((await failure(client.transfer(...ENDS, { callback }))).field, 'callback')
  }
  assert.throws(() => platform(t).client({ transferCallback: 5 }), { code: 'invalid_input', field: 'transferCallback' })
})
