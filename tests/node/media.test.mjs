// What is special to Node about pictures: sources, signals, an event loop that is never blocked, outcomes in a loop.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { getEventListeners } from 'node:events'
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'

import {
  inspect, inspectSync, PorteurError, preview, previewSync, transform, transformMany, transformSync
} from '../../bindings-node/index.js'
import { failure } from './support.mjs'

const FORMATS = fileURLToPath(new URL('../media/formats/', import.meta.url))
const path = join(FORMATS, 'rgb.png')
const PNG = readFileSync(path)
const JPEG = readFileSync(join(FORMATS, 'rgb.jpg'))
const directory = mkdtempSync(join(tmpdir(), 'porteur-'))
after(() => rmSync(directory, { recursive: true }))

/** A picture that takes a while: a WebP of so many pixels a side. */
const LARGE = { exact: { width: 1500, height: 1500 }, format: 'webp' }

/** What comes of each outcome: a width or a code. */
async function all (outcomes) {
  const seen = []
  for await (const { value, reason } of outcomes) seen.push(value?.width ?? reason.code)
  return seen
}

// Sources

const sources = {
  'a path': () => path,
  'a file: URL': () => pathToFileURL(path),
  'a Buffer': () => PNG,
  'a view of a part of an ArrayBuffer': () => Uint8Array.of(0, 0, ...PNG, 0).subarray(2, -1),
  'a file stream': () => createReadStream(path, { highWaterMark: 7 }),
  'a Readable': () => Readable.from([PNG.subarray(0, 5), PNG.subarray(5)]),
  'a ReadableStream': () => new Response(PNG).body,
  'a Blob': () => new Blob([PNG]),
  'an async generator': async function * () { for (const byte of PNG) yield Uint8Array.of(byte) },
  'an array of pieces': () => [PNG.subarray(0, 9), Buffer.alloc(0), PNG.subarray(9)]
}
for (const [name, source] of Object.entries(sources)) {
  test(`${name} is a picture`, async () => {
    const [info, made, small] = await Promise.all([inspect(source()), transform(source(), { maxWidth: 10 }), preview(source())])
    assert.equal(info.contentType, 'image/png')
    assert.deepEqual(made.bytes, transformSync(PNG, { maxWidth: 10 }).bytes)
    assert.deepEqual(small.bytes, previewSync(PNG).bytes)
  })
}

test('bytes are copied when the call is made', async () => {
  const bytes = Buffer.from(PNG)
  const made = transform(bytes, { maxWidth: 10 })
  bytes.fill(0)
  assert.deepEqual((await made).bytes, transformSync(PNG, { maxWidth: 10 }).bytes)
})

test('of a stream no more is read than shows that it is too large, and it is closed', async () => {
  let pulled = 0
  let closed = false
  async function * endless () {
    try { for (;;) { pulled += 1; yield Buffer.alloc(400) } } finally { closed = true }
  }
  const error = await failure(transform(endless(), { limits: { maxInputBytes: 1000 } }))
  assert.deepEqual([error.code, error.details.kind, pulled], ['media', 'too_large', 3])
  while (!closed) await new Promise(setImmediate)
})

test('a file that is too large is not read', async () => {
  const error = await failure(inspect(path, { limits: { maxInputBytes: 100 } }))
  assert.equal(error.message, 'the picture is too large: expected at most 100 bytes, got 131')
})

test('what a stream throws is what the call rejects with', async () => {
  const mine = new RangeError('mine')
  async function * broken () { yield PNG.subarray(0, 10); throw mine }
  assert.equal(await failure(preview(broken())), mine)
  const missing = await failure(inspect(createReadStream(join(directory, 'missing'))))
  assert.equal(missing.code, 'ENOENT')
})

test('a stream that breaks before anybody asks it for a piece rejects the call and not the process', async () => {
  const mine = new Error('disk on fire')
  const source = new Readable({ read () {} })
  const call = failure(transform(source))
  source.destroy(mine)
  assert.equal(await call, mine)
})

test('a missing file is told by its path', async () => {
  for (const call of [inspect, transform, preview]) {
    const error = await failure(call(join(directory, 'missing')))
    assert.deepEqual([error.code, error.details.path], ['file', join(directory, 'missing')])
  }
})

// Results

test('a result has bytes, a type and times with fractions', () => {
  const { bytes, contentType, timings, thumbnail, source } = transformSync(JPEG, { maxWidth: 24, thumbnail: 8 })
  assert.ok(Buffer.isBuffer(bytes) && Buffer.isBuffer(thumbnail.bytes))
  assert.equal(contentType, 'image/jpeg')
  assert.ok(timings.decodeMs > 0 && timings.resizeMs > 0 && timings.encodeMs > 0 && timings.thumbnailMs > 0)
  assert.deepEqual(source, inspectSync(JPEG))
  assert.equal(previewSync(JPEG).thumbnail, undefined)
})

test('bytes of a result are the caller\'s own', () => {
  const [one, other] = [transformSync(PNG), transformSync(PNG)]
  one.bytes.fill(0)
  assert.equal(inspectSync(other.bytes).width, 48)
})

// Errors

test('a rejection is a PorteurError with the facts and the stack of its caller', async () => {
  async function caller () { return await transform(Buffer.from('II*\0 a tiff')) }
  const error = await failure(caller())
  assert.ok(error instanceof PorteurError)
  assert.deepEqual([error.code, error.retryable], ['media', false])
  assert.deepEqual([error.details.kind, error.details.format], ['unsupported', 'tiff'])
  assert.match(error.stack, /\n {4}at caller \(.*media\.test\.mjs:\d+:\d+\)/)
})

const refusals = {
  source: () => transform(5),
  options: () => transform(PNG, 5),
  maxWidth: () => transform(PNG, { maxWidth: -1 }),
  maxHeight: () => preview(PNG, { maxHeight: 1.5 }),
  cover: () => transform(PNG, { cover: 10 }),
  width: () => transform(PNG, { exact: { height: 10 } }),
  height: () => transform(PNG, { cover: { width: 10, height: 'ten' } }),
  background: () => transform(PNG, { background: [0, 0, 256] }),
  quality: () => transform(PNG, { quality: 300 }),
  thumbnailFormat: () => transform(PNG, { thumbnailFormat: 'gif' }),
  keepMetadata: () => transform(PNG, { keepMetadata: 'yes' }),
  limits: () => inspect(PNG, { limits: 5 }),
  maxSide: () => inspect(PNG, { limits: { maxSide: -1 } }),
  maxChildCpuMs: () => preview(PNG, { limits: { maxChildCpuMs: 0.5 } }),
  isolation: () => preview(PNG, { limits: { isolation: 'some' } }),
  signal: () => preview(PNG, { signal: {} })
}
for (const [field, call] of Object.entries(refusals)) {
  test(`an unusable ${field} of a picture rejects by its name`, async () => {
    const error = await failure(call())
    assert.deepEqual([error.code, error.field], ['invalid_input', field])
  })
}

test('the twins throw, and take bytes alone', () => {
  for (const call of [inspectSync, transformSync, previewSync]) {
    assert.throws(() => call(path), { code: 'invalid_input', field: 'bytes' })
    assert.throws(() => call(Buffer.from('nothing')), { code: 'media' })
  }
})

// Signals

test('a signal that is aborted already rejects with its reason', async () => {
  const signal = AbortSignal.abort(new Error('not today'))
  for (const call of [inspect(PNG, { signal }), transform(PNG, { signal }), preview(PNG, { signal })]) {
    assert.equal(await failure(call), signal.reason)
  }
})

test('an abort does not wait for the picture', async () => {
  const controller = new AbortController()
  const order = []
  const made = failure(transform(PNG, { ...LARGE, signal: controller.signal })).then((error) => order.push(error.name))
  const whole = transform(PNG, LARGE).then(() => order.push('whole'))
  controller.abort()
  await Promise.all([made, whole])
  assert.deepEqual(order, ['AbortError', 'whole'])
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
})

test('an abort ends a call whose source never yields, and closes it', async () => {
  const controller = new AbortController()
  const source = new Readable({ read () { controller.abort() } })
  assert.equal((await failure(transform(source, { signal: controller.signal }))).name, 'AbortError')
  while (!source.destroyed) await new Promise(setImmediate)
})

// The event loop

test('the event loop turns while pictures are worked on', async () => {
  for (const call of [() => transform(PNG, LARGE), () => all(transformMany([PNG, PNG], LARGE))]) {
    let busy = true
    let turns = 0
    const turning = (async () => { while (busy) { await new Promise(setImmediate); turns += 1 } })()
    await call()
    busy = false
    await turning
    assert.ok(turns >= 10, `the event loop turned ${turns} times`)
  }
})

test('pictures take turns, however many are asked for at once', { skip: process.platform !== 'linux' }, async () => {
  const threads = () => readdirSync('/proc/self/task').length
  await transform(PNG)
  const before = threads()
  let most = 0
  let left = 400
  const work = Array.from({ length: left }, async () => { await transform(PNG, { maxWidth: 40 }); left -= 1 })
  while (left > 0) {
    most = Math.max(most, threads() - before)
    await new Promise(setImmediate)
  }
  await Promise.all(work)
  // One for each core, and some that have not noticed yet that theirs is done.
  assert.ok(most < 100, `${most} threads more for 400 pictures`)
})

// Many

test('outcomes come in the order of the sources with their own failures', async () => {
  const given = () => [PNG, Buffer.from('no picture'), path, join(directory, 'missing'), Readable.from([PNG]), new Blob([JPEG])]
  async function * asynchronous () { yield * given() }
  for (const many of [given(), new Set(given()), asynchronous(), Readable.from(given())]) {
    for (const threads of [1, 3]) {
      if (threads === 3 && !Array.isArray(many)) continue
      const again = Array.isArray(many) ? given() : many
      assert.deepEqual(await all(transformMany(again, { maxWidth: 10, threads })), [10, 'media', 10, 'file', 10, 10])
    }
  }
})

test('an outcome is as Promise.allSettled has it, with the stack of its loop', async () => {
  const outcomes = []
  for await (const outcome of transformMany([PNG, Buffer.from('no picture')])) outcomes.push(outcome)
  assert.deepEqual(outcomes.map(({ status }) => status), ['fulfilled', 'rejected'])
  assert.equal(inspectSync(outcomes[0].value.bytes).format, 'png')
  assert.ok(outcomes[1].reason instanceof PorteurError)
})

test('sources are taken as outcomes are asked for, and closed when the loop is left', async () => {
  let taken = 0
  let closed = false
  function * given () {
    try { for (;;) { taken += 1; yield PNG } } finally { closed = true }
  }
  const outcomes = transformMany(given(), { maxWidth: 10, threads: 2 })
  assert.equal(taken, 0)
  await outcomes.next()
  assert.equal(taken, 4)
  await outcomes.next()
  assert.equal(taken, 5)
  await outcomes.return()
  while (!closed) await new Promise(setImmediate)
  assert.equal(taken, 5)
})

test('what an iterable or a stream in it throws comes after the outcomes before it', async () => {
  const mine = new RangeError('mine')
  function * broken () { yield PNG; yield Buffer.from('no picture'); throw mine }
  async function * stream () { throw mine } // eslint-disable-line require-yield
  for (const given of [broken(), [PNG, Buffer.from('no picture'), stream(), PNG]]) {
    const outcomes = transformMany(given, { maxWidth: 10 })
    assert.equal((await outcomes.next()).value.status, 'fulfilled')
    assert.equal((await outcomes.next()).value.status, 'rejected')
    assert.equal(await failure(outcomes.next()), mine)
    assert.deepEqual(await outcomes.next(), { done: true, value: undefined })
  }
})

test('something that is no source is thrown in its place', async () => {
  const outcomes = transformMany([PNG, 5])
  assert.equal((await outcomes.next()).value.status, 'fulfilled')
  const error = await failure(outcomes.next())
  assert.deepEqual([error.code, error.field], ['invalid_input', 'source'])
})

test('an abort ends the loop although the iterable never yields, and closes it', async () => {
  const controller = new AbortController()
  let closed = false
  const given = {
    [Symbol.asyncIterator]: () => ({
      next: () => { controller.abort(); return new Promise(() => {}) },
      return: async () => { closed = true; return {} }
    })
  }
  const outcomes = transformMany(given, { signal: controller.signal })
  assert.equal((await failure(outcomes.next())).name, 'AbortError')
  while (!closed) await new Promise(setImmediate)
})

const unusable = {
  sources: () => transformMany(path),
  threads: () => transformMany([], { threads: 0 }),
  format: () => transformMany([], { format: 'tiff' })
}
for (const [field, call] of Object.entries(unusable)) {
  test(`an unusable ${field} of many is thrown by its name`, () => {
    assert.throws(call, (error) => error.code === 'invalid_input' && error.field === field)
  })
}

// Life

test('nothing keeps the process alive when no picture is worked on', async () => {
  const index = pathToFileURL(fileURLToPath(new URL('../../bindings-node/index.js', import.meta.url))).href
  const code = `
    import { transform, transformMany } from ${JSON.stringify(index)}
    const [path] = process.argv.slice(1)
    await transform(path, { signal: new AbortController().signal })
    for await (const outcome of transformMany([path, path, path])) { console.log(outcome.status); break }
    transformMany([path])
    await transformMany([path, path]).next()
    console.log('done')`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code, path], { timeout: 20_000 })
  assert.equal(stdout, 'fulfilled\ndone\n')
})

test('a worker that is ended in the middle of pictures leaves the others alone', async () => {
  const code = `
    const { parentPort, workerData: { index, path } } = require('node:worker_threads')
    const { transform, transformMany } = require(index)
    const large = { exact: { width: 1500, height: 1500 }, format: 'webp' }
    transform(path, large)
    transformMany(async function * () { for (;;) yield path }(), large).next()
    parentPort.postMessage('working')`
  const index = fileURLToPath(new URL('../../bindings-node/index.js', import.meta.url))
  const worker = new Worker(code, { eval: true, workerData: { index, path } })
  await new Promise((resolve) => worker.once('message', resolve))
  await worker.terminate()
  assert.equal((await transform(PNG, { maxWidth: 10 })).width, 10)
})

// What others see

// Where tests/all.sh installs what these tests need.
const require = createRequire(new URL('../../target/node/', import.meta.url))
const sharp = require('sharp')

for (const name of readdirSync(FORMATS)) {
  test(`every result of ${name} is a picture to sharp`, async () => {
    const white = [255, 255, 255]
    const lossless = await transform(join(FORMATS, name), { format: 'png', background: white })
    const wanted = await sharp(lossless.bytes).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
    for (const format of ['jpeg', 'png', 'webp']) {
      const options = { format, quality: 95, background: white, thumbnail: 12 }
      const made = await transform(join(FORMATS, name), options)
      const seen = await sharp(made.bytes).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
      const { format: kind, width, height, hasAlpha } = await sharp(made.bytes).metadata()
      assert.deepEqual([kind, width, height, hasAlpha], [format, made.width, made.height, false])
      for (const [x, y] of [[1, 1], [3, 1], [1, 3], [3, 3]]) {
        const [one, other] = [pixel(seen, x / 4, y / 4), pixel(wanted, x / 4, y / 4)]
        assert.ok(one.every((sample, at) => Math.abs(sample - other[at]) <= 24), `${format}: ${one} for ${other}`)
      }
      assert.equal((await sharp(made.thumbnail.bytes).metadata()).width, 12)
    }
  })
}

/** Red, green and blue at a place in fractions of the sides. */
function pixel ({ data, info: { width, height, channels } }, x, y) {
  const at = (Math.floor(y * height) * width + Math.floor(x * width)) * channels
  return channels < 3 ? [data[at], data[at], data[at]] : [...data.subarray(at, at + 3)]
}
