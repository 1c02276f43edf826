// Transfers with porteur from Node: `node transfer.mjs TRANSFERS SOCKETS IN_FLIGHT check|unchecked`.

import { race } from './transfer_race.mjs'

const { Client } = await import(process.env.PORTEUR_NODE ?? new URL('../../bindings-node/index.js', import.meta.url).href)

// A million a minute and at once: so fast that the rate does not matter.
const client = Client.fromEnv({ pace: { perMinute: 1_000_000, burst: 1_000_000 } })
const check = process.argv[5] === 'check'

const wish = { interaction: 'interaction-1', destination: 'genesys://user/agent-9', check }

await race(async () => {
  const session = await client.connect()
  return {
    async transferMany (count, concurrency) {
      const outcomes = await session.transferMany(Array(count).fill(wish), { concurrency })
      return outcomes.map(({ value, reason }) => {
        if (reason) throw reason
        return value.latencyMs
      })
    },
    close: () => session.close(),
  }
})
