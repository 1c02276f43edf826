// The one class of everything that goes wrong; `code` says what.
'use strict'

class PorteurError extends Error {
  constructor ({ code, message, retryable, retryAfterMs, status, requestId, details }) {
    super(message)
    this.code = code
    this.retryable = retryable
    this.retryAfterMs = retryAfterMs
    this.status = status
    this.requestId = requestId
    this.details = details
    this.field = named(details.field)
  }
}

// On the prototype, as for Node's own errors: the name is no fact of one error.
Object.defineProperty(PorteurError.prototype, 'name', { value: 'PorteurError', configurable: true, writable: true })

/** A field of the core as it is called here: `attachments[0].contentType`. Names of environment variables stay. */
function named (field) {
  if (!/^[a-z_.[\]\d]+$/.test(field ?? '')) return field
  const name = field.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())
  return DURATIONS.has(field) ? `${name}Ms` : name
}

/** A value that was not what it should be; says what kind of thing came, never the value, which may be a secret. */
function invalid (field, wanted, value) {
  const reason = `expected ${wanted}, got ${kindOf(value)}`
  return new PorteurError({
    code: 'invalid_input',
    message: `invalid ${field}: ${reason}`,
    retryable: false,
    details: { field, reason }
  })
}

function kindOf (value) {
  if (value === null || value === undefined) return String(value)
  if (typeof value !== 'object') return `a ${typeof value}`
  return value.constructor?.name ? `an instance of ${value.constructor.name}` : 'an object'
}

/** Durations that the core may refuse; there their unit is in the type. */
const DURATIONS = new Set(['interval', 'every', 'frame_timeout', 'grace', 'remember', 'visibility', 'within'])

module.exports = { PorteurError, invalid, kindOf }
