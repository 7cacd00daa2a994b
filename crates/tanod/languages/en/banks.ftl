# Lists: what is compared with, and setting one aside.

bank-title = Lists
bank-untold = Must be told that a list was wrong
bank-means = By which means
bank-told-words = What was said, and their reference
bank-told = They were told
bank-none = There is no list yet, so every upload is <code>unscanned: no_list</code>. <a>Where lists come from</a>
bank-list = List
bank-of = Of what
bank-from = From
bank-licence = Licence
bank-entries = Entries
bank-as-of = As of (UTC)
bank-state = State
bank-wrong = Wrong?
bank-kind-csam = abuse material
bank-kind-exploitative = exploitative, for review only
bank-kind-ncii-adult = adults' intimate pictures
bank-kind-own-unconfirmed = our own finds, not confirmed
bank-kind-exception = known false alarms
bank-kind-test = for trying out
bank-licence-own = ours
bank-licence-shareable = may be passed on
bank-licence-restricted = for matching only
bank-state-aside = set aside: it matches nothing
bank-state-counted = counted only
bank-state-used = in use
bank-set-aside = Set { $name } aside
bank-aside-title = Set a list aside
bank-all = All lists
bank-touches = What it will touch
bank-matches-no-more = The list matches nothing any more, until somebody enables it again. What it found stays on record.
bank-matches-none = The list matches nothing already. What it found stays on record.
bank-reopens = { $count ->
    [0] No decision rests on it alone: no case opens again.
    [one] One case rests on it alone and opens again.
   *[other] { $count } cases rest on it alone and open again.
}
bank-filed = { $count ->
    [0] No report that rests on it is filed.
    [one] One report that rests on it is filed, and cannot be taken back: whoever received it is to be told.
   *[other] { $count } reports that rest on it are filed, and cannot be taken back: whoever received them is to be told.
}
bank-passed-to-nobody = It was passed on to nobody from here.
bank-passed-on = It was passed on, and these are to be told:
bank-left = { $count ->
    [0] No other list of abuse material is left in use: every upload will be unscanned.
    [one] One other list of abuse material stays in use.
   *[other] { $count } other lists of abuse material stay in use.
}
bank-which-cases = Which cases
bank-why = Why it is wrong
bank-press = Set it aside
bank-make = Make a list
bank-name = Its name
bank-keeper = Who keeps it
bank-made-off = A new list matches nothing until you have seen what is in it and switch it on.
bank-make-do = Make it
bank-within = Greatest distance that is a match, in bits of 256
bank-holds = What the file holds
bank-holds-good = Nothing is stored yet. An import takes every row.
bank-holds-bad = Nothing is stored, and an import would take none of it: mend the rows below first.
bank-rows = Rows
bank-rows-new = New to this list
bank-rows-known = In this list already
bank-rows-off = Of these switched off; they stay so
bank-rows-twice = Twice in the file
bank-rows-refused = Cannot be read
bank-faults = Rows that cannot be taken
bank-row = Row { $row }:
bank-elsewhere = Other lists that have some of these very fingerprints
bank-elsewhere-none = None.
bank-same-file = The same file once more; another one is refused
bank-import = { $count ->
    [one] Import one row
   *[other] Import { $count } rows
}
bank-would = What it would have matched
bank-would-found = Within { $within } bits { $found } of the newest { $uploads } uploads.
bank-would-unknown = { $count ->
    [0] Another list knew each of them.
    [one] No list knew one of them.
   *[other] No list knew { $count } of them.
}
bank-would-from = They came from { $from } to { $to } UTC.
bank-would-older = Older ones were not tried.
bank-would-more = Of the list { $entries } entries were tried; it has more.
bank-would-upright = Turned, mirrored and bordered copies come on top: of uploads that came before, only the picture as it was is kept.
bank-distance = Bits that differ
bank-uploads = Uploads
bank-cases = Cases
bank-exact = the very bytes
bank-which = Which, the closest first
bank-try = Try it out
bank-try-what = What it would have matched among uploads that came lately, from the fingerprints that were kept of them. Nothing changes, no picture is shown, and the record says that it was tried.
bank-try-do = Try it
bank-present = To import into this list or to switch it, <a>say first who you are</a>.
bank-import-title = Import
bank-file = A file with rows, as CSV (signal,value,…) or NDJSON
bank-preview = See what is in it
bank-act = What it does
bank-act-legend = From now on
bank-act-match = It matches, and its matches make cases where its kind does
bank-act-count = Its matches are counted and lead to nothing
bank-act-off = It matches nothing
bank-act-do = Do so
