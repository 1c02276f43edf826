// Loads the native part and lends it what only JavaScript can make.
'use strict'

const { isBuiltin } = require('node:module')
const { join } = require('node:path')

const { PorteurError, invalid } = require('./errors.js')
const { iterate } = require('./iterate.js')
const { stringify } = require('./json.js')
const { open, openAtRest, openMany } = require('./source.js')
const { headers, raw, signer } = require('./webhook.js')

/** A call under way: where it was made, and the listener on its signal. */
class Call {
  constructor (signal, abort) {
    // Before the first wait: a stack that is made later shows the event loop and not the caller.
    Error.captureStackTrace(this, begin)
    this.signal = signal
    this.abort = abort
    signal?.addEventListener('abort', abort, { once: true })
  }

  /** The call is over; answers why, when it was its signal. */
  end () {
    this.signal?.removeEventListener('abort', this.abort)
    return this.signal?.reason
  }
}

function begin (signal, abort) {
  if (signal != null && !(signal instanceof AbortSignal)) throw invalid('signal', 'an AbortSignal', signal)
  // A signal that was aborted before fires no event.
  signal?.throwIfAborted()
  return new Call(signal ?? undefined, abort)
}

function fail (facts, call) {
  const error = new PorteurError(facts)
  if (call) error.stack = `${error}${framesOf(call)}`
  else Error.captureStackTrace(error, fail)
  return error
}

function framesOf ({ stack }) {
  const frames = stack.indexOf('\n    at ')
  return frames < 0 ? '' : stack.slice(frames)
}

/** Where the native part is. */
function locate () {
  const name = platform()
  try {
    return require.resolve(`./porteur.${name}.node`)
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error
  }
  try {
    return require.resolve(`@porteur/${name}`)
  } catch (cause) {
    const reinstall = 'was it left out as an optional dependency, or installed on another platform?'
    throw new Error(`porteur has no native part for ${name}: ${reinstall}`, { cause })
  }
}

/** As the platform packages are named: `linux-x64-gnu`. */
function platform () {
  const { platform, arch } = process
  if (platform === 'linux') return `linux-${arch}-${glibc() ? 'gnu' : 'musl'}`
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`
}

function glibc () {
  return process.report.getReport().header.glibcVersionRuntime !== undefined
}

/** Whether the executable is a program made of Node and a script, which would run that script in place of ours. */
function packed () {
  return process.pkg !== undefined || (isBuiltin('node:sea') && require('node:sea').isSea())
}

const path = locate()
const native = require(path)
native.install({
  begin, fail, headers, iterate, open, openAtRest, openMany, parse: JSON.parse, raw, signer, stringify
})
// Started when there is work for it.
if (!packed()) native.mediaChild(process.execPath, [join(__dirname, 'media-child.js'), path])

module.exports = native
