# The record.

audit-title = The record
audit-words = Every change, every look and every export has left an entry. Nobody appears by name.
audit-who = Who: a staff number, operator, tanod
audit-about = About: a case's number, or an id
audit-kind = What: report, or report.finished
audit-from = From (UTC), as 2026-11-24 or with a time
audit-until = Until (UTC)
audit-find = Find
audit-entries = Entries, the newest first
audit-none = No entry fits.
audit-at = When (UTC)
audit-what = What
audit-by = Who
audit-of = About
audit-detail = Particulars
audit-proof = Proof
audit-take = Take it
audit-not-yet = not yet
audit-older = Older entries
audit-check = How a proof is checked
audit-check-words = { $count ->
    [one] The newest checkpoint vouches for one entry. A proof shows that its entry stands among them and was not changed since; it names only ids. Whoever has the file and this key checks it without us, with contrib/verify-ledger.py or any program that reads C2SP proofs.
   *[other] The newest checkpoint vouches for { $count } entries. A proof shows that its entry stands among them and was not changed since; it names only ids. Whoever has the file and this key checks it without us, with contrib/verify-ledger.py or any program that reads C2SP proofs.
}
