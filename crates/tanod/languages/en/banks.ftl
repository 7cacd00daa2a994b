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
