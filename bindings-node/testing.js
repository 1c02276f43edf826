// The platform on loopback, for tests without an account. Settings, faults, journal and state are the same JSON in every
// language, so their members are written in snake_case here too.
'use strict'

require('./index.js')
const native = require('./native.js')

class Simulator {
  #native

  constructor (settings = {}) {
    this.#native = new native.Simulator(JSON.stringify(settings))
  }

  get url () { return this.#native.url }

  get clientId () { return this.#native.clientId }

  get clientSecret () { return this.#native.clientSecret }

  get sleptMs () { return this.#native.sleptMs }

  get journal () { return JSON.parse(this.#native.journal) }

  get violations () { return this.#native.violations }

  get state () { return JSON.parse(this.#native.state) }

  file (id) { return this.#native.file(id) }

  attachment (id) { return this.#native.attachment(id) }

  addFault (fault) { this.#native.addFault(JSON.stringify(fault)) }

  advance (byMs) { this.#native.advance(byMs) }

  client (options) { return this.#native.client(options) }

  stop () { this.#native.stop() }
}

if (Symbol.dispose) {
  Object.defineProperty(Simulator.prototype, Symbol.dispose, { value: Simulator.prototype.stop, configurable: true, writable: true })
}

exports.Simulator = Simulator
exports.messages = native.messages
