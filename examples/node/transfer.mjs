// Transfers an interaction to somebody else: with a picture where the gateway can, or else with the sound of a telephone.
//
// GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_BASE_URL say where; `porteur simulate` prints all three.
//
//     node examples/node/transfer.mjs interaction-1 genesys://user/agent-9

import { Client } from 'porteur'

const [interaction, destination] = process.argv.slice(2)
if (!destination) {
  console.error('usage: transfer.mjs INTERACTION DESTINATION')
  process.exit(1)
}

const opus = { codec: 'opus', bandwidthKbps: 64 }
const seenAndHeard = { audio: opus, video: { codec: 'vp8', resolution: '1280x720', fps: 30 } }
const telephone = { audio: { codec: 'pcmu', bandwidthKbps: 64 } }

const client = Client.fromEnv()
try {
  // A session carries any number of transfers, also at once; it ends with its client.
  const session = await client.connect()
  const outcome = await session.transfer(interaction, destination, { media: [seenAndHeard, telephone] })
  console.log(`${outcome.status} as ${outcome.id}: ${outcome.codec} after ${outcome.latencyMs} ms`)
  if (outcome.retries) console.log(`retries: ${outcome.retries}`)
} catch (error) {
  if (error.code !== 'transfer_timeout') throw error
  console.error(`not settled, ask again with the id ${error.details.id}: ${error.message}`)
  process.exitCode = 1
} finally {
  await client.close()
}
