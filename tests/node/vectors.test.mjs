// Runs the vectors that concern a language: digests, and the codes of errors.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { sha256Chunks, sha256ChunksSync } from '../../bindings-node/index.js'

const directory = mkdtempSync(join(tmpdir(), 'porteur-'))
after(() => rmSync(directory, { recursive: true }))

for (const { name, bytes_hex: hex, zeros, chunk_size: chunkSize, chunks, whole } of vector('digest.json')) {
  const bytes = hex === undefined ? Buffer.alloc(zeros) : Buffer.from(hex, 'hex')
  const expected = { size: bytes.length, chunkSize, chunks, whole }
  const options = { chunkSize, whole: true }
  test(`${name}, borrowed`, () => assert.deepEqual(sha256ChunksSync(bytes, options), expected))
  test(`${name}, as bytes`, async () => assert.deepEqual(await sha256Chunks(bytes, options), expected))
  test(`${name}, in a file`, async () => {
    const path = join(directory, 'source')
    writeFileSync(path, bytes)
    assert.deepEqual(await sha256Chunks(path, options), expected)
  })
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
