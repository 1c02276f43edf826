// Makes a smaller JPEG and a thumbnail of an attachment, and puts both beside it on the platform.
//
// GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_BASE_URL say where; `porteur simulate` prints all three.
//
//     node examples/node/attachment.mjs attachment-1

import { Client } from 'porteur'

const [attachmentId] = process.argv.slice(2)
if (!attachmentId) {
  console.error('usage: attachment.mjs ID')
  process.exit(1)
}

const client = Client.fromEnv()
try {
  const transformed = await client.transformAttachment({
    attachmentId,
    targetFormat: 'jpeg',
    maxWidth: 1920,
    maxHeight: 1080,
    generateThumbnail: true,
    thumbnailMaxWidth: 200
  })
  console.log(`${transformed.id} of ${transformed.width} x ${transformed.height} px, ${transformed.size} bytes`)
  console.log(`thumbnail: ${transformed.thumbnailId}`)
} catch (error) {
  if (error.code !== 'unfinished') throw error
  // What is there already is of no use as it is: whoever cleans up needs to know it.
  console.error(`left behind: ${error.details.uploaded}: ${error.message}`)
  process.exitCode = 1
} finally {
  await client.close()
}
