# What is kept, and until when.

retention-title = What is kept, and until when
retention-words = Counted over every case of which something is there. A case can be kept on several bases; it goes when the last of them has ended.
retention-fates = What becomes of the cases
retention-fate = Fate
retention-cases = Cases
retention-next = The next ends (UTC)
retention-last = The last ends (UTC)
retention-bases = On which basis
retention-basis = Basis
retention-holds = Holds
retention-open = without an end
retention-none = Nothing is kept.
retention-list = Case by case
fate-held = stays until a known day
fate-open = stays until what it waits for has come
fate-conflict = bases contradict each other: with counsel
fate-due = goes: every hold has ended
fate-unheld = nothing keeps it
