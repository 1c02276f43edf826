// The program that a media child is: the executable of the host, this file, and the native part alone.
'use strict'

require(process.argv[2]).beMediaChild()
