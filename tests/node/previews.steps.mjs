// The steps of scenarios about previews; what they say is in tests/README.md.

import { createHmac } from 'node:crypto'
import { join } from 'node:path'

import { camelCased } from './messages.steps.mjs'

const SECRETS = { good: 'webhook-secret', old: 'webhook-secret-before', wrong: 'another secret' }
const ATTACHMENT = 'photo.png'

export const verbs = {
  webhook: (stage, wish) => stage.worker.submit(...webhook(stage, wish)),
  answer: (stage, wish) => stage.worker.answer(...webhook(stage, wish)),
  handle: async (stage, { attempt, ...wish }) => shown(await stage.worker.handle(dataOf(stage, wish), { attempt })),
  async work ({ worker }) {
    await worker.drain()
    const dead = await worker.deadLetters()
    const { made, retried, givenBack, buried } = worker.stats()
    const [last] = worker.recent()
    return {
      made, retried, given_back: givenBack, buried, attempts: dead.map(({ attempts }) => attempts),
      dead: dead.map(({ reason }) => reason.split(': ').slice(0, 3).join(': ')), last: last && shown(last)
    }
  },
  queue: ({ worker }) => worker.queueStats(),
  redrive: async ({ worker }, key) => ({ jobs: await worker.redrive(key === true ? undefined : key) }),
  purge: async ({ worker }, key) => ({ jobs: await worker.purge(key === true ? undefined : key) })
}

/** The worker of a scenario; none when it wants none. */
export function workerOf (wish, client, { url }, directory) {
  if (!wish) return undefined
  const { publish_to: place = '/cdn/{id}', max_input_bytes: maxInputBytes, headers, ...options } = wish
  return client.previews({
    queue: join(directory, 'previews.db'), spool: join(directory, 'spool'), publishTo: url + place, concurrency: 1,
    allowPrivate: true, webhookSecrets: [SECRETS.good, SECRETS.old], limits: { maxInputBytes }, headers,
    ...camelCased(options)
  })
}

/** The header for a body that was signed with this secret. */
export function signed (body, secret = SECRETS.good) {
  return { 'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('base64')}` }
}

/** A body with its headers. */
export function webhook (stage, { event = 'webchat:attachment', signature = 'good', body, ...wish }) {
  const bytes = Buffer.from(body ?? JSON.stringify({ event, data: dataOf(stage, wish) }))
  return [bytes, signature === 'none' ? {} : signed(bytes, SECRETS[signature])]
}

/** An attachment as a webhook names it. */
export function dataOf ({ simulator }, { attachment = ATTACHMENT, data = {}, without }) {
  const attachmentUrl = `${simulator.url}/hosted/${attachment}`
  const all = { conversationId: 'conversation-1', attachmentUrl, fileName: attachment, mimeType: 'image/png', ...data }
  delete all[without]
  return all
}

function shown ({ conversation, fileName, message, linkedBefore, format, width, height, sourceBytes }) {
  return {
    conversation, file_name: fileName, message, linked_before: linkedBefore, format, width, height,
    source_bytes: sourceBytes
  }
}
