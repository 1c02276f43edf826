// Takes a webhook about an attachment, makes its preview, and links it into the conversation.
//
// GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_BASE_URL say where the platform is; `porteur simulate` prints all three.
// CDN_PRESIGNED_URL_TEMPLATE says where previews go, and PORTEUR_QUEUE where jobs are kept.
//
//     node examples/node/preview_worker.mjs webhook.json

import { readFileSync } from 'node:fs'

import { Client } from 'porteur'

const [path] = process.argv.slice(2)
if (!path) {
  console.error('usage: preview_worker.mjs WEBHOOK')
  process.exit(1)
}

const client = Client.fromEnv()
// This webhook came as a file and not from the network, so it is not signed.
const worker = client.previews({
  queue: process.env.PORTEUR_QUEUE,
  unsigned: true,
  // With attachments on this machine, as the simulator has them.
  allowPrivate: 'PREVIEWS_ALLOW_PRIVATE' in process.env
})
try {
  const { status, reason } = await worker.submit(readFileSync(path), {})
  if (status === 'ignored') throw new Error(`ignored: ${reason}`)
  // A service runs until it is told to stop: worker.run().
  await worker.drain()
  for (const { url, width, height, message } of worker.recent()) {
    console.log(`${url}: ${width} x ${height}, linked by ${message}`)
  }
  for (const { attempts, reason } of await worker.deadLetters()) {
    console.error(`no preview after ${attempts} attempts: ${reason}`)
    process.exitCode = 1
  }
} finally {
  await client.close()
}
