// Sources: what the native part reads by itself stays what it is; the rest becomes one function that pulls pieces.
'use strict'

const { isUint8Array } = require('node:util/types')
const { fileURLToPath } = require('node:url')

const { invalid } = require('./errors.js')

/** A path or bytes for what can be read more than once, else a function to pull pieces with. */
function open (source) {
  return atRest(source) ?? pulled(source)
}

/** A path or bytes. */
function openAtRest (source) {
  const found = atRest(source)
  if (found === undefined) throw invalid('source', 'a path, a file: URL or a Uint8Array', source)
  return found
}

function atRest (source) {
  if (typeof source === 'string' || isUint8Array(source)) return source
  if (source instanceof URL) return path(source)
}

function path (url) {
  if (url.protocol !== 'file:') throw invalid('source', 'a file: URL', url.protocol)
  return fileURLToPath(url)
}

/** A function whose promise is the next piece, or `null` after the last; with `true` it closes the source instead. */
function pulled (source) {
  const { next, close } = iterated(source)
  let closed = false
  return async (closing) => {
    if (closed) return null
    if (!closing) {
      const { done, value } = await next()
      closed = Boolean(done)
      if (closed) return null
      if (!isUint8Array(value)) throw invalid('source', 'pieces of Uint8Array', value)
      return value
    }
    closed = true
    // The upload has ended, with an answer of its own: a source that cannot even be closed changes nothing about it.
    try { await close() } catch {}
    return null
  }
}

function iterated (source) {
  // By its own reader and not as an iterable, whose end would wait for a piece that may never come.
  if (source instanceof ReadableStream) {
    const reader = source.getReader()
    return { next: () => reader.read(), close: () => reader.cancel() }
  }
  const iterator = source?.[Symbol.asyncIterator]?.() ?? source?.[Symbol.iterator]?.()
  if (iterator === undefined) {
    throw invalid('source', 'a path, a file: URL, a Uint8Array, a stream or an iterable', source)
  }
  const close = typeof source.destroy === 'function' ? () => source.destroy() : () => iterator.return?.()
  return { next: () => iterator.next(), close }
}

module.exports = { open, openAtRest }
