# The page "Care".

care-break = A break
care-back = Back from the break
care-go-on = I want to go on
care-rest = I am not well
care-take-break = Take a break
care-resting = You do not look now, and every case you had is with somebody else. Nobody asks why.
care-no-line = Your organisation has not said whom you can talk to. Your lead should know that this is missing here.
care-line = Somebody to talk to:
care-seen = What you saw without the veil
care-yours = These numbers are yours. No page shows them to anybody else, and they say nothing about how you are.
care-when = When
care-day = Last 24 hours
care-week = Last 7 days
care-uploads = Uploads
care-minutes = Minutes, at most two a look
care-by-category = By category
care-nothing = nothing
care-ceiling = { $files ->
    [one] A day's ceiling is one upload.
   *[other] A day's ceiling is { $files } uploads.
}
care-ceiling-both = A day's ceiling: uploads { $files }, minutes { $minutes }.
care-due = A break is due until { $time } (UTC).
care-choices = What you do not look at
care-choices-hint = Cases of these categories are not given to you. No explanation is asked for.
care-not-for-me = Not for me
care-keep-choice = Keep my choice
care-shift = My shift ends (UTC, as 2026-11-24 22:00)
care-keep = Keep it
care-agreed = Agreed and trained
care-agreed-on = You agreed to look on { $time }.
care-not-agreed = You have not agreed to look.
care-trained-on = Your training was written down on { $time }: { $training }.
care-not-trained = No training of yours is written down; your lead does that.
care-what-it-is = Whoever looks here sees pictures and films of children who are abused. Some people carry that with them for long. Looking is never owed: you can stop, choose what not to see, or take back that you agreed, at any time and without a reason.
care-agree-no-more = I take it back
care-agree = I agree to look
care-train = Write down somebody's training
care-whose = Whose
care-which = Which training, and when
care-write = Write it down
