# The page "Sources": where lists and matchers come from.

sources-intro = Where lists and matchers come from. “unknown” means that no public text says it. A state is what somebody here has said; it switches nothing on.
sources-state = <strong>State here:</strong> { $state }
sources-state-of = State of { $source } here
sources-who = Who may get it
sources-cost = What it costs
sources-takes = How long it takes
sources-matches = What it matches
sources-ask = How to ask
sources-cites = Where this stands
sources-set = Say so

source-state-none = nothing done yet
source-state-applied = applied for
source-state-waiting = granted, not in use yet
source-state-on = in use
