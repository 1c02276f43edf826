// The chunks of a file, hashed in Node: `node digest.mjs porteur|porteur-bytes|crypto FILE CHUNK_SIZE`. digest.py calls it.

import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'

const { sha256Chunks, sha256ChunksSync } = await import(
  process.env.PORTEUR_NODE ?? new URL('../../bindings-node/index.js', import.meta.url).href
)

const contenders = {
  porteur: (path, chunkSize) => sha256Chunks(path, { chunkSize }),
  // Reading is part of it, as it is for the loop.
  'porteur-bytes': (path, chunkSize) => sha256ChunksSync(readFileSync(path), { chunkSize }),
  crypto: readAndHash,
}

/** The loop that everybody writes: one buffer, one chunk, one hash. */
function readAndHash(path, chunkSize) {
  const chunks = []
  const file = openSync(path)
  const buffer = Buffer.allocUnsafe(chunkSize)
  for (let length; (length = readSync(file, buffer, 0, chunkSize, null)) > 0; ) {
    chunks.push(createHash('sha256').update(buffer.subarray(0, length)).digest('hex'))
  }
  closeSync(file)
  return { chunks }
}

const [, , name, path, chunkSize] = process.argv
const started = performance.now()
const { chunks } = await contenders[name](path, Number(chunkSize))
const seconds = (performance.now() - started) / 1000
const sum = createHash('sha256').update(chunks.join('\n')).digest('hex')
console.log(JSON.stringify({ seconds, sum }))
