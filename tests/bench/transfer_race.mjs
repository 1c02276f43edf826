// What Node's two contenders share: many transfers at a time over some sockets, timed.

/** Each line makes its share of the transfers, some at a time, and says how long each took. */
export async function race (connect) {
  const [transfers, sockets, inFlight] = process.argv.slice(2, 5).map(Number)
  const lines = []
  for (let number = 0; number < sockets; number++) lines.push(await connect())
  const started = performance.now()
  const worked = process.cpuUsage()
  const made = lines.map((line) => line.transferMany(Math.floor(transfers / sockets), Math.floor(inFlight / sockets)))
  const took = (await Promise.all(made)).flat()
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(worked)
  took.sort((one, other) => one - other)
  const at = (part) => took[Math.min(Math.floor(took.length * part / 100), took.length - 1)]
  const told = { seconds, cpu: (user + system) / 1e6, transfers: took.length, p50_ms: at(50), p99_ms: at(99) }
  console.log(JSON.stringify(told))
  await Promise.all(lines.map((line) => line.close()))
}
