// Checked by `tsc --strict` and never run: what the typings allow, and what they refuse.

import { createReadStream } from 'node:fs'
import type { IncomingMessage } from 'node:http'

import {
  Client, Guest, inspect, inspectSync, PorteurError, preview, PreviewWorker, previewSync, Session, sha256Chunks, sha256ChunksSync,
  transform, transformMany, transformSync, verifyAudit, verifyAuditSync,
  type Attachment, type AttachmentEvent, type AuditOptions, type AuditReport, type ChunkDigests, type ClientOptions, type DeadLetter, type DeliveryOptions,
  type ErrorCode, type HistoryMessage, type ImageInfo, type MediaLimits, type MediaSource, type MessageOptions, type OutgoingMessage, type PreviewOutcome, type PreviewsOptions, type PreviewStats, type Progress, type QueueStats, type Receipt,
  type SendOutcome, type SentMessage, type SessionEvent, type Submitted, type TransferOptions, type TransferOutcome, type TransformManyOptions, type TransformOptions, type TransformOutcome, type Transformed,
  type UploadedFile, type WebhookAnswer, type WebhookHeaders
} from '../../bindings-node/index.js'
import { messages, Simulator, type Fault } from '../../bindings-node/testing.js'

const options: ClientOptions = { pace: { attempts: 6, perMinute: 600 }, timeouts: { callMs: 1000, pingMs: 500, callbackMs: 500, downloadMs: 500, downloadStallMs: 500, publishMs: 500 }, limits: { maxChunkBytes: 1, maxBandwidthKbps: 256, codecs: ['opus'], maxFps: 60 } }
const client = new Client({ clientId: 'id', clientSecret: 'secret', scopes: ['files:upload'], ...options })
const other: Client = Client.fromEnv({ environment: 'eu-west-1' })

export async function everySourceIsAllowed (signal: AbortSignal): Promise<UploadedFile[]> {
  const sized = { name: 'notes.txt', size: 3 }
  async function * pieces () { yield new Uint8Array(3) }
  return await Promise.all([
    client.upload('notes.txt'), client.upload(new URL('file:///notes.txt'), { signal }),
    client.upload(Buffer.from('abc'), { name: 'notes.txt', onProgress: ({ sent, total }: Progress) => console.log(sent / total) }),
    client.upload(new Uint8Array(3), { name: 'notes.txt', contentType: 'text/plain', concurrency: 2, journal: 'notes.journal' }),
    client.upload(createReadStream('notes.txt'), sized), client.upload(new Blob(['abc']).stream(), sized),
    client.upload(pieces(), sized), client.upload([new Uint8Array(3)], sized)
  ])
}

export async function aMessageTakesFilesAndWhatNamesThem (file: UploadedFile): Promise<string> {
  const guest = await client.guest('en-US', { metadata: { source: 'invoices' } })
  const again = new Guest(guest.id, guest.token)
  const attachments = [file, { id: 'file-1', name: 'notes.txt' }]
  const { id } = await client.sendAsGuest(again, { to: ['+15550100'], text: 'hello', attachments, sendAs: 'client' })
  return id + JSON.stringify(again.toJSON().id)
}

export async function everyAttachmentIsAllowed (file: UploadedFile, signal: AbortSignal): Promise<SentMessage> {
  const attachments: Array<UploadedFile | Attachment> = [
    file, { filename: 'a.txt', data: Buffer.from('abc'), contentType: 'text/plain' },
    { filename: 'b.txt', url: 'https://example.com/b.txt' }, { filename: 'c.txt', fileId: file.id }
  ]
  interface Order { id: number, lines: string[] }
  const json: Order = { id: 5, lines: [] }
  const message: MessageOptions = { json, sender: 'agent@example.com', to: ['customer@example.com'], attachments }
  const unchecked: MessageOptions = { ...message, clientId: 'mine', check: false, allowUnlistedSender: true }
  return await client.send('conversation-1', { ...unchecked, signal })
}

export async function outcomesAreToldApartByTheirStatus (many: OutgoingMessage[]): Promise<string[]> {
  const outcomes: SendOutcome[] = await client.sendMany(many, { concurrency: 4 })
  return outcomes.map((outcome) => outcome.status === 'fulfilled' ? outcome.value.id : outcome.reason.code)
}

export async function aDeliveryIsAwaited (sent: SentMessage, signal: AbortSignal): Promise<number | undefined> {
  const patience: DeliveryOptions = { withinMs: 60_000, intervalMs: 500, backoff: 1.5, slaMs: 10_000, signal }
  const receipt: Receipt = await client.awaitDelivery(sent, patience)
  const { created, sla } = await client.awaitDelivery({ conversation: 'conversation-1', id: 'sent-1' })
  return sla?.violated ? receipt.delivered.getTime() - created.getTime() : receipt.elapsedMs
}

export async function aHistoryIsReadInALoop (signal: AbortSignal): Promise<HistoryMessage[]> {
  const read: HistoryMessage[] = []
  for await (const message of client.history('conversation-1', { pageSize: 50, pageToken: 'token', signal })) {
    const { created, content }: { created?: Date, content: unknown } = message
    if (created && typeof content === 'string') read.push(message)
  }
  return read
}

export async function aSessionCarriesManyTransfers (signal: AbortSignal): Promise<TransferOutcome[]> {
  const session: Session = await client.connect({ signal })
  const wish: TransferOptions = {
    media: [
      { audio: { codec: 'opus', bandwidthKbps: 64, bitDepth: 24 }, video: { codec: 'vp8', resolution: '1280x720', fps: 30 } },
      { audio: { codec: 'pcmu', bandwidthKbps: 64 } }
    ],
    frameTimeoutMs: 5000,
    withinMs: 20_000,
    check: false
  }
  const callback = { url: 'https://example.com/hook', method: 'PUT' } as const
  const outcomes = await Promise.all([
    session.transfer('interaction-1', 'genesys://user/agent-9'),
    session.transfer('interaction-2', 'genesys://user/agent-9', { ...wish, id: 'mine', callback, signal }),
    client.transfer('interaction-3', 'genesys://user/agent-9', { callback: 'https://example.com/hook' })
  ])
  const many = await session.transferMany([{ interaction: 'interaction-4', destination: 'genesys://queue/1', ...wish }], { concurrency: 8, signal })
  for (const one of many) console.log(one.status === 'fulfilled' ? one.value.codec : one.reason.code)
  const failed: PorteurError | undefined = outcomes[0].callbackError
  console.log(failed?.code, outcomes[0].latencyMs.toFixed())
  session[Symbol.dispose]()
  await session[Symbol.asyncDispose]()
  await session.close()
  return outcomes
}

export async function eventsAreToldApartByTheirKind (session: Session, signal: AbortSignal): Promise<unknown[]> {
  const seen: unknown[] = []
  for await (const event of session.events({ signal })) {
    const { kind }: SessionEvent = event
    if (event.kind === 'disconnected') seen.push(event.code?.toFixed(), event.reason)
    else if (event.kind === 'frame') seen.push(event.frame)
    else seen.push(kind)
  }
  return seen
}

export async function anAuditLogIsKeptAndVerified (signal: AbortSignal): Promise<AuditReport> {
  const kept: AuditOptions = { file: 'audit.log', secret: 'secret', sync: 'entry' }
  const audit: AuditOptions = { ...kept, endpoint: 'https://example.com', whenFull: 'fail', everyMs: 1 }
  const keeping = new Client({ clientId: 'id', clientSecret: 'secret', audit, timeouts: { auditMs: 1000 }, transferCallback: 'https://example.com' })
  const { log, sequence }: { log: string, sequence: number } = await keeping.record('note', { by: 'me' }, { signal })
  await keeping.flushAudit({ signal })
  const closed: Promise<void> = keeping.close()
  await closed
  const [finding] = verifyAuditSync('audit.log', 'secret').findings
  if (finding?.kind === 'cut_off') console.log(log, sequence, finding.line)
  return await verifyAudit('audit.log', 'secret', { signal })
}

export async function digests (signal: AbortSignal): Promise<ChunkDigests> {
  const { whole }: { whole?: string } = sha256ChunksSync(new Uint8Array(3), { chunkSize: 2, threads: 1 })
  console.log(whole)
  return await sha256Chunks('notes.txt', { chunkSize: 2, whole: true, signal })
}

export async function everySourceIsAPicture (signal: AbortSignal): Promise<Transformed[]> {
  const limits: MediaLimits = { maxSide: 9000, isolation: 'everything', maxChildCpuMs: 1000 }
  async function * pieces () { yield new Uint8Array(3) }
  const sources: MediaSource[] = [
    'a.png', new URL('file:///a.png'), new Uint8Array(3), Buffer.from('abc'), createReadStream('a.png'),
    new Blob(['abc']), new Blob(['abc']).stream(), pieces(), [new Uint8Array(3)]
  ]
  const info: ImageInfo = await inspect('a.png', { limits, signal })
  const pages: number | undefined = info.pdfPages ?? inspectSync(new Uint8Array(3), { limits }).pdfPages
  const wish: TransformOptions = { cover: { width: 10, height: 10 }, crop: 'top-left', background: [255, 255, 255], limits }
  const small: Buffer | undefined = transformSync(new Uint8Array(3), { ...wish, thumbnail: 200 }).thumbnail?.bytes
  console.log(pages, small, previewSync(new Uint8Array(3), { page: 2, dpi: 150 }).timings.decodeMs)
  await preview('a.pdf', { maxWidth: 10, effort: 'fast', signal })
  return await Promise.all(sources.map((source) => transform(source, { ...wish, format: 'webp', signal })))
}

export async function picturesAreToldApartByTheirStatus (paths: Iterable<string>, signal: AbortSignal): Promise<Buffer[]> {
  const made: Buffer[] = []
  const options: TransformManyOptions = { maxWidth: 300, threads: 2, signal }
  for await (const outcome of transformMany(paths, options)) {
    const { status }: TransformOutcome = outcome
    if (outcome.status === 'fulfilled') made.push(outcome.value.bytes)
    else console.log(status, outcome.reason.details.kind)
  }
  async function * streams () { for (const path of paths) yield createReadStream(path) }
  for await (const { status } of transformMany(streams())) console.log(status)
  return made
}

export function anErrorIsToldApartByItsCode (error: unknown): number | undefined {
  if (!(error instanceof PorteurError)) throw error
  const known: ErrorCode = 'rate_limited'
  return error.code === known ? error.retryAfterMs : error.status
}

export async function theSimulatorBringsItsClient (): Promise<void> {
  const fault: Fault = { on: 'PUT /storage', status: 429, retry_after: 2 }
  const simulator = new Simulator({ chunk_size: 8, faults: [fault] })
  const simulated: Client = simulator.client({ pace: { attempts: 1 } })
  await simulated[Symbol.asyncDispose]()
  const bytes: Buffer | null = simulator.file('file-1')
  console.log(bytes, simulator.journal[0]?.status, simulator.sleptMs[0]?.toFixed(), simulator.state.files.length)
  for (const message of [...messages(42, 2), ...messages(42n, 2)]) await simulated.send('conversation-1', message)
  simulator[Symbol.dispose]()
  await other.close()
}

export function theseAreRefused (): void {
  // @ts-expect-error: credentials are required
  new Client({ environment: 'eu-west-1' }) // eslint-disable-line no-new
  // @ts-expect-error: a source is no number
  void client.upload(5)
  // @ts-expect-error: recipients are required
  void client.sendAsGuest(new Guest('id', 'token'), { text: 'hello' })
  // @ts-expect-error: there are two answers to whose token it is
  void client.sendAsGuest(new Guest('id', 'token'), { to: ['+15550100'], sendAs: 'me' })
  // @ts-expect-error: a sender is required
  void client.send('conversation-1', { text: 'hello', to: ['customer@example.com'] })
  // @ts-expect-error: JSON is an object or an array
  void client.send('conversation-1', { json: 'hello', sender: 'agent@example.com', to: ['customer@example.com'] })
  // @ts-expect-error: each of many messages has its conversation
  void client.sendMany([{ text: 'hello', sender: 'agent@example.com', to: ['customer@example.com'] }])
  // @ts-expect-error: an id alone does not say where the message is
  void client.awaitDelivery('sent-1')
  // @ts-expect-error: a log is kept with a secret
  new Client({ clientId: 'id', clientSecret: 'secret', audit: { file: 'audit.log' } }) // eslint-disable-line no-new
  // @ts-expect-error: a full log waits or fails
  const full: AuditOptions = { file: 'audit.log', secret: 'secret', whenFull: 'drop' }
  console.log(full)
  // @ts-expect-error: a destination is required
  void client.transfer('interaction-1')
  // @ts-expect-error: media have something to be heard
  void client.transfer('interaction-1', 'genesys://user/agent-9', { media: [{ video: { codec: 'vp8', resolution: '1x1', fps: 1 } }] })
  // @ts-expect-error: nobody is told by GET
  void client.transfer('interaction-1', 'genesys://user/agent-9', { callback: { url: 'https://example.com', method: 'GET' } })
  // @ts-expect-error: a directive says how large
  void client.transformAttachment({ attachmentId: 'a', targetFormat: 'jpeg' })
  // @ts-expect-error: an attachment becomes no GIF
  void client.transformAttachment({ attachmentId: 'a', targetFormat: 'gif', maxWidth: 2, maxHeight: 2 })
  // @ts-expect-error: a GIF cannot be made
  void transform('a.png', { format: 'gif' })
  // @ts-expect-error: a box has two sides
  void transform('a.png', { cover: { width: 10 } })
  // @ts-expect-error: a colour has three parts
  void preview('a.png', { background: [0, 0] })
  // @ts-expect-error: the twins take bytes alone
  transformSync('a.png')
  // @ts-expect-error: one source is not many
  transformMany(5)
  // @ts-expect-error: a chunk size is required
  void sha256Chunks('notes.txt')
  // @ts-expect-error: a fault has its members in snake_case
  new Simulator({ faults: [{ on: '* /', retryAfter: 2 }] }) // eslint-disable-line no-new
}

export async function aWorkerTakesWebhooksAndMakesPreviews (request: IncomingMessage, body: Buffer, signal: AbortSignal): Promise<number> {
  const options: PreviewsOptions = { publishTo: async (id) => `https://cdn.example.com/${id}`, webhookSecrets: ['secret'], maxWidth: 200 }
  await using worker: PreviewWorker = client.previews({ ...options, queue: 'previews.db', graceMs: 1000 })
  client.previews({ store: 's3://previews', storeOptions: { aws_region: 'eu-west-1' }, publicUrl: 'https://cdn.example.com/{id}' })
  // @ts-expect-error: a URL is a string.
  client.previews({ publishTo: () => 5 })
  const headers: WebhookHeaders[] = [request.headers, new Headers(), [['a', 'b']], new Map([['a', 'b']])]
  const taken: Submitted = await worker.submit(body, headers[0]!, { signal })
  const answer: WebhookAnswer = await worker.answer(new Uint8Array(body), headers[1]!)
  // @ts-expect-error: the raw body, and not its text.
  await worker.submit('{}', {})
  const event: AttachmentEvent = { conversationId: 'c', attachmentUrl: 'https://files.example.com/a.png', mimeType: 'image/png' }
  const outcome: PreviewOutcome = await worker.handle(event, { attempt: 2, signal })
  await Promise.all([worker.run({ signal }), worker.drain(), worker.stop()])
  const stats: PreviewStats = worker.stats()
  const queue: QueueStats = await worker.queueStats()
  const letters: DeadLetter[] = await worker.deadLetters({ after: 5, most: 10 })
  const jobs: number = await worker.redrive(letters[0]?.key) + await worker.purge()
  return jobs + stats.made + queue.waiting + outcome.bytes.length + answer.status + (taken.status === 'queued' ? 1 : 0)
}
