# What the platform is asked to do, and who else was told of a case.

action-title = Actions
action-which = Which actions
action-all = All
action-none = None is here.
action-older = Older actions
action-of-case = Actions of case { $number }
action-case = Case { $number }
action-none-yet = The platform was asked for nothing yet.
action-what = What
action-to = To
action-state = State
action-asked-at = Asked (UTC)
action-settled-at = Settled (UTC)

action-kind-hide = Hide the content
action-kind-block-reupload = Refuse these files when they come again
action-kind-suspend = Suspend the account
action-kind-reinstate = Undo a restriction
action-kind-other-copies = Find and hide other copies
action-kind-stop-stream = Stop the stream
action-kind-user-notice = Notice to the user
action-for-good = Suspend the account for good
action-notice-none = Notice to the user: none
action-notice-neutral = Notice to the user: neutral
action-notice-full = Notice to the user: full
action-undoes = It undoes an earlier one.

action-to-account = account { $account }
action-to-content = content { $content }
action-to-files = { $count ->
    [one] one file
   *[other] { $count } files
}

action-tab-waiting = Waiting
action-tab-sent = Asked of the platform
action-tab-acknowledged = Done
action-tab-failed = Not done
action-tab-cancelled = Cancelled
action-state-waiting = waits
action-waits-hold = waits until everything is kept
action-waits-context = waits until the platform says what it knows
action-waits-snapshot = waits until those who take part are sealed
action-waits-report = waits until the report is accepted
action-waits-delay = waits until its delay ends
action-state-sent = asked of the platform
action-state-acknowledged = done
action-state-failed = not done
action-state-cancelled = cancelled
action-overdue = no answer for an hour
action-times = { $count ->
    [one] asked once
   *[other] asked { $count } times
}
action-delay-approved = Told later: until { $until } UTC, approved
action-delay-open = Told later: until { $until } UTC, approved by nobody yet: it lasts a day
action-approve-delay = Approve the delay
action-done = It was done
action-done-what = It was done: { $what }
action-took = after { $minutes } min { $seconds } s

action-ask = Ask the platform
action-order = Each comes in its turn: everything is kept and the context is heard before anything is restricted, and users are told last. Restrictions can be undone.
action-good = A suspension for good
action-undo-which = For undoing: which
action-for-notice = For a notice to the user
action-told = What is told
action-tell-none = Nothing, also not by your own habits
action-tell-neutral = Neutral: that rules were broken, not which
action-tell-full = Full: what was restricted, why, how to appeal
action-later = Told so many days later (a second person approves it)
action-basis = On what legal basis
action-reason = Reason (the platform does not see it)
action-press = Ask for it

filing-title = Told to other authorities
filing-why = What the law of your country asks for beside the report: write down whom you told, and its clocks stop.
filing-one = { $authority }, number { $number }, { $at } UTC
filing-authority = Authority, as its clock names it
filing-number = Number it gave
filing-at = When (UTC)
filing-receipt = What it answered
filing-write = Write it down
