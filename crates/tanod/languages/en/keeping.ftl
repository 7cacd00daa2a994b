# Holds, counsel and destruction: what is kept under which law until when.

keeping-of = Keeping of case { $number }
keeping-intro = What is kept, under which law and until when. No hold is ever shortened; what contradicts goes to counsel, and what every hold has let go is destroyed with a certificate.
keeping-waiting = Waits for a second person
keeping-nothing = Nothing.
keeping-none = None.
keeping-asked-by = Asked by { $who }, { $time } UTC:
keeping-counsel = With counsel
keeping-counsel-hint = Until two people have released what gives way, all of it stays (US-42, EV-20). Ask counsel which law prevails here, then ask for the release of the other hold below, with counsel's reason.
keeping-no-conflict = No bases contradict each other.
keeping-conflict-since = Since { $time } UTC; nothing of it goes meanwhile (EV-20)
keeping-requests = Requests to preserve, the next to end first
keeping-case = Case
keeping-asked = Asked by
keeping-law = Law
keeping-ends = Ends (UTC)
keeping-renewable = { $days ->
    [one] can be renewed by one day
   *[other] can be renewed by { $days } days
}
keeping-renew = { $days ->
    [one] Renew it by one day
   *[other] Renew it by { $days } days
}
keeping-reviews = Kept for longer, the next to be looked at again first
keeping-for = What for
keeping-owner = Who answers for it
keeping-review = Looked at again (UTC)
keeping-until = Until (UTC)
keeping-since = Since (UTC)
keeping-cases = Cases that are kept
keeping-fate = What becomes of it
keeping-under = Under
keeping-older = Older ones

keeping-fate-unheld = Nothing keeps it
keeping-fate-open = It stays until what it waits for has come
keeping-fate-held = It stays until { $until } UTC
keeping-fate-due = It goes: every hold has ended, the last on { $since } UTC
keeping-fate-conflict-open = It must be gone by { $gone } UTC, and its end is not known: with counsel
keeping-fate-conflict = It must be gone by { $gone } UTC, and stay until { $until } UTC: with counsel

keeping-holds = Holds
keeping-ended = ended { $time }
keeping-open = what it waits for has come
keeping-no-least = no least time
keeping-gone-by = Gone by (UTC)
keeping-longer = For longer
keeping-keep-longer = Keep it for longer
keeping-day = Until the end of (UTC)
keeping-what-for = What for (US-34)
keeping-purpose-prevent-exploitation = To prevent online sexual exploitation of children
keeping-purpose-reduce-exploitation = To reduce online sexual exploitation of children
keeping-review-on = Looked at again on
keeping-give-way = Ask that it give way
keeping-why = Why; a second person reads it and answers
keeping-ask = Ask for its release
keeping-settle = What two people settle
keeping-agree = Agree, as the second person
keeping-refuse = Refuse it
keeping-another = Another lead answers it.
keeping-agreed = agreed by { $who }, { $time } UTC
keeping-refused = refused by { $who }, { $time } UTC
keeping-command-line = the command line
keeping-gives-way = The hold under { $law } gives way: { $why }
keeping-destroyed = A depiction is destroyed, as { $agency } ask ({ $reference })
keeping-not-there = Something that is not there any more

keeping-place = Place a hold
keeping-basis = On what basis
keeping-who-asked = Who asked (not for your own)
keeping-reference = Under what reference
keeping-from = Since (UTC; today, when left out)
keeping-to = Until the end of (UTC; only where the basis leaves it open)
keeping-own-for = What your own is for (US-34)
keeping-not-own = Not my own
keeping-own-review = Your own is looked at again on
keeping-place-it = Place it

keeping-orders = Requests of the police to destroy a depiction
keeping-order-line = { $state }. Came { $time } UTC; verified by { $who }:
order-state-waiting = waits for a second person
order-state-done = carried out
order-state-refused = refused
keeping-take-order = Take such a request
keeping-order-hint = First make sure who asks, over a number from an official source. A second person sees every hold that stands against it. What the report says in words is kept (18 U.S.C. 2258B(c)(2), US-41).
keeping-upload = Which upload
keeping-agency = Agency
keeping-officer = Who there
keeping-document = Number of their document
keeping-how = How you verified who asks
keeping-order-why = Why it should be carried out; for the second person
keeping-take = Take it; a second person answers

keeping-gone = Destroyed, with certificates
keeping-media = Media of an upload
keeping-context = What the platform said around it
keeping-discarded = The key was discarded { $time } UTC by { $who }: { $why }.
keeping-expired = every hold had ended (US-34)
keeping-ordered = the police asked, and two people agreed (US-41)
keeping-tried = Every copy that is known was tried { $time } UTC, and none opened.
keeping-trying = Its copies are being tried.
keeping-backup = The last backup with the key ends { $time } UTC.
keeping-digest = SHA-256 of what it was:
keeping-certificate = The certificate, signed with the ledger's key
