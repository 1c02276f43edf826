// The service in examples/node as it is written there.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { webhook } from './previews.steps.mjs'
import { directory, platform } from './support.mjs'

const PHOTO = { name: 'photo.png', path: fileURLToPath(new URL('../media/formats/rgb.png', import.meta.url)) }

test('fastify takes webhooks and makes previews', async (t) => {
  const simulator = platform(t, { hosted: [PHOTO], clock: 'system' })
  // Where its packages are.
  const folder = mkdtempSync(fileURLToPath(new URL('../../target/node/recipe-', import.meta.url)))
  t.after(() => rmSync(folder, { recursive: true }))
  const script = join(folder, 'fastify_previews.mjs')
  copyFileSync(new URL('../../examples/node/fastify_previews.mjs', import.meta.url), script)
  const env = {
    ...process.env, GENESYS_CLIENT_ID: 'simulator', GENESYS_CLIENT_SECRET: 'simulator-secret',
    GENESYS_BASE_URL: simulator.url, CDN_PRESIGNED_URL_TEMPLATE: `${simulator.url}/cdn/{id}`,
    PORTEUR_WEBHOOK_SECRET: 'webhook-secret', PORTEUR_QUEUE: join(mkdtempSync(join(directory, 'recipe-')), 'previews.db'),
    PREVIEWS_ALLOW_PRIVATE: '1'
  }
  const child = spawn(process.execPath, [script, '0'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const ended = new Promise((resolve) => child.on('exit', resolve))
  const { value: url } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()

  const [body, headers] = webhook({ simulator }, {})
  const post = (body) => fetch(`${url}/webhooks/genesys/attachments`, {
    method: 'POST', body, headers: { ...headers, 'content-type': 'application/json' }
  })
  const answer = await post(body)
  assert.deepEqual([answer.status, await answer.json()], [200, { status: 'queued' }])
  const refused = await post(`${body} `)
  assert.deepEqual([refused.status, (await refused.json()).status], [401, 'rejected'])
  while ((await (await fetch(`${url}/previews`)).json()).made < 1) await new Promise(setImmediate)
  assert.equal(simulator.state.conversations[0].posted.length, 1)
  child.kill('SIGTERM')
  assert.equal(await ended, 0)
})
