// The same frames with Node's ws: `node transfer_ws.mjs TRANSFERS SOCKETS IN_FLIGHT`.

import { randomUUID } from 'node:crypto'
import { once } from 'node:events'

import WebSocket from 'ws'

import { race } from './transfer_race.mjs'

const frame = {
  interaction_id: 'interaction-1',
  destination_uri: 'genesys://user/agent-9',
  media_matrix: { audio: { codec: 'opus', bandwidth_kbps: 64, bit_depth: 16 } },
  timestamp: '2026-01-01T00:00:00.000Z',
  triggers: { codec_negotiation: true, format_verification: true },
}

/** A socket whose answers are matched to frames by id, as a client has to. */
async function connect () {
  const url = `${process.env.GENESYS_BASE_URL.replace('http', 'ws')}/api/v2/websocket`
  const socket = new WebSocket(url, { headers: { authorization: 'Bearer gateway' } })
  await once(socket, 'open')
  const waiting = new Map()
  socket.on('message', (text) => {
    const answer = JSON.parse(text)
    waiting.get(answer.id)(answer)
    waiting.delete(answer.id)
  })
  async function transfer () {
    const id = randomUUID()
    const answered = new Promise((resolve) => waiting.set(id, resolve))
    socket.send(JSON.stringify({ type: 'interaction.transfer', id, ...frame }))
    const answer = await answered
    if (answer.status !== 'codec_negotiated') throw new Error(answer.status)
  }
  return {
    async transferMany (count, atATime) {
      const took = []
      let left = count
      await Promise.all(Array.from({ length: atATime }, async () => {
        while (left-- > 0) {
          const begun = performance.now()
          await transfer()
          took.push(performance.now() - begun)
        }
      }))
      return took
    },
    close: () => socket.terminate(),
  }
}

await race(connect)
