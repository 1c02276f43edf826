// Makes a JPEG for a screen and a thumbnail for a list of any picture.
//
//     node examples/node/transform.mjs photo.png

import { writeFile } from 'node:fs/promises'

import { transform } from 'porteur'

const [path] = process.argv.slice(2)
if (!path) {
  console.error('usage: transform.mjs PICTURE')
  process.exit(1)
}

try {
  // A file of more than 25 MiB is not even read.
  const out = await transform(path, { maxWidth: 1920, maxHeight: 1920, format: 'jpeg', thumbnail: 200 })
  console.log(`${out.source.width} x ${out.source.height} px of ${out.source.format}`)
  const { decodeMs, resizeMs, encodeMs, thumbnailMs } = out.timings
  await save('large', out, decodeMs + resizeMs + encodeMs)
  await save('small', out.thumbnail, thumbnailMs)
} catch (error) {
  if (error.code !== 'media') throw error
  console.error(`${path} cannot be shown: ${error.message}`)
  process.exitCode = 1
}

async function save (name, { bytes, width, height }, ms) {
  const file = path.replace(/(\.\w+)?$/, `.${name}.jpg`)
  await writeFile(file, bytes)
  console.log(`${file}: ${width} x ${height} px, ${bytes.length} bytes, ${ms.toFixed(1)} ms`)
}
