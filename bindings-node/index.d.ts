// The names of `porteur`. `native.d.ts` is generated from the native part; what JavaScript adds to it is here.

import type {
  ErrorFacts, MessageOptions, SentMessage, TransferOptions, TransferOutcome, Transformed, TransformedAttachment,
  TransformOptions
} from './native'

export {
  Client, Guest, inspect, inspectSync, preview, PreviewWorker, previewSync, Session, sha256Chunks, sha256ChunksSync,
  transform, transformMany, transformSync, verifyAudit, verifyAuditSync
} from './native'
export type {
  Attachment, AttachmentInfo, AttachmentTimes, Audio, AuditFinding, AuditOptions, AuditReceipt, AuditReport,
  CallbackOptions, CallOptions, ChunkDigests, ClientOptions, DeadLetter, DeadLetterOptions, DeliveryOptions,
  ErrorFacts, FileReference, GuestMessageOptions, GuestOptions, HandleOptions, HashOptions, HistoryMessage,
  HistoryOptions, ImageInfo, InspectOptions, Limits, ManyOptions, MediaLimits, MediaMatrix, MessageOptions,
  MessageReference, Pace, PixelSize, PreviewOptions, PreviewOutcome, PreviewsOptions, PreviewStats, PreviewTimes,
  Progress, QueueStats, Receipt, SentGuestMessage, SentMessage, Sla, StageTimes, Submitted, Thumbnail, Timeouts,
  TransferOptions, TransferOutcome, Transformed, TransformedAttachment, TransformOptions, UploadedFile,
  UploadOptions, Video, WebhookAnswer
} from './native'

/** A picture: a path or `file:` URL, bytes, or something that gives bytes piece by piece. */
export type MediaSource =
  | string | URL | Uint8Array | Blob | NodeJS.ReadableStream | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>

/** How many pictures are to be changed, all in the same way. */
export interface TransformManyOptions extends TransformOptions {
  /** How many threads work. Default: one for each core. */
  threads?: number
}

/** What became of one of several pictures, as `Promise.allSettled` has it. */
export type TransformOutcome =
  | { status: 'fulfilled', value: Transformed } | { status: 'rejected', reason: PorteurError }

/** One of several messages: its conversation beside the options of `send`. */
export interface OutgoingMessage extends Omit<MessageOptions, 'signal'> {
  conversation: string
}

/** What became of one of several messages, as `Promise.allSettled` has it. */
export type SendOutcome = { status: 'fulfilled', value: SentMessage } | { status: 'rejected', reason: PorteurError }

/** One of several transfers: the interaction and where it goes beside the options of `transfer`. */
export interface OutgoingTransfer extends Omit<TransferOptions, 'signal'> {
  interaction: string
  destination: string
}

/** What became of one of several transfers, as `Promise.allSettled` has it. */
export type SettledTransfer =
  { status: 'fulfilled', value: TransferOutcome } | { status: 'rejected', reason: PorteurError }

/** What is to become of an attachment: the directive as the platform's tutorial writes it. */
export interface AttachmentDirective {
  /** The platform's id of the attachment. */
  attachmentId: string
  /** What the new one is encoded as, with quality 85 where the format loses some. */
  targetFormat: 'jpeg' | 'png' | 'webp'
  /** 1 to 4096 px; even where the aspect ratio is kept. */
  maxWidth: number
  /** 1 to 4096 px; even where the aspect ratio is kept. */
  maxHeight: number
  /** Whether it keeps its shape, as large as fits; else it is stretched to exactly this size. Default `true`. */
  preserveAspectRatio?: boolean
  /** Whether a thumbnail is made of the result, a JPEG of quality 75. Default `false`. */
  generateThumbnail?: boolean
  /** 1 px to `maxWidth`. Looked at when a thumbnail is made. */
  thumbnailMaxWidth?: number
  /** Whether a picture that is smaller may be made larger. Default `false`. */
  enlarge?: boolean
}

/** What became of one of several attachments, as `Promise.allSettled` has it. */
export type SettledAttachment =
  { status: 'fulfilled', value: TransformedAttachment } | { status: 'rejected', reason: PorteurError }

/** Something that happened on a session; there may be other kinds in a later version. */
export type SessionEvent =
  /** The socket was opened anew after it was lost. */
  | { kind: 'reconnected' }
  /**
   * The socket ended, and is opened again. The code is the platform's, or the one it was told when it broke the
   * protocol; there is none when the connection was lost without a word.
   */
  | { kind: 'disconnected', code?: number, reason: string }
  /** The socket could not be opened again; the next transfer tries once more. */
  | { kind: 'failed', reason: string }
  /** A frame of the platform, of at most 16 KiB, that no transfer waits for. */
  | { kind: 'frame', frame: unknown }
  /** So many events were missed, since nobody took them for too long. */
  | { kind: 'missed', count: number }
  /** The session was closed, and there is nothing to come. */
  | { kind: 'closed' }

/** All headers of a webhook: a `Headers`, the `headers` of an `IncomingMessage`, or pairs. */
export type WebhookHeaders =
  | Headers | Readonly<Record<string, string | string[] | undefined>> | Iterable<readonly [string, string]>

/** What a webhook says in its `data`: a file that a guest attached. */
export interface AttachmentEvent {
  conversationId: string
  attachmentUrl: string
  fileName?: string
  mimeType: string
}

/** What went wrong, by what the caller can do about it; there may be more in a later version. */
export type ErrorCode =
  | 'invalid_input' | 'unauthenticated' | 'permission_denied' | 'not_found' | 'not_available' | 'too_large'
  | 'rate_limited' | 'unavailable' | 'api' | 'network' | 'protocol' | 'checksum_mismatch' | 'source_changed'
  | 'unsafe_target' | 'expired' | 'unconfirmed' | 'unfinished' | 'delivery_failed' | 'delivery_timeout' | 'interaction_not_active'
  | 'transfer_rejected' | 'transfer_timeout' | 'media' | 'queue' | 'webhook_rejected' | 'file' | 'cancelled'

/** Every failure that is porteur's own. An aborted call rejects with the reason of its signal instead. */
export class PorteurError extends Error {
  constructor (facts: ErrorFacts)
  readonly name: 'PorteurError'
  /** What went wrong, as in `rate_limited`. */
  readonly code: ErrorCode | (string & {})
  /** Whether the same call may succeed when it is made again. */
  readonly retryable: boolean
  /** How long to wait before that, when known. */
  readonly retryAfterMs: number | undefined
  /** HTTP status, when the platform answered. */
  readonly status: number | undefined
  /** The id to give to the platform's support. */
  readonly requestId: string | undefined
  /**
   * What else is known, by names of the core: field, reason, hint, what, id, attempts, kind, endpoint, platform_code,
   * chunks, path, errno, client_id, cause, message_id, conversation, status, waited_seconds, elapsed_seconds,
   * sla_seconds, sla_violation, interaction, state, sent, format, attachment, stage, uploaded, uncertain.
   */
  readonly details: Readonly<Record<string, string>>
  /** With `invalid_input`: the argument, option or environment variable that was refused, as in `contentType`. */
  readonly field: string | undefined
}

declare module './native' {
  interface Client {
    /** `close()`, for `using`, which does not wait until the audit log is posted. */
    [Symbol.dispose] (): void
    /** `close()`, for `await using`. */
    [Symbol.asyncDispose] (): Promise<void>
  }
  interface Session {
    /** `close()`, for `using`, which does not wait until the platform has agreed. */
    [Symbol.dispose] (): void
    /** `close()`, for `await using`. */
    [Symbol.asyncDispose] (): Promise<void>
  }
  interface PreviewWorker {
    /** `stop()`, for `await using`. */
    [Symbol.asyncDispose] (): Promise<void>
  }
  interface Guest {
    /** The id alone: the token is as good as a password. */
    toJSON (): { id: string }
  }
}
