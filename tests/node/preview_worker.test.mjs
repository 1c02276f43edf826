// What is special to Node about previews: signals, disposal, signers of the caller's, headers of every kind, values.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { PorteurError, PreviewWorker } from '../../bindings-node/index.js'
import { dataOf, signed, webhook, workerOf } from './previews.steps.mjs'
import { count, directory, failure, platform } from './support.mjs'

const PHOTO = { name: 'photo.png', path: fileURLToPath(new URL('../media/formats/rgb.png', import.meta.url)) }
/** The host never answers: a job stays under way until somebody stops it. */
const STALLED = { on: 'GET /hosted', stall_ms: 1 }
const [GET, PUT, POST] = ['GET /hosted', 'PUT /cdn', 'POST /api/v2/conversations/messages']

/** A platform, a client and a worker for one test. */
function stageOf (t, { faults = [], clock = 'simulated', client: settings = {}, ...options } = {}) {
  const simulator = platform(t, { hosted: [PHOTO], faults, clock })
  const client = simulator.client(settings)
  const folder = mkdtempSync(join(directory, 'previews-'))
  return { simulator, client, folder, worker: workerOf({ ...options }, client, simulator, folder) }
}

/** Resolves when so many requests like this came. */
async function arrived (simulator, prefix, times = 1) {
  while (count(simulator, prefix) < times) await new Promise(setImmediate)
}

function posted (simulator) {
  return simulator.state.conversations[0].posted.length
}

// Webhooks

test('headers are taken as every framework has them', async (t) => {
  const stage = stageOf(t)
  const [body, headers] = webhook(stage, {})
  const [[name, value]] = Object.entries(headers)
  const forms = [
    headers, new Headers(headers), new Map([[name, value]]), [[name, value], ['accept', '*/*']],
    { 'X-Hub-Signature-256': value, 'set-cookie': ['a', 'b'], accept: undefined }, { [name]: [value] }
  ]
  for (const form of forms) assert.equal((await stage.worker.submit(body, form)).status, 'queued')
  assert.ok((await stage.worker.submit(new Uint8Array(body), headers)).known)
  assert.equal((await stage.worker.queueStats()).waiting, 1)
  assert.equal((await failure(stage.worker.submit(`${body}`, headers))).field, 'body')
  for (const wrong of [null, 'a: b', [5]]) {
    assert.equal((await failure(stage.worker.submit(body, wrong))).field, 'headers')
  }
})

test('the headers of an IncomingMessage are taken as they are', async (t) => {
  const { worker, simulator } = stageOf(t)
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray())
    const answer = await worker.answer(body, request.headers)
    response.writeHead(answer.status, answer.headers).end(answer.body)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const [body, headers] = webhook({ simulator }, {})
  const url = `http://127.0.0.1:${server.address().port}/`
  const answer = await fetch(url, { method: 'POST', body, headers })
  assert.deepEqual([answer.status, await answer.json()], [200, { status: 'queued' }])
  assert.equal(answer.headers.get('content-type'), 'application/json')
  assert.equal((await fetch(url, { method: 'POST', body })).status, 401)
})

test('a webhook that is rejected says what to answer', async (t) => {
  const stage = stageOf(t)
  const error = await failure(stage.worker.submit(...webhook(stage, { without: 'mimeType' })))
  assert.ok(error instanceof PorteurError)
  assert.deepEqual([error.code, error.status, error.field], ['webhook_rejected', 400, 'mimeType'])
})

// Settings

test('the environment says where previews go when nothing else does', async (t) => {
  const { simulator, client, folder } = stageOf(t)
  process.env.CDN_PRESIGNED_URL_TEMPLATE = `${simulator.url}/cdn/{id}`
  process.env.PORTEUR_WEBHOOK_SECRET = 'first, second'
  t.after(() => {
    delete process.env.CDN_PRESIGNED_URL_TEMPLATE
    delete process.env.PORTEUR_WEBHOOK_SECRET
  })
  const settings = { queue: join(folder, 'other.db'), spool: join(folder, 'spool'), allowPrivate: true }
  const worker = client.previews(settings)
  const [body] = webhook({ simulator }, {})
  assert.equal((await worker.submit(body, signed(body, 'second'))).status, 'queued')
  await worker.drain()
  assert.equal(worker.stats().made, 1)
  delete process.env.CDN_PRESIGNED_URL_TEMPLATE
  assert.throws(() => client.previews(settings), { code: 'invalid_input', field: 'CDN_PRESIGNED_URL_TEMPLATE' })
})

test('a setting that cannot be is named', (t) => {
  const { client, simulator, folder } = stageOf(t)
  const good = { publishTo: `${simulator.url}/cdn/{id}`, queue: join(folder, 'other.db'), spool: join(folder, 'spool') }
  for (const [field, wrong] of [
    ['publish', { publishTo: 'ftp://cdn.example.com/{id}' }], ['publishTo', { publishTo: 5 }],
    ['store', { store: 'file:///previews' }], ['storeOptions', { storeOptions: {} }], ['concurrency', { concurrency: 0 }],
    ['visibilityMs', { visibilityMs: 0 }], ['maxAttempts', { maxAttempts: 0 }], ['queue', { queue: 'mysql://host/' }],
    ['maxWidth', { maxWidth: 0 }]
  ]) {
    assert.throws(() => client.previews({ ...good, ...wrong }), { code: 'invalid_input', field }, field)
  }
})

test('a folder is an object store', async (t) => {
  const { client, simulator, folder } = stageOf(t)
  mkdirSync(join(folder, 'store'))
  const worker = client.previews({
    store: pathToFileURL(join(folder, 'store')).href, publicUrl: 'https://cdn.example.com/{id}.webp', allowPrivate: true,
    queue: join(folder, 'other.db'), spool: join(folder, 'spool')
  })
  const { id, url, bytes } = await worker.handle(dataOf({ simulator }, {}))
  assert.equal(url, `https://cdn.example.com/${id}.webp`)
  assert.deepEqual(readFileSync(join(folder, 'store', `${id}.webp`)), bytes)
})

// Signers

for (const [kind, later] of [['a function', (url) => url], ['an async function', async (url) => url]]) {
  test(`${kind} makes the URL for each attempt`, async (t) => {
    const asked = []
    let simulator
    const publishTo = (id) => later(`${simulator.url}/cdn/${id}?signature=${asked.push(id)}`)
    const stage = signing(t, publishTo, { faults: [{ on: PUT, status: 403 }] })
    simulator = stage.simulator
    await stage.worker.submit(...webhook(stage, {}))
    await stage.worker.drain()
    const [{ id, url }] = stage.worker.recent()
    assert.deepEqual([stage.worker.stats().retried, asked], [1, [id, id]])
    assert.equal(url, `${simulator.url}/cdn/${id}`)
  })
}

for (const [kind, publishTo, words] of [
  ['throws', () => { throw new RangeError('the vault is sealed') }, 'RangeError: the vault is sealed'],
  ['rejects', async () => { throw new Error('the vault is sealed') }, 'the vault is sealed'],
  ['returns no URL', () => 5, 'a function that returns a URL']
]) {
  test(`what a function that ${kind} has to say is the failure of its job`, async (t) => {
    const stage = signing(t, publishTo, { maxAttempts: 2 })
    await stage.worker.submit(...webhook(stage, {}))
    await stage.worker.drain()
    const [{ reason, attempts }] = await stage.worker.deadLetters()
    assert.ok(reason.includes(words), reason)
    assert.equal(attempts, 2)
    const error = await failure(stage.worker.handle(dataOf(stage, {})))
    assert.ok(error.message.includes(words), error.message)
  })
}

function signing (t, publishTo, { faults, ...options }) {
  const { client, simulator, folder } = stageOf(t, { faults })
  const more = { queue: join(folder, 'other.db'), spool: join(folder, 'spool'), unsigned: true, allowPrivate: true }
  return { simulator, worker: client.previews({ publishTo, ...more, ...options }) }
}

// Stopping

test('stop ends run, and so does disposal', async (t) => {
  const stage = stageOf(t)
  const running = stage.worker.run()
  await stage.worker.submit(...webhook(stage, {}))
  await arrived(stage.simulator, POST)
  await stage.worker.stop()
  await running
  assert.equal(posted(stage.simulator), 1)
  const again = stage.worker.run()
  await stage.worker[Symbol.asyncDispose]()
  await again
})

test('a worker that runs already says so', async (t) => {
  const { worker } = stageOf(t)
  const running = worker.run()
  assert.equal((await failure(worker.run())).field, 'worker')
  await worker.stop()
  await running
})

test('an aborted run gives its jobs back before it rejects, and no attempt is counted', async (t) => {
  const stage = stageOf(t, { faults: [STALLED], max_attempts: 1 })
  await stage.worker.submit(...webhook(stage, {}))
  const controller = new AbortController()
  const running = stage.worker.run({ signal: controller.signal })
  await arrived(stage.simulator, GET)
  const reason = new Error('enough')
  controller.abort(reason)
  assert.equal(await failure(running), reason)
  const { waiting, taken } = await stage.worker.queueStats()
  assert.deepEqual([waiting, taken], [1, 0])
  await stage.worker.drain()
  assert.equal(stage.worker.stats().made, 1)
})

test('a signal that was aborted before takes nothing', async (t) => {
  const { worker, simulator } = stageOf(t)
  const signal = AbortSignal.abort()
  for (const call of [
    () => worker.run({ signal }), () => worker.drain({ signal }), () => worker.queueStats({ signal }),
    () => worker.deadLetters({ signal }), () => worker.redrive('key', { signal }), () => worker.purge(undefined, { signal }),
    () => worker.handle(dataOf({ simulator }, {}), { signal }), () => worker.submit(...webhook({ simulator }, {}), { signal })
  ]) {
    assert.equal((await failure(call())).name, 'AbortError')
  }
  assert.equal((await worker.queueStats()).waiting, 0)
})

test('a closed client ends run', async (t) => {
  const stage = stageOf(t, { faults: [STALLED] })
  await stage.worker.submit(...webhook(stage, {}))
  const running = stage.worker.run()
  await arrived(stage.simulator, GET)
  await stage.client.close()
  await running
  assert.equal((await failure(stage.worker.handle(dataOf(stage, {})))).code, 'cancelled')
})

test('the job of a process that was killed is done by the next one', async (t) => {
  const stage = stageOf(t, { faults: [STALLED], clock: 'system' })
  const script = `
    import { Client } from ${JSON.stringify(new URL('../../bindings-node/index.js', import.meta.url).href)}
    const [url, folder] = process.argv.slice(1)
    const client = new Client({ clientId: 'simulator', clientSecret: 'simulator-secret', baseUrl: url })
    const worker = client.previews({
      publishTo: url + '/cdn/{id}', queue: folder + '/previews.db', spool: folder + '/spool', allowPrivate: true,
      visibilityMs: 1000
    })
    await worker.run()`
  await stage.worker.submit(...webhook(stage, {}))
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script, stage.simulator.url, stage.folder])
  const ended = new Promise((resolve) => child.on('exit', resolve))
  await arrived(stage.simulator, GET)
  child.kill('SIGKILL')
  await ended
  await stage.worker.drain()
  assert.deepEqual([stage.worker.stats().made, posted(stage.simulator)], [1, 1])
})

test('a process with a worker that does nothing ends', async (t) => {
  const { simulator, folder } = stageOf(t)
  const script = `
    import { Client } from ${JSON.stringify(new URL('../../bindings-node/index.js', import.meta.url).href)}
    const [url, folder] = process.argv.slice(1)
    const client = new Client({ clientId: 'simulator', clientSecret: 'simulator-secret', baseUrl: url })
    client.previews({ publishTo: (id) => url + '/cdn/' + id, queue: folder + '/previews.db', spool: folder + '/spool' })`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script, simulator.url, folder])
  assert.equal(await new Promise((resolve) => child.on('exit', resolve)), 0)
})

// Values

test('an outcome is plain values and the bytes of the preview', async (t) => {
  const stage = stageOf(t)
  assert.ok(stage.worker instanceof PreviewWorker)
  const { id, url, bytes, timings, ...rest } = await stage.worker.handle(dataOf(stage, {}))
  assert.deepEqual(rest, {
    conversation: 'conversation-1', fileName: 'photo.png', message: 'posted-1', linkedBefore: false, format: 'webp',
    contentType: 'image/webp', width: 48, height: 32, sourceBytes: 131
  })
  assert.match(id, /^[0-9a-f]{64}$/)
  assert.equal(url, `${stage.simulator.url}/cdn/${id}`)
  assert.equal(bytes.toString('latin1', 0, 4), 'RIFF')
  assert.deepEqual(Object.keys(timings), ['fetchMs', 'pictureMs', 'publishMs', 'linkMs'])
})

test('a dead letter is the event and its dates', async (t) => {
  const stage = stageOf(t)
  await stage.worker.submit(...webhook(stage, { attachment: 'missing.png' }))
  await stage.worker.drain()
  const [letter, ...others] = await stage.worker.deadLetters({ most: 5 })
  assert.deepEqual([others, letter.attempts], [[], 1])
  assert.equal(JSON.parse(letter.body).fileName, 'missing.png')
  assert.ok(letter.enqueuedAt instanceof Date && letter.diedAt >= letter.enqueuedAt)
  assert.deepEqual(await stage.worker.deadLetters({ after: letter.position }), [])
  assert.equal(await stage.worker.redrive(letter.key), 1)
})
