// What is special to Node: signals, streams, errors with a stack, an event loop that is never blocked, workers.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { getEventListeners, once } from 'node:events'
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { inspect, promisify } from 'node:util'
import { Worker } from 'node:worker_threads'

import { Client, Guest, PorteurError, sha256Chunks, sha256ChunksSync } from '../../bindings-node/index.js'
import { Simulator } from '../../bindings-node/testing.js'

const TEXT = '0123456789abcdefXYZ'
const NOTES = { name: 'notes.txt', size: TEXT.length }
const directory = mkdtempSync(join(tmpdir(), 'porteur-'))
const path = join(directory, 'notes.txt')
writeFileSync(path, TEXT)
after(() => rmSync(directory, { recursive: true }))

/** A platform with chunks of 8 bytes, for one test. */
function platform (t, settings = {}) {
  const simulator = new Simulator({ chunk_size: 8, ...settings })
  t.after(() => simulator.stop())
  return simulator
}

/** A platform that never answers the first chunk, and what resolves when it was asked to. */
function silent (t) {
  const simulator = platform(t, { clock: 'system', faults: [{ on: 'PUT /storage', stall_ms: 600_000 }] })
  const asked = async () => {
    while (!simulator.journal.some(({ method }) => method === 'PUT')) await new Promise(setImmediate)
  }
  return { simulator, asked }
}

/** The error of a call. */
async function failure (promise) {
  try {
    await promise
  } catch (error) {
    return error
  }
  assert.fail('the call had to fail')
}

// Sources

const sources = {
  'a path': () => path,
  'a file: URL': () => pathToFileURL(path),
  'a Buffer': () => Buffer.from(TEXT),
  'a view of a part of an ArrayBuffer': () => new Uint8Array(new TextEncoder().encode(`--${TEXT}--`).buffer, 2, TEXT.length),
  'a file stream': () => createReadStream(path, { highWaterMark: 3 }),
  'a Readable': () => Readable.from([Buffer.from(TEXT.slice(0, 5)), Buffer.from(TEXT.slice(5))]),
  'a ReadableStream': () => new Blob([TEXT]).stream(),
  'an async generator': async function * () { for (const letter of TEXT) yield Buffer.from(letter) },
  'an array of pieces': () => [Buffer.from(TEXT.slice(0, 9)), Buffer.alloc(0), Buffer.from(TEXT.slice(9))]
}
for (const [name, source] of Object.entries(sources)) {
  test(`${name} is a source`, async (t) => {
    const simulator = platform(t)
    const file = await simulator.client().upload(source(), NOTES)
    assert.equal(simulator.file(file.id).toString(), TEXT)
    assert.deepEqual([file.size, file.chunks, file.checksums.length], [19, 3, 3])
    assert.deepEqual(simulator.violations, [])
  })
}

test('bytes are copied when the call is made', async (t) => {
  const simulator = platform(t)
  const bytes = Buffer.from(TEXT)
  const upload = simulator.client().upload(bytes, NOTES)
  bytes.fill(0)
  assert.equal(simulator.file((await upload).id).toString(), TEXT)
})

test('a piece is copied when it is taken, so its buffer can be used again', async (t) => {
  const simulator = platform(t)
  const piece = Buffer.alloc(1)
  async function * reusing () { for (const letter of TEXT) { piece.write(letter); yield piece } }
  const file = await simulator.client().upload(reusing(), NOTES)
  assert.equal(simulator.file(file.id).toString(), TEXT)
})

test('no more than the chunks under way are pulled from a source ahead of the storage', async (t) => {
  const { simulator, asked } = silent(t)
  const signal = new AbortController()
  let pulled = 0
  async function * endless () { for (;;) { pulled += 1; yield Buffer.alloc(8) } }
  const upload = simulator.client().upload(endless(), { name: 'zeros', size: 8000, signal: signal.signal })
  await asked()
  for (let turn = 0; turn < 1000; turn += 1) await new Promise(setImmediate)
  assert.ok(pulled <= 8, `pulled ${pulled} chunks while none was stored`)
  signal.abort()
  await failure(upload)
})

test('what an iterable throws is what the upload rejects with, and nothing is completed', async (t) => {
  const simulator = platform(t)
  const mine = new RangeError('mine')
  async function * broken () { yield Buffer.from(TEXT.slice(0, 10)); throw mine }
  assert.equal(await failure(simulator.client().upload(broken(), NOTES)), mine)
  assert.deepEqual(simulator.state.files, [])
})

test('a thrown value need not be an error', async (t) => {
  async function * broken () { throw 'just a string' } // eslint-disable-line no-throw-literal
  assert.equal(await failure(platform(t).client().upload(broken(), NOTES)), 'just a string')
})

test('the error of a destroyed Readable is what the upload rejects with', async (t) => {
  const mine = new Error('disk on fire')
  const source = new Readable({ read () { this.destroy(mine) } })
  assert.equal(await failure(platform(t).client().upload(source, NOTES)), mine)
})

test('a piece that is no Uint8Array is refused', async (t) => {
  const error = await failure(platform(t).client().upload(['text'], NOTES))
  assert.deepEqual([error.code, error.field], ['invalid_input', 'source'])
})

test('a source is closed when its upload fails', async (t) => {
  const simulator = platform(t, { faults: [{ on: 'POST /api/v2/files/uploads', status: 403 }] })
  const readable = new Readable({ read () {} })
  const cancelled = []
  const web = new ReadableStream({ pull: () => new Promise(() => {}), cancel: () => { cancelled.push('web') } })
  const closed = once(readable, 'close')
  assert.equal((await failure(simulator.client().upload(readable, NOTES))).code, 'permission_denied')
  await closed
  simulator.addFault({ on: 'POST /api/v2/files/uploads', status: 403 })
  await failure(simulator.client().upload(web, NOTES))
  while (cancelled.length === 0) await new Promise(setImmediate)
})

// Signals

test('a signal that is aborted already rejects with its reason and asks nobody', async (t) => {
  const simulator = platform(t)
  const client = simulator.client()
  const guest = new Guest('guest-1', 'token')
  const reason = new Error('not today')
  const signal = AbortSignal.abort(reason)
  for (const call of [
    client.upload(path, { signal }), client.guest('en-US', { signal }),
    client.sendAsGuest(guest, { to: ['+15550100'], text: 'hello', signal }), sha256Chunks(path, { chunkSize: 8, signal })
  ]) assert.equal(await failure(call), reason)
  assert.deepEqual(simulator.journal, [])
})

test('an abort ends the call with an AbortError and hangs up', async (t) => {
  const { simulator, asked } = silent(t)
  const controller = new AbortController()
  const upload = simulator.client().upload(path, { signal: controller.signal })
  await asked()
  controller.abort()
  const error = await failure(upload)
  assert.equal(error.name, 'AbortError')
  assert.equal(error, controller.signal.reason)
  const put = () => simulator.journal.find(({ method }) => method === 'PUT')
  while (put().status === null) await new Promise(setImmediate)
  assert.equal(put().status, 'dropped')
})

test('the reason of an abort need not be an error', async (t) => {
  const { simulator, asked } = silent(t)
  const controller = new AbortController()
  const upload = simulator.client().upload(path, { signal: controller.signal })
  await asked()
  controller.abort('enough')
  assert.equal(await failure(upload), 'enough')
})

test('an abort ends an upload whose source never yields', async (t) => {
  const controller = new AbortController()
  const upload = platform(t).client().upload(new Readable({ read () { controller.abort() } }), { ...NOTES, signal: controller.signal })
  assert.equal((await failure(upload)).name, 'AbortError')
})

test('a call that is over no longer listens to its signal', async (t) => {
  const simulator = platform(t)
  const client = simulator.client({ pace: { perMinute: 1_000_000, burst: 1_000_000 } })
  const { signal } = new AbortController()
  for (let round = 0; round < 20; round += 1) {
    const calls = Array.from({ length: 50 }, () => sha256Chunks(Buffer.alloc(8), { chunkSize: 8, signal }))
    await Promise.all([...calls, client.guest('en-US', { signal }), failure(client.guest('', { signal }))])
  }
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

// Progress

test('progress is told in order, and its end before the upload is settled', async (t) => {
  const told = []
  await platform(t).client().upload(path, { onProgress: (progress) => told.push(progress) })
  assert.deepEqual(told.at(-1), { sent: 19, acknowledged: 19, total: 19 })
  assert.ok(told.every(({ sent, acknowledged, total }) => acknowledged <= sent && sent <= total))
})

test('what a progress listener throws ends the upload and is what it rejects with', async (t) => {
  const simulator = platform(t)
  const mine = new Error('mine')
  assert.equal(await failure(simulator.client().upload(path, { onProgress () { throw mine } })), mine)
})

// Errors

test('a rejection is a PorteurError with the facts and the stack of its caller', async (t) => {
  const simulator = platform(t, { faults: [{ on: 'POST /api/v2/files/uploads', times: 9, status: 429, retry_after: 600 }] })
  async function caller () { return await simulator.client().upload(path) }
  const error = await failure(caller())
  assert.ok(error instanceof PorteurError && error instanceof Error)
  assert.equal(String(error), `PorteurError: ${error.message}`)
  assert.deepEqual([error.code, error.retryable, error.retryAfterMs, error.status], ['rate_limited', true, 600_000, 429])
  assert.equal(typeof error.requestId, 'string')
  assert.equal(error.details.attempts, '1')
  assert.match(error.stack, /^PorteurError: rate limited.*\n {4}at caller \(.*idiom\.test\.mjs:\d+:\d+\)/)
})

test('a missing file is told by its path', async (t) => {
  const error = await failure(platform(t).client().upload(join(directory, 'missing')))
  assert.equal(error.code, 'file')
  assert.equal(error.details.path, join(directory, 'missing'))
})

const refusals = {
  clientId: () => new Client({ clientId: 5, clientSecret: 'secret' }),
  clientSecret: () => new Client({ clientId: 'id' }),
  baseUrl: () => new Client({ clientId: 'id', clientSecret: 'secret', baseUrl: 'ftp://localhost' }),
  environment: () => new Client({ clientId: 'id', clientSecret: 'secret', environment: 'moon-1' }),
  scopes: () => new Client({ clientId: 'id', clientSecret: 'secret', scopes: 'files:upload' }),
  allowPlainHttp: () => new Client({ clientId: 'id', clientSecret: 'secret', allowPlainHttp: 'yes' }),
  pace: () => new Client({ clientId: 'id', clientSecret: 'secret', pace: 3 }),
  attempts: () => new Client({ clientId: 'id', clientSecret: 'secret', pace: { attempts: 0 } }),
  baseMs: () => new Client({ clientId: 'id', clientSecret: 'secret', pace: { baseMs: -1 } }),
  callMs: () => new Client({ clientId: 'id', clientSecret: 'secret', timeouts: { callMs: 1.5 } }),
  maxChunkBytes: () => new Client({ clientId: 'id', clientSecret: 'secret', limits: { maxChunkBytes: NaN } }),
  options: () => new Client('id', 'secret'),
  token: () => new Guest('guest-1'),
  bytes: () => sha256ChunksSync(TEXT, { chunkSize: 8 }),
  chunkSize: () => sha256ChunksSync(Buffer.from(TEXT), { chunkSize: 0 }),
  threads: () => sha256ChunksSync(Buffer.from(TEXT), { chunkSize: 8, threads: 0 }),
  settings: () => new Simulator({ chunk: 8 })
}
for (const [field, call] of Object.entries(refusals)) {
  test(`an unusable ${field} is thrown by its name`, () => {
    assert.throws(call, (error) => error instanceof PorteurError && error.code === 'invalid_input' && error.field === field)
  })
}

const rejections = {
  source: (client) => client.upload(5, NOTES),
  name: (client) => client.upload(Buffer.from(TEXT)),
  contentType: (client) => client.upload(path, { contentType: 'text' }),
  concurrency: (client) => client.upload(path, { concurrency: 65 }),
  journal: (client) => client.upload(path, { journal: true }),
  size: (client) => client.upload([Buffer.from(TEXT)], { name: 'notes.txt' }),
  onProgress: (client) => client.upload(path, { onProgress: 'print' }),
  signal: (client) => client.upload(path, { signal: {} }),
  language: (client) => client.guest(),
  metadata: (client) => client.guest('en-US', { metadata: { age: 5 } }),
  guest: (client) => client.sendAsGuest({ id: 'guest-1', token: 'token' }, { to: ['+15550100'], text: 'hello' }),
  to: (client, guest) => client.sendAsGuest(guest, { text: 'hello' }),
  text: (client, guest) => client.sendAsGuest(guest, { to: ['+15550100'] }),
  attachments: (client, guest) => client.sendAsGuest(guest, { to: ['+15550100'], attachments: 'file-1' }),
  id: (client, guest) => client.sendAsGuest(guest, { to: ['+15550100'], attachments: [{ name: 'notes.txt' }] }),
  sendAs: (client, guest) => client.sendAsGuest(guest, { to: ['+15550100'], text: 'hello', sendAs: 'me' }),
  chunkSize: () => sha256Chunks(path, {}),
  options: (client) => client.upload(path, 'notes.txt')
}
for (const [field, call] of Object.entries(rejections)) {
  test(`an unusable ${field} rejects by its name, and nobody is asked`, async (t) => {
    const simulator = platform(t)
    const error = await failure(call(simulator.client(), new Guest('guest-1', 'token')))
    assert.ok(error instanceof PorteurError)
    assert.deepEqual([error.code, error.field], ['invalid_input', field])
    assert.deepEqual(simulator.journal, [])
  })
}

test('missing variables of the environment are named all at once', () => {
  const kept = { ...process.env }
  after(() => Object.assign(process.env, kept))
  delete process.env.GENESYS_CLIENT_ID
  delete process.env.GENESYS_CLIENT_SECRET
  assert.throws(() => Client.fromEnv(), { code: 'invalid_input', field: 'GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET' })
})

// Secrets

test('a guest is shown without the token', async (t) => {
  const guest = await platform(t).client().guest('en-US', { metadata: { source: 'invoices' } })
  assert.ok(guest.token.length > 0)
  for (const shown of [inspect(guest), JSON.stringify(guest), inspect({ guest }, { depth: 9, showHidden: true })]) {
    assert.ok(shown.includes(guest.id) && !shown.includes(guest.token), shown)
  }
})

test('an unusable secret is not shown', () => {
  assert.throws(() => new Client({ clientId: 'id', clientSecret: 271828 }), (error) => !inspect(error).includes('271828'))
})

// Life

test('a closed client rejects with cancelled, calls under way included', async (t) => {
  const { simulator, asked } = silent(t)
  const client = simulator.client()
  const upload = client.upload(path)
  await asked()
  const closing = client.close()
  // Refused from now on, however long the rest of closing takes.
  const later = client.guest('en-US')
  for (const error of await Promise.all([failure(upload), failure(later)])) assert.equal(error.code, 'cancelled')
  assert.equal(await closing, undefined)
})

test('using closes a client', { skip: !Symbol.asyncDispose }, async (t) => {
  const simulator = platform(t)
  const [one, other] = [simulator.client(), simulator.client()]
  one[Symbol.dispose]()
  await other[Symbol.asyncDispose]()
  for (const client of [one, other]) assert.equal((await failure(client.guest('en-US'))).code, 'cancelled')
})

test('the event loop turns while we hash and upload', async (t) => {
  const simulator = platform(t, { chunk_size: 1 << 20, keep_bytes: false })
  const large = join(directory, 'large')
  writeFileSync(large, Buffer.alloc(48 << 20))
  for (const call of [() => sha256Chunks(large, { chunkSize: 1 << 20, whole: true }), () => simulator.client().upload(large)]) {
    let busy = true
    let turns = 0
    const turning = (async () => { while (busy) { await new Promise(setImmediate); turns += 1 } })()
    await call()
    busy = false
    await turning
    assert.ok(turns >= 10, `the event loop turned ${turns} times`)
  }
})

test('two workers have clients of their own', async () => {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { PorteurError } = require(workerData.index)
    const { Simulator } = require(workerData.testing)
    const simulator = new Simulator({ chunk_size: 8 })
    const client = simulator.client()
    client.upload(Buffer.from('${TEXT}'), { name: 'notes.txt' }).then(async (file) => {
      const error = await client.guest('').catch((error) => error)
      parentPort.postMessage([file.chunks, error instanceof PorteurError])
      simulator.stop()
    })`
  const workerData = { index: local('index.js'), testing: local('testing.js') }
  const answers = [1, 2].map(async () => {
    const worker = new Worker(code, { eval: true, workerData })
    const [[answer], [exitCode]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
    return [...answer, exitCode]
  })
  assert.deepEqual(await Promise.all(answers), [[3, true, 0], [3, true, 0]])
})

test('a worker that is ended in the middle of an upload leaves the others alone', async (t) => {
  const { simulator, asked } = silent(t)
  const code = `
    const { workerData } = require('node:worker_threads')
    const { Client } = require(workerData.index)
    const { url: baseUrl, clientId, clientSecret } = workerData
    new Client({ baseUrl, clientId, clientSecret }).upload(Buffer.from('${TEXT}'), { name: 'notes.txt', onProgress () {} })`
  const { url, clientId, clientSecret } = simulator
  const worker = new Worker(code, { eval: true, workerData: { index: local('index.js'), url, clientId, clientSecret } })
  await asked()
  await worker.terminate()
  assert.equal((await simulator.client().upload(path)).chunks, 3)
})

test('nothing keeps the process alive when no call is under way', async () => {
  const code = `
    import { Simulator } from ${JSON.stringify(pathToFileURL(local('testing.js')).href)}
    const simulator = new Simulator({ chunk_size: 8 })
    const client = simulator.client()
    await client.upload(Buffer.from('${TEXT}'), { name: 'notes.txt', onProgress () {}, signal: new AbortController().signal })
    await client.upload([Buffer.from('${TEXT}')], { name: 'notes.txt', size: 19 })
    console.log('done')`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { timeout: 20_000 })
  assert.equal(stdout, 'done\n')
})

test('both ways of loading give the same names by the name of the package', async () => {
  const inside = fileURLToPath(new URL('../../bindings-node/', import.meta.url))
  const code = `
    import * as porteur from 'porteur'
    import { Client, Guest, PorteurError, sha256Chunks, sha256ChunksSync, transform, transformMany } from 'porteur'
    import { messages, Simulator } from 'porteur/testing'
    import { createRequire } from 'node:module'
    const required = createRequire(${JSON.stringify(join(inside, 'index.js'))})('porteur')
    const names = Object.keys(porteur).filter((name) => !['default', 'module.exports'].includes(name))
    console.log(required.Client === Client, ...names)`
  // A package may name itself, so no installation is needed.
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { cwd: inside })
  const names = [
    'Client', 'Guest', 'PorteurError', 'PreviewWorker', 'Session', 'inspect', 'inspectSync', 'preview', 'previewSync',
    'sha256Chunks', 'sha256ChunksSync', 'transform', 'transformMany', 'transformSync', 'verifyAudit', 'verifyAuditSync'
  ]
  assert.equal(stdout, `true ${names.join(' ')}\n`)
})

function local (file) {
  return fileURLToPath(new URL(`../../bindings-node/${file}`, import.meta.url))
}
