// What JavaScript means by a value, as the text of JSON; the native part reads that.
'use strict'

const { isAnyArrayBuffer, isArrayBufferView, isMap, isPromise, isSet } = require('node:util/types')

const { kindOf } = require('./errors.js')

/**
 * `{ json }`, or the `reason` for which there is none: what `JSON.stringify` would leave out, or show as something
 * else, is refused. As there, a member that is `undefined` is none. What a getter or a `toJSON` throws passes.
 */
function stringify (value) {
  try {
    return { json: JSON.stringify(value, refusing()) }
  } catch (error) {
    if (error instanceof Refusal) return { reason: error.message }
    throw error
  }
}

/** A replacer that replaces nothing. */
function refusing () {
  // The objects that the one at hand is a member of, and the names on the way there.
  const within = []
  const names = []
  return function (name, value) {
    while (within.length > 0 && within.at(-1) !== this) {
      within.pop()
      names.pop()
    }
    const wanted = wantedInsteadOf(value, this, within)
    if (wanted) throw new Refusal(`expected ${wanted}${placeOf([...names, name])}, got ${kindOf(value)}`)
    if (typeof value === 'object' && value !== null) {
      within.push(value)
      names.push(name)
    }
    return value
  }
}

/** What JSON expects in the place of a value that it cannot express. */
function wantedInsteadOf (value, holder, within) {
  switch (typeof value) {
    case 'number': return Number.isFinite(value) ? undefined : 'a finite number'
    case 'undefined': return Array.isArray(holder) || within.length === 0 ? IN_JSON : undefined
    case 'bigint': case 'function': case 'symbol': return IN_JSON
    case 'object': break
    default: return undefined
  }
  if (within.includes(value)) return 'no way back to where it came from'
  if (within.length >= DEEPEST) return `at most ${DEEPEST} levels`
  return shownAsAnother(value) ? IN_JSON : undefined
}

/** Whether `JSON.stringify` sees nothing of what is in there, or each byte as a member. */
function shownAsAnother (value) {
  return isMap(value) || isSet(value) || isPromise(value) || isAnyArrayBuffer(value) || isArrayBufferView(value)
}

/** ` at event.people[2]`; nothing for the value itself, whose name is the empty one before. */
function placeOf ([, ...names]) {
  const place = names.map((name) => /^\d+$/.test(name) ? `[${name}]` : `.${name}`).join('')
  return place && ` at ${place.replace(/^\./, '')}`
}

class Refusal extends Error {}

const IN_JSON = 'what JSON can express'
// The native part reads 128 levels, and no platform wants so many.
const DEEPEST = 100

module.exports = { stringify }
