// One contender of media.py in Node: `node media_worker.mjs NAME`, with the questions and answers of media_worker.py.

import { readFileSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'

const contenders = {
  'porteur-node': byPorteur,
  sharp: bySharp,
  'napi-image': byNapiImage,
}

async function byPorteur() {
  const { preview, transform, transformMany } = await import(
    process.env.PORTEUR_NODE ?? new URL('../../bindings-node/index.js', import.meta.url).href
  )
  const options = ({ box, format, quality, thumbnail }) => ({
    ...(box && { maxWidth: box[0], maxHeight: box[1] }),
    ...(thumbnail && { thumbnail, thumbnailQuality: THUMBNAIL_QUALITY }),
    format,
    quality,
  })
  return {
    async work(source, job) {
      if (job.page) {
        const page = await preview(source, { maxWidth: job.box[0], maxHeight: job.box[1], quality: job.quality })
        return [page.bytes]
      }
      const made = await transform(source, options(job))
      return made.thumbnail ? [made.bytes, made.thumbnail.bytes] : [made.bytes]
    },
    async batch(files, job, cores) {
      for await (const made of transformMany(files, { ...options(job), threads: cores })) {
        if (made.status === 'rejected') throw made.reason
      }
    },
  }
}

async function bySharp() {
  const { default: sharp } = await import('sharp')
  // One thread a picture, and no cache: the same picture again and again is no server's life.
  sharp.concurrency(1)
  sharp.cache(false)
  return {
    async work(source, { box, format, quality, thumbnail }) {
      let picture = sharp(source).autoOrient()
      if (box) picture = picture.resize(box[0], box[1], { fit: 'inside', withoutEnlargement: true })
      if (!thumbnail) return [await picture.toFormat(format, { quality }).toBuffer()]
      const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true })
      const made = () => sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } })
      const small = made().resize(thumbnail, thumbnail, { fit: 'inside' })
      return [
        await made().toFormat(format, { quality }).toBuffer(),
        await small.toFormat(format, { quality: THUMBNAIL_QUALITY }).toBuffer(),
      ]
    },
  }
}

async function byNapiImage() {
  const { ResizeFilterType, ResizeFit, Transformer } = await import('@napi-rs/image')
  const filter = ResizeFilterType.Lanczos3
  return {
    async work(source, { box, format, quality, thumbnail }) {
      const picture = new Transformer(source).rotate()
      if (box) picture.resize(box[0], box[1], filter, ResizeFit.Inside)
      const made = await picture[format](quality)
      if (!thumbnail) return [made]
      // It has no way back to the pixels but through the picture it made.
      const small = new Transformer(made).resize(thumbnail, thumbnail, filter, ResizeFit.Inside)
      return [made, await small[format](THUMBNAIL_QUALITY)]
    },
  }
}

async function repeat({ work }, { file, job, seconds, out }) {
  const source = (sources[file] ??= readFileSync(file))
  const wall = []
  const until = performance.now() + seconds * 1000
  let made
  do {
    const started = performance.now()
    made = await work(source, job)
    wall.push((performance.now() - started) / 1000)
  } while (performance.now() < until)
  if (out) made.forEach((bytes, number) => writeFileSync(`${out}.${number}`, bytes))
  // Nobody here starts processes that end before they are counted.
  return { wall, reaped: 0, bytes: made.map((bytes) => bytes.length) }
}

async function batch({ work, batch }, { batch: files, job, cores }) {
  const started = performance.now()
  await (batch ?? inFlight(work))(files, job, cores)
  return { seconds: (performance.now() - started) / 1000 }
}

/** Two files a core at a time, so that nobody waits for a file to be read. */
function inFlight(work) {
  return async (files, job, cores) => {
    const left = files.values()
    const lane = async () => {
      for (const file of left) await work(await readFile(file), job)
    }
    await Promise.all(Array.from({ length: 2 * cores }, lane))
  }
}

const THUMBNAIL_QUALITY = 75
const sources = {}
const contender = await contenders[process.argv[2]]()
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  const answer = request.batch ? batch(contender, request) : repeat(contender, request)
  console.log(JSON.stringify(await answer.catch((error) => ({ error: String(error) }))))
}
