// Uploads a file and sends it to somebody as a guest.
//
// GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_BASE_URL say where; `porteur simulate` prints all three.
//
//     node examples/node/upload.mjs invoice.pdf +15550100

import { Client } from 'porteur'

const [path, recipient] = process.argv.slice(2)
if (!path || !recipient) {
  console.error('usage: upload.mjs FILE RECIPIENT')
  process.exit(1)
}

const client = Client.fromEnv()
try {
  // With a journal the same command goes on where an interrupted one stopped.
  const file = await client.upload(path, { journal: `${path}.journal` })
  console.log(`uploaded ${file.name} as ${file.id}: ${file.size} bytes in ${file.chunks} chunks`)

  const guest = await client.guest('en-US')
  const sent = await client.sendAsGuest(guest, { to: [recipient], text: 'Here is the file.', attachments: [file] })
  console.log(`sent as ${sent.id}`)
} catch (error) {
  if (error.code !== 'rate_limited') throw error
  console.error(`the platform is busy, try again in ${error.retryAfterMs} ms: ${error.message}`)
  process.exitCode = 1
} finally {
  await client.close()
}
