// Runs tests/scenarios/*.json; what a scenario may say is in tests/README.md.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'

import { Simulator } from '../../bindings-node/testing.js'
import { verbs as attachmentVerbs } from './attachments.steps.mjs'
import { auditOf, camelCase, camelCased, verbs as messageVerbs } from './messages.steps.mjs'
import { verbs as previewVerbs, workerOf } from './previews.steps.mjs'
import { callbackOf, verbs as transferVerbs } from './transfers.steps.mjs'

const folder = new URL('../scenarios/', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.json'))

test('there are scenarios', () => assert.notEqual(files.length, 0))

for (const file of files) {
  const scenario = JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
  test(scenario.name, { timeout: 30_000 }, () => run(file, scenario))
}

async function run (file, scenario) {
  const known = ['name', 'platform', 'config', 'steps', 'expect']
  assert.deepEqual(Object.keys(scenario).filter((member) => !known.includes(member)), [])
  const simulator = new Simulator(scenario.platform ?? {})
  const directory = mkdtempSync(join(tmpdir(), 'porteur-'))
  const { audit, attachment_callback: callback, previews, ...config } = scenario.config ?? {}
  const client = simulator.client({
    ...optionsOf(config),
    audit: auditOf(audit, simulator, directory),
    attachmentCallback: callback && callbackOf({ simulator }, callback)
  })
  const stage = { simulator, client, directory, worker: workerOf(previews, client, simulator, directory) }
  try {
    const last = await play(stage, scenario.steps)
    compare(scenario.expect, last, simulator)
  } catch (error) {
    if (error instanceof assert.AssertionError) {
      error.message = [
        `${file}: ${error.message}`, `journal: ${inspect(requestsOf(simulator), { maxArrayLength: null })}`,
        `slept: ${inspect(simulator.sleptMs)}`, `violations: ${inspect(simulator.violations)}`
      ].join('\n')
    }
    throw error
  } finally {
    simulator.stop()
    rmSync(stage.directory, { recursive: true })
  }
}

function optionsOf (config) {
  const pace = {}
  const media = {}
  const limits = { media }
  const options = { pace, limits }
  const places = {
    attempts: pace, base_ms: pace, cap_ms: pace, budget_ms: pace, per_minute: pace, burst: pace, breaker_after: pace,
    breaker_pause_ms: pace, max_chunk_bytes: limits, scopes: options, client_secret: options, renew_before_ms: options,
    base_url: options, max_input_bytes: media
  }
  for (const [name, value] of Object.entries(config)) {
    assert.ok(name in places, `a scenario says nothing of config.${name}`)
    places[name][camelCase(name)] = value
  }
  return options
}

/** The outcome of the last call: `{ value }` or `{ error }`, and whether the last step had to fail. */
async function play (stage, steps) {
  let last = { value: null }
  for (const [index, { fails, ...step }] of steps.entries()) {
    const [[verb, wish], ...more] = Object.entries(step)
    assert.deepEqual(more, [], `step ${index} has one verb`)
    assert.ok(Object.hasOwn(verbs, verb), `step ${index}: there is no ${verb}`)
    const done = await outcomeOf(() => verbs[verb](stage, wish))
    if (fails) assert.equal(done.error?.code, fails, `step ${index} had to fail with ${fails}, got ${inspect(done)}`)
    else if (index + 1 < steps.length) assert.ok(!done.error, `step ${index} failed: ${inspect(done.error)}`)
    // A step that is no call leaves the last result as it is.
    if (!['fault', 'advance_ms', 'close', 'close_session'].includes(verb)) last = { ...done, fails }
  }
  return { ...last, fails: steps.at(-1).fails }
}

async function outcomeOf (call) {
  try {
    return { value: await call() }
  } catch (error) {
    return { error }
  }
}

const verbs = {
  ...attachmentVerbs,
  ...messageVerbs,
  ...previewVerbs,
  ...transferVerbs,
  async upload (stage, { text, zeros, from = 'bytes', journal, size, ...options }) {
    const bytes = text === undefined ? Buffer.alloc(zeros) : Buffer.from(text)
    const more = { ...camelCased(options), journal: journal ? join(stage.directory, 'journal') : undefined }
    if (from === 'stream') more.size = size ?? bytes.length
    stage.file = await stage.client.upload(sources[from](stage, bytes), more)
    return stage.file
  },
  upload_path: (stage, what) =>
    stage.client.upload(what === 'missing' ? join(stage.directory, 'missing') : stage.directory, { name: 'missing.txt' }),
  async guest (stage, { language, ...options }) {
    stage.guest = await stage.client.guest(language, options)
    return stage.guest
  },
  send_as_guest: (stage, { to = [], attach, ...message }) =>
    stage.client.sendAsGuest(stage.guest, { to, ...camelCased(message), attachments: attach ? [stage.file] : [] }),
  fault: (stage, fault) => stage.simulator.addFault(fault),
  advance_ms: (stage, ms) => stage.simulator.advance(ms),
  close: (stage) => stage.client.close()
}

const sources = {
  bytes: (_stage, bytes) => bytes,
  path ({ directory }, bytes) {
    const path = join(directory, 'source')
    writeFileSync(path, bytes)
    return path
  },
  async * stream (_stage, bytes) {
    for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE)
  }
}

function compare (expect, { value, error, fails }, simulator) {
  const { value: wanted, error: fault, slept_ms: slept, requests, counts, state, violations = [], ...rest } = expect
  assert.deepEqual(Object.keys(rest), [], 'a scenario expects nothing else')
  if (fault) compareError(error, fault)
  else if (!fails) assert.ok(!error, `the last step failed: ${inspect(error)}`)
  if (wanted && !error) assertPart(value, wanted, 'value')
  if (slept) compareWaits(simulator.sleptMs, slept)
  if (requests) assert.deepEqual(requestsOf(simulator), requests)
  for (const [prefix, count] of Object.entries(counts ?? {})) {
    assert.equal(requestsOf(simulator).filter((request) => request.startsWith(prefix)).length, count, `count of ${prefix}`)
  }
  if (state) assertPart(simulator.state, state, 'state')
  const seen = simulator.violations
  assert.ok(seen.length === violations.length && seen.every((text, index) => text.includes(violations[index])),
    `expected the violations ${inspect(violations)}`)
}

function compareError (error, expected) {
  assert.ok(error, 'the last step had to fail')
  for (const [member, wanted] of Object.entries(expected)) {
    switch (member) {
      case 'message': assert.ok(error.message.includes(wanted), `expected ${wanted} in ${error.message}`); break
      case 'request_id': assert.equal(error.requestId !== undefined, wanted, 'error.request_id'); break
      case 'details': assertPart(error.details, wanted, 'error.details'); break
      case 'code': case 'retryable': case 'status': case 'retry_after_ms':
        assert.equal(error[camelCase(member)] ?? null, wanted, `error.${member}`); break
      default: assert.fail(`a scenario says nothing of error.${member}`)
    }
  }
}

function compareWaits (slept, expected) {
  assert.equal(slept.length, expected.length, `expected the waits ${inspect(expected)}`)
  for (const [index, wait] of expected.entries()) {
    // A nanosecond's rounding is no difference.
    const [least, most] = Array.isArray(wait) ? wait : [wait - 0.001, wait + 0.001]
    assert.ok(slept[index] >= least && slept[index] <= most, `wait ${index}: expected ${inspect(wait)}`)
  }
}

/** Compares the members that are named; lists have to be as long. */
function assertPart (got, wanted, place) {
  // What is absent here is null elsewhere.
  if (wanted === null || typeof wanted !== 'object') return assert.equal(got ?? null, wanted, place)
  assert.ok(got !== null && typeof got === 'object', `${place}: expected ${inspect(wanted)}, got ${inspect(got)}`)
  if (Array.isArray(wanted)) assert.equal(got.length, wanted.length, `length of ${place}`)
  for (const member of Object.keys(wanted)) assertPart(got[member], wanted[member], `${place}.${member}`)
}

function requestsOf (simulator) {
  return simulator.journal.map(({ method, path, status }) => `${method} ${path} ${status ?? 'open'}`)
}

/** Bytes in a piece of a stream, so that pieces and chunks never end together for long. */
const PIECE = 5
