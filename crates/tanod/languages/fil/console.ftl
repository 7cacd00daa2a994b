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
way-second = Ikalawang tingin
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

script-once-more = Pindutin muli ang F8 para magpaalarma.
script-yes = oo
script-no = hindi
script-no-class = Walang uri
script-class = Uri
script-hidden = Nakatago ang lahat ng larawan. Pindutin muli ang Escape para ibalik.
script-back = Bumalik na ang mga larawan.
script-held = Nakikita habang hawak mo.
script-veil = Bumalik na ang takip.
script-whole = Ipinapakita nang buo, walang takip.
script-lost = Hindi mo na hawak ang kasong ito. Kunin muli bago magpatuloy.
