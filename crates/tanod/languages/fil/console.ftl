# Ang magkakapareho sa bawat pahina ng console.

language-name = Filipino
language-direction = ltr
# Wala sa alinmang pahina: halimbawa para sa mga pagsubok.
language-sample = { $count ->
    [one] <strong>{ $count }</strong> kaso
   *[other] { $count } na kaso
} ng { $name }

page-skip = Lumaktaw sa nilalaman
page-rooms = Console
page-demo = Demo: walang totoo rito
page-you = Kawani { $staff }, { $role }
page-lock = I-lock
page-sign-out = Mag-sign out
page-language = Wika
page-remedy = Ang dapat gawin:
page-slug = Pangalan ng pagtangging ito:
page-case = Kaso { $number }
page-staff = Kawani { $staff }
page-back = Bumalik

way-queue = Mga kaso
way-streams = Mga stream
way-care = Pangangalaga
way-actions = Mga aksiyon
way-notices = Mga sumbong
way-keeping = Pag-iingat
way-legal = Prosesong legal
way-reports = Mga ulat
way-provider = Nag-uulat
way-banks = Mga listahan
way-sources = Mga pinagmulan
way-alarms = Mga alarma
way-figures = Mga bilang
way-people = Mga tao
way-webhooks = Mga webhook
way-audit = Talaan
way-work = Gawain
way-readiness = Kahandaan
way-retention = Pagtatago

role-reviewer = tagasuri
role-lead = pinuno
role-admin = tagapangasiwa
role-auditor = tagasiyasat
