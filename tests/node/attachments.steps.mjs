// The steps of scenarios about attachments; what they say is in tests/README.md.

export const verbs = {
  async attachment ({ client }, id) {
    const { contentType, ...info } = await client.attachment(id)
    return { ...info, content_type: contentType }
  },
  async transform_attachment ({ client }, directive) {
    const done = await client.transformAttachment(directive)
    return {
      ...done,
      source_id: done.sourceId,
      thumbnail_id: done.thumbnailId,
      original_size: done.originalSize,
      callback_error: done.callbackError?.code
    }
  },
  async transform_attachments ({ client }, { directives, concurrency }) {
    const outcomes = await client.transformAttachments(directives, { concurrency })
    return { names: outcomes.map(({ value, reason }) => value ? value.name : `error:${reason.code}`) }
  }
}
