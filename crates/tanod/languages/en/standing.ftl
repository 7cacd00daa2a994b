# Counsel's decisions for all cases in which the same two laws contradict each other.

standing-title = Decisions of counsel
standing-back = Keeping
standing-link = Decisions of counsel that settle such cases by themselves
standing-why = Where two laws contradict each other in every case of a kind, counsel decides once: the day by which it must be gone gives way to the time for which it must stay. Two people put it into force, it ends by itself, and nothing is destroyed sooner by it. After its end such cases go to counsel again.
standing-none = Counsel has decided nothing for more than one case.
standing-says = { $yields } gives way to { $keeps }
standing-state = State
standing-state-waits = waits for a second person
standing-state-force = in force
standing-state-over = over
standing-until = Until
standing-counsel = Counsel, by name and office
standing-grounds = Grounds, with the law
standing-people = Written down
standing-one = by staff { $first }
standing-two = by staff { $first }, put into force by staff { $second }
standing-approve = Put it into force
standing-end = End it now
standing-new = Write down a decision
standing-yields = What gives way: the day by which it must be gone
standing-keeps = What keeps it longer
standing-day = Until which day, at most a year ahead
standing-write = Write it down
