# What needs somebody now.

now-title = What needs you now
now-quiet = Nothing needs you now.
now-next = Take the next case
now-case = Case { $number }
now-need-danger = { $count ->
    [one] A child may be in danger now: one case that is not reported yet
   *[other] A child may be in danger now: { $count } cases that are not reported yet
}
now-need-alarms = { $count ->
    [one] One alarm of which nobody has said that they know
   *[other] { $count } alarms of which nobody has said that they know
}
now-need-deadlines = { $count ->
    [one] One case whose deadline is near or has passed
   *[other] { $count } cases whose deadline is near or has passed
}
now-need-yours = { $count ->
    [one] One case that you work on
   *[other] { $count } cases that you work on
}
now-need-handed = { $count ->
    [one] One case that a colleague handed to you
   *[other] { $count } cases that a colleague handed to you
}
now-need-approvals = { $count ->
    [one] One decision that waits for a second person
   *[other] { $count } decisions that wait for a second person
}
now-need-help = { $count ->
    [one] One case with which somebody wants help
   *[other] { $count } cases with which somebody wants help
}
now-need-removals = { $count ->
    [one] One request to remove an adult's intimate picture
   *[other] { $count } requests to remove an adult's intimate picture
}
now-need-stuck = { $count ->
    [one] One report that is stuck
   *[other] { $count } reports that are stuck
}
now-need-counsel = { $count ->
    [one] One case in which laws contradict each other: counsel is to be asked
   *[other] { $count } cases in which laws contradict each other: counsel is to be asked
}
now-need-releases = { $count ->
    [one] One hold or order to destroy that waits for a second person
   *[other] { $count } holds or orders to destroy that wait for a second person
}
now-need-process = { $count ->
    [one] One legal process that is open
   *[other] { $count } legal processes that are open
}
now-need-packages = { $count ->
    [one] One package of evidence that waits for a second person
   *[other] { $count } packages of evidence that wait for a second person
}
now-need-untold = { $count ->
    [one] One who received a wrong report and is to be told
   *[other] { $count } who received a wrong report and are to be told
}
now-need-disagreements = { $count ->
    [one] One decision about which two people disagree
   *[other] { $count } decisions about which two people disagree
}
now-need-work = { $count ->
    [one] One piece of work behind the requests that gave up
   *[other] { $count } pieces of work behind the requests that gave up
}
now-at-danger = since
now-at-alarms = since
now-at-deadlines = since
now-at-yours = until
now-at-handed = since
now-at-approvals = since
now-at-help = since
now-at-removals = the next is due
now-at-stuck = since
now-at-counsel = since
now-at-releases = since
now-at-process = the next is due
now-at-packages = since
now-at-untold = since
now-at-disagreements = since
now-at-work = since
