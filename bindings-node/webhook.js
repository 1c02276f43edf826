// Webhooks as web frameworks have them, and the function that signs URLs for previews.
'use strict'

const { isUint8Array } = require('node:util/types')

const { invalid } = require('./errors.js')

/** The bytes as they came: what was parsed and printed again has another signature. */
function raw (body) {
  if (!isUint8Array(body)) throw invalid('body', 'the raw bytes as a Uint8Array', body)
  return body
}

/** Names and values by turns: of a `Headers`, of the `headers` of an `IncomingMessage`, of a `Map` or of pairs. */
function headers (headers) {
  if (headers === null || typeof headers !== 'object') throw invalid('headers', 'an object or pairs', headers)
  const entries = headers[Symbol.iterator] ? [...headers] : Object.entries(headers)
  return entries.flatMap((entry) => {
    if (!Array.isArray(entry)) throw invalid('headers', 'pairs of a name and a value', entry)
    const [name, values] = entry
    return [values].flat().filter((value) => value !== undefined).flatMap((value) => [`${name}`, `${value}`])
  })
}

/** Asks `sign` for a URL; what it throws is told in words, since it is a job's failure and not a call's. */
function signer (sign) {
  return async (id) => {
    try {
      const url = await sign(id)
      if (typeof url !== 'string') throw invalid('publishTo', 'a function that returns a URL', url)
      return { url }
    } catch (error) {
      return { reason: `the function threw ${error}` }
    }
  }
}

module.exports = { headers, raw, signer }
