// Sources: what the native part reads by itself stays what it is; the rest becomes one function that pulls pieces.
'use strict'

const { isUint8Array } = require('node:util/types')
const { fileURLToPath } = require('node:url')

const { invalid } = require('./errors.js')

/** A path or bytes for what can be read more than once, else a function to pull pieces with. */
function open (source) {
  return atRest(source) ?? pulled(source, 'source', piece)
}

/** A path or bytes. */
function openAtRest (source) {
  const found = atRest(source)
  if (found === undefined) throw invalid('source', 'a path, a file: URL or a Uint8Array', source)
  return found
}

/** A function to pull sources with, each as `open` has it. */
function openMany (sources) {
  if (typeof sources === 'string' || isUint8Array(sources)) throw invalid('sources', WANTED.sources, sources)
  return pulled(sources, 'sources', open)
}

function atRest (source) {
  if (typeof source === 'string' || isUint8Array(source)) return source
  if (source instanceof URL) return path(source)
}

function path (url) {
  if (url.protocol !== 'file:') throw invalid('source', 'a file: URL', url.protocol)
  return fileURLToPath(url)
}

function piece (value) {
  if (!isUint8Array(value)) throw invalid('source', 'pieces of Uint8Array', value)
  return value
}

/**
 * A function whose promise is the next item as `taken`, or `null` after the last; with `true` it closes the source
 * instead.
 */
function pulled (source, name, taken) {
  const { next, close } = iterated(source, name)
  let closed = false
  return async (closing) => {
    if (closed) return null
    if (!closing) {
      const { done, value } = await next()
      closed = Boolean(done)
      return closed ? null : taken(value)
    }
    closed = true
    // The call has ended, with an answer of its own: a source that cannot even be closed changes nothing about it.
    try { await close() } catch {}
    return null
  }
}

function iterated (source, name) {
  if (source instanceof Blob) source = source.stream()
  // By its own reader and not as an iterable, whose end would wait for a piece that may never come.
  if (source instanceof ReadableStream) {
    const reader = source.getReader()
    return { next: () => reader.read(), close: () => reader.cancel() }
  }
  const iterator = source?.[Symbol.asyncIterator]?.() ?? source?.[Symbol.iterator]?.()
  if (iterator === undefined) throw invalid(name, WANTED[name], source)
  if (typeof source.destroy !== 'function') return { next: () => iterator.next(), close: () => iterator.return?.() }
  // The iterator listens from its first piece on, and tells then of an error before that, which nobody else hears.
  source.on?.('error', () => {})
  return { next: () => iterator.next(), close: () => source.destroy() }
}

const WANTED = {
  source: 'a path, a file: URL, a Uint8Array, a stream or an iterable',
  sources: 'an iterable of sources'
}

module.exports = { open, openAtRest, openMany }
