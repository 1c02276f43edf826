// The messages of a conversation as JavaScript reads them.
'use strict'

/** Asks for a message when one is wanted; `for await` ends the generator when it is left. */
async function * iterate (reading, signal) {
  for (let message; (message = await reading.next(signal)) !== null;) yield message
}

module.exports = { iterate }
