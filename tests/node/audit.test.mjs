// What is special to Node about the audit trail: settings by their names, disposal, reports as plain objects.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'

import { Client, PorteurError, verifyAudit, verifyAuditSync } from '../../bindings-node/index.js'
import { CONVERSATION, HELLO, audit, directory, failure, platform } from './support.mjs'

const refusals = {
  audit: true,
  file: { secret: 'secret' },
  secret: { file: 'audit.log', secret: '' },
  endpoint: { file: 'audit.log', secret: 'secret', endpoint: 'ftp://localhost' },
  sync: { file: 'audit.log', secret: 'secret', sync: 'sometimes' },
  whenFull: { file: 'audit.log', secret: 'secret', whenFull: 'drop' },
  batch: { file: 'audit.log', secret: 'secret', batch: 0 },
  everyMs: { file: 'audit.log', secret: 'secret', everyMs: 0 },
  drainMs: { file: 'audit.log', secret: 'secret', drainMs: -1 },
  limitBytes: { file: 'audit.log', secret: 'secret', limitBytes: 1.5 }
}
for (const [field, audit] of Object.entries(refusals)) {
  test(`an audit log with an unusable ${field} is thrown by its name`, () => {
    const call = () => new Client({ clientId: 'id', clientSecret: 'secret', audit })
    assert.throws(call, (error) => error instanceof PorteurError && error.field === field)
  })
}

test('an unusable secret of an audit log is not shown', () => {
  const settings = { file: 'audit.log', secret: 271828 }
  const call = () => new Client({ clientId: 'id', clientSecret: 'secret', audit: settings })
  assert.throws(call, (error) => error.field === 'secret' && !inspect(error).includes('271828'))
})

test('await using posts the audit log before it goes on', { skip: !Symbol.asyncDispose }, async (t) => {
  const simulator = platform(t)
  const settings = audit({ endpoint: `${simulator.url}/audit` })
  const client = simulator.client({ audit: settings, timeouts: { auditMs: 5000 } })
  await client.send(CONVERSATION, HELLO)
  const receipt = await client.record('note', { author: { name: 'Kim' }, at: new Date(0) })
  assert.equal(receipt.sequence, 3)
  assert.deepEqual(simulator.state.audit, [])
  await client[Symbol.asyncDispose]()
  const entries = simulator.state.audit
  assert.deepEqual(entries.map(({ kind, status, author, at }) => [kind, status ?? author.name, at]),
    [['message', 'sending', undefined], ['message', 'queued', undefined], ['note', 'Kim', '1970-01-01T00:00:00.000Z']])
  assert.ok(entries.every(({ log }) => log === receipt.log))
  assert.equal((await failure(client.record('note', {}))).code, 'cancelled')
  assert.deepEqual(simulator.violations, [])
})

test('a report is the same from both ways to verify', async (t) => {
  const settings = audit()
  const client = platform(t).client({ audit: settings })
  await Promise.all([client.record('note', {}), client.record('note', { n: 2 })])
  await client.close()
  const report = await verifyAudit(settings.file, settings.secret)
  assert.deepEqual(report, { entries: 2, logs: 1, signed: 2, torn: false, isIntact: true, findings: [] })
  assert.deepEqual(verifyAuditSync(settings.file, settings.secret), report)
  assert.equal((await failure(verifyAudit(settings.file, 'another'))).field, 'secret')
  assert.throws(() => verifyAuditSync(join(directory, 'missing'), settings.secret), { code: 'file' })
})

test('a finding says what happened to which entry', async (t) => {
  const settings = audit()
  const client = platform(t).client({ audit: settings })
  for (const n of [1, 2, 3]) await client.record('note', { n })
  await client.close()
  const lines = readFileSync(settings.file, 'utf8').split('\n')
  const { log } = JSON.parse(lines[0])
  writeFileSync(settings.file, [lines[0], ...lines.slice(2)].join('\n'))
  const { isIntact, findings: [finding] } = await verifyAudit(settings.file, settings.secret)
  assert.equal(isIntact, false)
  assert.deepEqual([finding.kind, finding.line, finding.log, finding.sequence], ['missing', 2, log, 2])
  assert.equal(typeof finding.message, 'string')
})
