// Runs the vectors that concern a language: digests, pictures, and the codes of errors.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import * as porteur from '../../bindings-node/index.js'

const directory = mkdtempSync(join(tmpdir(), 'porteur-'))
after(() => rmSync(directory, { recursive: true }))

for (const { name, bytes_hex: hex, zeros, chunk_size: chunkSize, chunks, whole } of vector('digest.json')) {
  const bytes = hex === undefined ? Buffer.alloc(zeros) : Buffer.from(hex, 'hex')
  const expected = { size: bytes.length, chunkSize, chunks, whole }
  const options = { chunkSize, whole: true }
  test(`${name}, borrowed`, () => assert.deepEqual(porteur.sha256ChunksSync(bytes, options), expected))
  test(`${name}, as bytes`, async () => assert.deepEqual(await porteur.sha256Chunks(bytes, options), expected))
  test(`${name}, in a file`, async () => {
    const path = join(directory, 'source')
    writeFileSync(path, bytes)
    assert.deepEqual(await porteur.sha256Chunks(path, options), expected)
  })
}

for (const { name, file, hex, first, call, options, expect } of vector('media.json')) {
  const bytes = hex === undefined ? picture(file).subarray(0, first) : Buffer.from(hex, 'hex')
  const wish = named(options)
  const ways = {
    borrowed: async () => porteur[`${call}Sync`](bytes, wish),
    'as bytes': () => porteur[call](bytes, wish),
    'in a file': () => {
      const path = join(directory, 'picture')
      writeFileSync(path, bytes)
      return porteur[call](path, wish)
    },
    'in pieces': () => porteur[call]([bytes.subarray(0, 9), bytes.subarray(9)], wish)
  }
  for (const [way, made] of Object.entries(ways)) {
    test(`${name}, ${way}`, async () => {
      const got = await made().catch(({ code, details }) => ({ error: code, details }))
      assertMembers(got, expect.error ? expect : named(expect))
    })
  }
}

function picture (file) {
  return readFileSync(new URL(`../media/formats/${file}`, import.meta.url))
}

/** Options and results of a vector as they are called here. */
function named (value, name) {
  if (['cover', 'exact'].includes(name)) return { width: value[0], height: value[1] }
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value ?? undefined
  const camelCase = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())
  return Object.fromEntries(Object.entries(value).map(([name, value]) => [camelCase(name), named(value, name)]))
}

function assertMembers (got, expected) {
  for (const [name, value] of Object.entries(expected)) {
    if (typeof value === 'object') assertMembers(got[name], value)
    else assert.equal(got[name], value, name)
  }
}

test('every code of the core is one of the typings, and no other', () => {
  const typings = readFileSync(new URL('../../bindings-node/index.d.ts', import.meta.url), 'utf8')
  const [, union] = /type ErrorCode =([^]*?)\n\n/.exec(typings)
  const codes = [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code)
  assert.deepEqual(codes.toSorted(), vector('errors.json').map(({ code }) => code).toSorted())
})

function vector (file) {
  return JSON.parse(readFileSync(new URL(`../vectors/${file}`, import.meta.url), 'utf8'))
}
