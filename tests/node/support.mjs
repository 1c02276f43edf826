// What the tests about messages share: a platform, its conversation, who writes in it, and a log beside it.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

import { Simulator } from '../../bindings-node/testing.js'

export const CONVERSATION = 'conversation-1'
export const WHO = { sender: 'agent@example.com', to: ['customer@example.com'] }
export const HELLO = { text: 'hello', ...WHO }
const SECRET = 'simulator-audit-secret'

export const directory = mkdtempSync(join(tmpdir(), 'porteur-'))
after(() => rmSync(directory, { recursive: true }))

/** A platform for one test. */
export function platform (t, settings = {}) {
  const simulator = new Simulator(settings)
  t.after(() => simulator.stop())
  return simulator
}

/** How many requests were like this one. */
export function count (simulator, prefix) {
  return simulator.journal.filter(({ method, path }) => `${method} ${path}`.startsWith(prefix)).length
}

/** What was sent to the conversation. */
export function sentIn (simulator) {
  return simulator.state.conversations[0].messages
}

/** The settings of an audit log of its own. */
export function audit (options = {}) {
  return { file: join(mkdtempSync(join(directory, 'audit-')), 'audit.log'), secret: SECRET, ...options }
}

/** The error of a call. */
export async function failure (promise) {
  try {
    await promise
  } catch (error) {
    return error
  }
  assert.fail('the call had to fail')
}
