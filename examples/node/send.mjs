// Sends a message to a conversation and waits until it is delivered.
//
// GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_BASE_URL say where; `porteur simulate` prints all three. With
// PORTEUR_AUDIT_FILE and PORTEUR_AUDIT_SECRET set, an audit trail is kept.
//
//     node examples/node/send.mjs conversation-1 agent@example.com customer@example.com 'Your invoice.'

import { Client } from 'porteur'

const [conversation, sender, recipient, text] = process.argv.slice(2)
if (!text) {
  console.error('usage: send.mjs CONVERSATION SENDER RECIPIENT TEXT')
  process.exit(1)
}

const client = Client.fromEnv()
try {
  const sent = await client.send(conversation, { text, sender, to: [recipient] })
  console.log(`sent as ${sent.id}: ${sent.status}`)

  const receipt = await client.awaitDelivery(sent, { withinMs: 20_000, slaMs: 10_000 })
  console.log(`${receipt.status} after ${(receipt.elapsedMs / 1000).toFixed(1)} s`)
  if (receipt.sla?.violated) console.log(`later than the ${receipt.sla.thresholdMs / 1000} s that were promised`)
} catch (error) {
  if (error.code !== 'delivery_timeout') throw error
  console.error(`not there yet, ask again later: ${error.message}`)
  process.exitCode = 1
} finally {
  // Signs the audit trail, too.
  await client.close()
}
