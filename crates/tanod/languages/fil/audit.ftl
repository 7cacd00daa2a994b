# Ang talaan.

audit-title = Ang talaan
audit-words = May naiwang tala ang bawat pagbabago, bawat pagtingin at bawat paglabas ng datos. Walang lumalabas sa pangalan.
audit-who = Sino: numero ng kawani, operator, tanod
audit-about = Tungkol sa: numero ng kaso, o id
audit-kind = Ano: report, o report.finished
audit-from = Mula (UTC), gaya ng 2026-11-24 o may oras
audit-until = Hanggang (UTC)
audit-find = Hanapin
audit-entries = Mga tala, pinakabago ang una
audit-none = Walang talang tugma.
audit-at = Kailan (UTC)
audit-what = Ano
audit-by = Sino
audit-of = Tungkol sa
audit-detail = Mga detalye
audit-proof = Patunay
audit-take = Kunin
audit-not-yet = hindi pa
audit-older = Mas lumang tala
audit-check = Paano sinusuri ang patunay
audit-check-words = { $count ->
    [one] Isang tala ang pinatutunayan ng pinakabagong checkpoint. Ipinapakita ng patunay na kasama roon ang tala nito at hindi na nabago; mga id lamang ang nakasulat. Masusuri ito nang wala kami ng sinumang may file at susing ito, gamit ang contrib/verify-ledger.py o anumang programang bumabasa ng patunay ng C2SP.
   *[other] { $count } tala ang pinatutunayan ng pinakabagong checkpoint. Ipinapakita ng patunay na kasama roon ang tala nito at hindi na nabago; mga id lamang ang nakasulat. Masusuri ito nang wala kami ng sinumang may file at susing ito, gamit ang contrib/verify-ledger.py o anumang programang bumabasa ng patunay ng C2SP.
}
