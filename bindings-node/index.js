// Uploads, messages, transfers and pictures for a contact-center platform. One assignment a name, so that
// `import { Client }` works.
'use strict'

const util = require('node:util')

const { PorteurError } = require('./errors.js')
const {
  Client, Guest, inspect, inspectSync, preview, PreviewWorker, previewSync, Session, sha256Chunks, sha256ChunksSync,
  transform, transformMany, transformSync, verifyAudit, verifyAuditSync
} = require('./native.js')

// Where Node has them: 20.4 or later.
for (const type of [Client, Session]) {
  if (Symbol.dispose) define(type, Symbol.dispose, function () { this.close() })
  if (Symbol.asyncDispose) define(type, Symbol.asyncDispose, function () { return this.close() })
}

if (Symbol.asyncDispose) define(PreviewWorker, Symbol.asyncDispose, function () { return this.stop() })

// The token is as good as a password, so it is not shown by accident.
define(Guest, 'toJSON', function () { return { id: this.id } })
define(Guest, util.inspect.custom, function (_depth, options) {
  return `Guest ${util.inspect({ id: this.id }, options)}`
})

function define (type, name, value) {
  Object.defineProperty(type.prototype, name, { value, configurable: true, writable: true })
}

exports.Client = Client
exports.Guest = Guest
exports.inspect = inspect
exports.inspectSync = inspectSync
exports.PorteurError = PorteurError
exports.preview = preview
exports.PreviewWorker = PreviewWorker
exports.previewSync = previewSync
exports.Session = Session
exports.sha256Chunks = sha256Chunks
exports.sha256ChunksSync = sha256ChunksSync
exports.transform = transform
exports.transformMany = transformMany
exports.transformSync = transformSync
exports.verifyAudit = verifyAudit
exports.verifyAuditSync = verifyAuditSync
