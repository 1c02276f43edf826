// Large uploads and messages for a contact-center platform. One assignment a name, so that `import { Client }` works.
'use strict'

const { inspect } = require('node:util')

const { PorteurError } = require('./errors.js')
const { Client, Guest, sha256Chunks, sha256ChunksSync, verifyAudit, verifyAuditSync } = require('./native.js')

// Where Node has them: 20.4 or later.
if (Symbol.dispose) define(Client, Symbol.dispose, function () { this.close() })
if (Symbol.asyncDispose) define(Client, Symbol.asyncDispose, function () { return this.close() })

// The token is as good as a password, so it is not shown by accident.
define(Guest, 'toJSON', function () { return { id: this.id } })
define(Guest, inspect.custom, function (_depth, options) { return `Guest ${inspect({ id: this.id }, options)}` })

function define (type, name, value) {
  Object.defineProperty(type.prototype, name, { value, configurable: true, writable: true })
}

exports.Client = Client
exports.Guest = Guest
exports.PorteurError = PorteurError
exports.sha256Chunks = sha256Chunks
exports.sha256ChunksSync = sha256ChunksSync
exports.verifyAudit = verifyAudit
exports.verifyAuditSync = verifyAuditSync
