// Checked by `tsc --strict` and never run: what the typings allow, and what they refuse.

import { createReadStream } from 'node:fs'

import {
  Client, Guest, PorteurError, sha256Chunks, sha256ChunksSync,
  type ChunkDigests, type ClientOptions, type ErrorCode, type Progress, type UploadedFile
} from '../../bindings-node/index.js'
import { Simulator, type Fault } from '../../bindings-node/testing.js'

const options: ClientOptions = { pace: { attempts: 6, perMinute: 600 }, timeouts: { callMs: 1000 }, limits: { maxChunkBytes: 1 } }
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

export async function digests (signal: AbortSignal): Promise<ChunkDigests> {
  const { whole }: { whole?: string } = sha256ChunksSync(new Uint8Array(3), { chunkSize: 2, threads: 1 })
  console.log(whole)
  return await sha256Chunks('notes.txt', { chunkSize: 2, whole: true, signal })
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
  simulator[Symbol.dispose]()
  other.close()
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
  // @ts-expect-error: a chunk size is required
  void sha256Chunks('notes.txt')
  // @ts-expect-error: a fault has its members in snake_case
  new Simulator({ faults: [{ on: '* /', retryAfter: 2 }] }) // eslint-disable-line no-new
}
