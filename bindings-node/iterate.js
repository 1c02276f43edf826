// What is asked for one at a time, as JavaScript reads it.
'use strict'

/** Asks for a value when one is wanted. `for await` ends the generator when it is left, and that ends the reading. */
async function * iterate (reading, signal) {
  try {
    for (let value; (value = await reading.next(signal)) !== null;) yield value
  } finally {
    reading.end?.()
  }
}

module.exports = { iterate }
