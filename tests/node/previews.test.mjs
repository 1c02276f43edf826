// What is special to Node about PDFs: Node is its own media child.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'

import { inspect, preview } from '../../bindings-node/index.js'
import { failure } from './support.mjs'

const PDF = fileURLToPath(new URL('../media/pdf/', import.meta.url))
const PACKAGE = fileURLToPath(new URL('../../bindings-node/index.js', import.meta.url))
// A busy machine may take its time; what counts is that of the processor.
const limits = { maxChildWallMs: 120_000 }

test('a page becomes a picture', async () => {
  const small = await preview(join(PDF, 'pages.pdf'), { page: 2, limits })
  assert.deepEqual([small.width, small.height, small.source.pdfPages], [200, 300, 3])
  assert.equal((await inspect(join(PDF, 'letter.pdf'), { limits })).width, 595)
})

test('a file that is refused leaves the process as it was', async () => {
  for (const [name, kind] of [['bomb.pdf', 'too_large'], ['locked.pdf', 'encrypted']]) {
    const error = await failure(preview(join(PDF, name), { limits }))
    assert.deepEqual([error.code, error.details.kind], ['media', kind], name)
    assert.equal((await preview(join(PDF, 'pages.pdf'), { limits })).width, 300)
  }
})

test('many pages are drawn side by side', async () => {
  const pages = Array.from({ length: 18 }, () => preview(join(PDF, 'pages.pdf'), { maxWidth: 40, limits }))
  assert.equal(new Set((await Promise.all(pages)).map(({ bytes }) => bytes.toString('base64'))).size, 1)
})

test('a page that takes too long ends with its limit', async () => {
  const error = await failure(preview(join(PDF, 'letter.pdf'), { maxWidth: 2000, limits: { maxChildWallMs: 1 } }))
  assert.deepEqual([error.code, error.details.kind], ['media', 'too_large'])
})

test('options for Node are not those of the child', async () => {
  const program = `require(${JSON.stringify(PACKAGE)}).preview(process.argv[1], { limits: { maxChildWallMs: 120000 } })
    .then(({ width }) => console.log(width))`
  const NODE_OPTIONS = '--require ./none-of-the-child.js'
  const code = `process.env.NODE_OPTIONS = ${JSON.stringify(NODE_OPTIONS)}; ${program}`
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', code, join(PDF, 'pages.pdf')])
  assert.equal(stdout, '300\n')
})

test('the environment can name another program', async () => {
  const program = `require(${JSON.stringify(PACKAGE)}).preview(process.argv[1]).catch(({ message }) => console.log(message))`
  const env = { ...process.env, PORTEUR_MEDIA_CHILD: '/bin/false' }
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program, join(PDF, 'pages.pdf')], { env })
  assert.match(stdout, /invalid isolation: expected \/bin\/false to serve as a child process/)
})

test('a thread shares the children of its process', async () => {
  const code = `const { preview } = require(${JSON.stringify(PACKAGE)}), { parentPort, workerData } = require('node:worker_threads')
    preview(workerData, { limits: { maxChildWallMs: 120000 } }).then(({ width }) => parentPort.postMessage(width))`
  const worker = new Worker(code, { eval: true, workerData: join(PDF, 'pages.pdf') })
  const width = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  assert.equal(width, 300)
  await worker.terminate()
})
