// The steps of scenarios about sessions and transfers; what they say is in tests/README.md.

import { camelCased } from './messages.steps.mjs'

/** The simulator's own interaction, and where it goes. */
const INTERACTION = 'interaction-1'
const DESTINATION = 'genesys://user/agent-9'

export const verbs = {
  async connect (stage) {
    stage.session = await stage.client.connect()
    stage.events = stage.session.events()
  },
  async transfer (stage, wish) {
    const { callbackError, ...outcome } = await transfer(stage, stage.session ?? stage.client, wish)
    return { ...outcome, callback_error: callbackError?.code }
  },
  async transfer_many (stage, { transfers, concurrency }) {
    const outcomes = await stage.session.transferMany(transfers.map((wish) => outgoing(stage, wish)), { concurrency })
    return { codecs: outcomes.map(({ value, reason }) => value ? value.codec : `error:${reason.code}`) }
  },
  async events ({ events }, count) {
    const seen = []
    while (seen.length < count) {
      const { value, done } = await events.next()
      if (done) break
      seen.push(word(value))
    }
    return { events: seen }
  },
  close_session: ({ session }) => session.close()
}

function transfer (stage, through, wish) {
  const { interaction, destination, ...options } = outgoing(stage, wish)
  return through.transfer(interaction, destination, options)
}

/** A transfer of a scenario as `transferMany` takes it. */
function outgoing (stage, { interaction = INTERACTION, destination = DESTINATION, media, callback, ...options }) {
  const more = { media: media?.map(mediumOf), callback: callback && callbackOf(stage, callback) }
  return { interaction, destination, ...camelCased(options), ...more }
}

function mediumOf ({ audio, video }) {
  return { audio: camelCased(audio), video }
}

export function callbackOf ({ simulator }, { path, url = simulator.url + path, method }) {
  return { url, method }
}

/** An event as scenarios write it. */
function word ({ kind, code, frame, count }) {
  const more = code ?? count ?? (kind === 'frame' ? JSON.stringify(frame) : undefined)
  return more === undefined ? kind : `${kind} ${more}`
}
