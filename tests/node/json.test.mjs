// JSON on its way to the platform and back, and what it cannot express.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { PorteurError } from '../../bindings-node/index.js'
import { CONVERSATION, WHO, audit, failure, platform, sentIn } from './support.mjs'

test('JSON arrives and comes back as it was', async (t) => {
  const simulator = platform(t)
  const client = simulator.client()
  const shared = { b: 'für — 🎉', a: [1, -0.5, 1e21, true, null, [], {}] }
  const json = JSON.parse('{"__proto__": {"polluted": true}, "10": 1, "": 2}')
  Object.assign(json, { shared, again: shared, whole: Number.MAX_SAFE_INTEGER })
  await client.send(CONVERSATION, { ...WHO, json })
  const { value: { content } } = await client.history(CONVERSATION).next()
  assert.deepEqual(content, json)
  assert.deepEqual(sentIn(simulator)[0].content, json)
  assert.equal(Object.getPrototypeOf(content), Object.prototype)
})

test('JSON is what JSON.stringify makes of it: a Date is a text, and undefined is no member', async (t) => {
  const simulator = platform(t)
  const json = [{ at: new Date(0), left: undefined, own: { toJSON: () => 'mine' } }]
  await simulator.client().send(CONVERSATION, { ...WHO, json })
  assert.deepEqual(sentIn(simulator)[0].content, [{ at: '1970-01-01T00:00:00.000Z', own: 'mine' }])
})

const loop = { way: [] }
loop.way.push({ back: loop })
const deep = JSON.parse('['.repeat(1000) + ']'.repeat(1000))
const inexpressible = {
  'a bigint': [{ seq: { id: 5n } }, 'got a bigint', 'seq.id'],
  'a function': [{ then: [() => {}] }, 'got a function', 'then[0]'],
  'a symbol': [{ kind: Symbol('kind') }, 'got a symbol', 'kind'],
  'a cycle': [loop, 'expected no way back', 'way[0].back'],
  'NaN': [{ ratio: NaN }, 'expected a finite number', 'ratio'],
  'an infinity': [[-Infinity], 'expected a finite number', '[0]'],
  'undefined in an array': [[1, undefined], 'got undefined', '[1]'],
  'a Map': [{ by: new Map() }, 'got an instance of Map', 'by'],
  'bytes': [{ data: new Uint8Array(3) }, 'got an instance of Uint8Array', 'data'],
  'a promise': [{ value: Promise.resolve(5) }, 'got an instance of Promise', 'value'],
  'a thousand levels': [deep, 'expected at most 100 levels', '[0][0]']
}
for (const [name, [value, reason, place]] of Object.entries(inexpressible)) {
  test(`${name} in JSON is refused by its place and not left out, and nobody is asked`, async (t) => {
    const simulator = platform(t)
    const client = simulator.client({ audit: audit() })
    const calls = { json: client.send(CONVERSATION, { ...WHO, json: value }), fields: client.record('note', { value }) }
    for (const [field, call] of Object.entries(calls)) {
      const error = await failure(call)
      assert.ok(error instanceof PorteurError)
      assert.deepEqual([error.code, error.field], ['invalid_input', field])
      assert.ok(error.message.includes(reason) && error.message.includes(place), error.message)
    }
    assert.deepEqual(simulator.journal, [])
  })
}

test('what a member throws when it is read is what the call rejects with', async (t) => {
  const mine = new Error('mine')
  const json = { get broken () { throw mine } }
  assert.equal(await failure(platform(t).client().send(CONVERSATION, { ...WHO, json })), mine)
})
