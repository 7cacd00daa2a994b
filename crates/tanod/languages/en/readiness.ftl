# Whether every part works.

readiness-title = Readiness
readiness-ready = Uploads are judged: lists are loaded and fresh, the canary is found, the decoder and the database answer.
readiness-not = Uploads are not judged now:
readiness-parts = Every part
readiness-part = Part
readiness-stands = Stands
readiness-says = What was found
readiness-good = good
readiness-bad = bad
readiness-look = Try every part now
readiness-again = Try every part again
readiness-words = It reads the whole ledger, and writes, reads and deletes one object. On the machine tanod doctor says the same.
