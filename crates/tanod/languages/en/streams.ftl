# The wall of streams, and the page of one.

streams-running = Only streams that run
streams-all = Also streams that are over
streams-none = No stream was told of that is to be shown here.
streams-order = Streams: those of urgent cases first, then the newest
streams-stream = Stream
streams-account = Account
streams-standing = State
streams-since = Since (UTC)
streams-until = Until (UTC)
streams-events = Events
streams-case = Case
streams-older = Older streams
streams-not-watched = The pictures of streams are not watched here: what is shown is what the platform and people tell.
streams-one = Stream { $stream }
streams-seen-at = Seen at
streams-took-part = People who took part
streams-sealed = Last sealed (UTC)
streams-not-sealed = Not sealed
streams-context = Who took part, and what was written
streams-act = Stop
streams-reason = Reason (the platform does not see it)
streams-stop = Stop this stream
streams-stop-order = Everybody who takes part is sealed first; then the platform is asked to stop it.
streams-resume = Let it go on
streams-over = It is over; there is nothing to stop.
streams-payers = Who paid
streams-payments = Payments
streams-amount = Altogether, in the smallest unit
streams-timeline = What happened, the latest first
streams-quiet = Nothing was reported, paid or found yet.
streams-when = When (UTC)
streams-what = What
streams-words = Words

stream-state-live = Runs
stream-state-ended = Over

stream-event-report = Reported
stream-event-payment = Paid
stream-event-classifier = A classifier
stream-cause-report = Put before a person: a report
stream-cause-rule = Put before a person: a rule
stream-cause-frames = Put before a person: frames that a list knows
stream-cause-stop = Put before a person: a stop

stream-stop-waiting = A stop is asked for, and waits until everybody is sealed.
stream-stop-sent = The platform is asked to stop it.
stream-stop-acknowledged = The platform has stopped it.
stream-stop-failed = The platform says that it was not stopped.
