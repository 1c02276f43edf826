// Takes webhooks of attachments with Fastify, and makes their previews in the same process.
//
// GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_BASE_URL say where the platform is, CDN_PRESIGNED_URL_TEMPLATE where
// previews go, PORTEUR_WEBHOOK_SECRET what webhooks are signed with, and PORTEUR_QUEUE where jobs are kept. Several of these
// processes may share a queue.
//
//     npm install fastify
//     node examples/node/fastify_previews.mjs 8000

import Fastify from 'fastify'

import { Client } from 'porteur'

const client = Client.fromEnv()
const worker = client.previews({
  queue: process.env.PORTEUR_QUEUE,
  // With attachments on this machine, as in the tests.
  allowPrivate: 'PREVIEWS_ALLOW_PRIVATE' in process.env
})

const app = Fastify()
// The raw body, as it was signed.
app.removeAllContentTypeParsers()
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

app.post('/webhooks/genesys/attachments', async (request, reply) => {
  const answer = await worker.answer(request.body ?? Buffer.alloc(0), request.headers)
  return reply.code(answer.status).headers(answer.headers).send(answer.body)
})

app.get('/previews', async () => {
  const { made, retried, buried } = worker.stats()
  return { made, retried, dead: buried }
})

const running = worker.run()
app.addHook('onClose', async () => {
  // What is under way is finished; what waits is done by the next process.
  await worker.stop()
  await running
  await client.close()
})

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())
console.log(await app.listen({ port: Number(process.argv[2] ?? 8000) }))
