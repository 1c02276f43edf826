// The same upload with porteur from Node: `node upload.mjs FILE`.

const { Client } = await import(process.env.PORTEUR_NODE ?? new URL('../../bindings-node/index.js', import.meta.url).href)

const started = performance.now()
const client = Client.fromEnv()
await client.upload(process.argv[2])
await client.close()
console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000 }))
