// Sends with porteur from Node: `node send.mjs SENDS IN_FLIGHT`, through one client.

const { Client } = await import(process.env.PORTEUR_NODE ?? new URL('../../bindings-node/index.js', import.meta.url).href)

// A million a minute and at once: so fast that the rate does not matter. The rules are checked as always.
const pace = { perMinute: 1_000_000, burst: 1_000_000 }
const message = {
  conversation: 'conversation-1',
  text: 'Your invoice.',
  sender: 'agent@example.com',
  to: ['customer@example.com'],
}

const [sends, inFlight] = process.argv.slice(2).map(Number)
const started = performance.now()
const worked = process.cpuUsage()
const client = Client.fromEnv({ pace })
const outcomes = await client.sendMany(Array(sends).fill(message), { concurrency: inFlight })
await client.close()
const seconds = (performance.now() - started) / 1000
const { user, system } = process.cpuUsage(worked)
const failed = outcomes.find((outcome) => outcome.status === 'rejected')
if (failed) throw failed.reason
const sent = new Set(outcomes.map((outcome) => outcome.value.id)).size
console.log(JSON.stringify({ seconds, cpu: (user + system) / 1e6, sent }))
