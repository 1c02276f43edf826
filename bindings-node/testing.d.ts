// The names of `porteur/testing`.

import type { Client, ClientOptions, MessageOptions } from './index'

/** What the platform is like; see `SimulatorSettings` of the core for members and defaults. The same JSON everywhere. */
export interface SimulatorSettings {
  port?: number
  clock?: 'simulated' | 'system'
  chunk_size?: number
  max_chunks?: number
  max_total_size?: number
  multipart?: boolean
  aws_signed?: boolean
  url_life_s?: number
  token_life_s?: number
  client_id?: string
  client_secret?: string
  scopes?: string[]
  store_status?: 200 | 201 | 204 | 206 | 308
  keep_bytes?: boolean
  attachments?: AttachmentFileSettings[]
  conversations?: ConversationSettings[]
  deliveries?: DeliverySettings[]
  interactions?: InteractionSettings[]
  codecs?: string[]
  tells_transfers?: boolean
  page_size?: number
  audit_secret?: string
  faults?: Fault[]
}

/** An attachment that somebody sent; see `AttachmentFileSettings` of the core. */
export interface AttachmentFileSettings {
  id?: string
  name?: string
  content_type?: string
  status?: string | null
  width?: number
  height?: number
  base64?: string
  path?: string
  size?: number
  metadata?: Record<string, string>
  redirect?: string
  redirect_status?: number
  chunked?: boolean
  breaks_off?: number
}

/** A conversation that is there when the platform starts; see `ConversationSettings` of the core. */
export interface ConversationSettings {
  id: string
  channel?: string
  participants?: Array<{ id: string, role?: string }>
  history?: number
}

/** What becomes of a message; see `DeliverySettings` of the core. */
export interface DeliverySettings {
  outcome?: 'delivered' | 'read' | 'failed' | 'never'
  after_polls?: number
  after_ms?: number | null
}

/** An interaction that is there when the platform starts; see `InteractionSettings` of the core. */
export interface InteractionSettings {
  id?: string
  state?: 'active' | 'queued' | 'completed' | 'abandoned'
}

/** One thing that goes wrong: when (`on`, `nth`, `times`), and exactly one effect; see `Fault` of the core. */
export interface Fault {
  on: string
  nth?: number
  times?: number
  status?: number
  retry_after?: number
  retry_after_date?: number
  headers?: Record<string, string>
  body?: unknown
  text?: string
  drop?: 'before' | 'during' | 'after'
  slow_ms?: number
  stall_ms?: number
  flip_bit?: boolean
  store_bytes?: number
  expire_url?: boolean
  expire_token?: boolean
  edit?: unknown
  reply?: Record<string, unknown>
  close?: number
  mute_ms?: number
  hold_back?: number
  noise?: unknown[]
  raw?: string
}

/** One request the platform saw. `status` is `null` while it is open. */
export interface JournalEntry {
  number: number
  method: string
  path: string
  status: number | 'dropped' | null
  headers: Record<string, string>
  body_bytes: number
  at_ms: number
}

/** What the platform holds; see `SimulatorState` of the core. */
export interface SimulatorState {
  files: Array<Record<string, unknown>>
  guests: Array<Record<string, unknown>>
  messages: Array<Record<string, unknown>>
  uploads: Array<Record<string, unknown>>
  attachments: Array<Record<string, unknown>>
  conversations: Array<Record<string, unknown>>
  interactions: Array<Record<string, unknown>>
  frames: Array<Record<string, unknown>>
  callbacks: Array<Record<string, unknown>>
  audit: Array<Record<string, unknown>>
  tokens_issued: number
  token_requests: number
}

/**
 * The first `count` messages of `seed`, a whole number below 2^64, each for `client.send(conversation, message)`; the
 * same in every language.
 */
export function messages (seed: number | bigint, count: number): MessageOptions[]

/** The platform on 127.0.0.1, with a clock on which waiting takes no time. */
export class Simulator {
  constructor (settings?: SimulatorSettings)
  /** The base URL for a client. */
  readonly url: string
  /** The client id that is accepted. */
  readonly clientId: string
  /** The client secret that is accepted. */
  readonly clientSecret: string
  /** The waits that were asked of the simulated clock, in order; with fractions. */
  readonly sleptMs: number[]
  /** What the platform was asked, in order of arrival. */
  readonly journal: JournalEntry[]
  /** Every breach of the contract by the client, as a sentence that names the request. */
  readonly violations: string[]
  /** What the platform holds. */
  readonly state: SimulatorState
  /** The content of the file with this id, where there is one and it is kept. */
  file (id: string): Buffer | null
  /** The content of the attachment with this id, where there is one and it is kept. */
  attachment (id: string): Buffer | null
  /** Adds a fault; it counts the requests from now on. */
  addFault (fault: Fault): void
  /** Moves the simulated clock on without anybody waiting, so that tokens and URLs grow old. */
  advance (byMs: number): void
  /** A client with the address, the credentials and the clock of this platform, and these settings over them. */
  client (options?: ClientOptions): Client
  /** Ends the platform: open connections end, and the port is free when this returns. */
  stop (): void
  /** `stop()`, for `using`. */
  [Symbol.dispose] (): void
}
