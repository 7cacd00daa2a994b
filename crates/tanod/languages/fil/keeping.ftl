# Mga pagpigil, abogado at pagsira: ang iniingatan, sa ilalim ng aling batas at hanggang kailan.

keeping-of = Pag-iingat ng kaso { $number }
keeping-intro = Ang iniingatan, sa ilalim ng aling batas at hanggang kailan. Walang pagpigil na pinaiikli; ang nagkakasalungat ay napupunta sa abogado, at ang pinakawalan ng lahat ng pagpigil ay sinisira nang may sertipiko.
keeping-waiting = Naghihintay ng ikalawang tao
keeping-nothing = Wala.
keeping-none = Wala.
keeping-asked-by = Hiniling ni { $who }, { $time } UTC:
keeping-counsel = Nasa abogado
keeping-counsel-hint = Hangga't hindi pinakakawalan ng dalawang tao ang magbibigay-daan, mananatili ang lahat (US-42, EV-20). Itanong sa abogado kung aling batas ang mananaig dito, saka hilingin sa ibaba ang pagpapalaya ng isa pang pagpigil, kasama ang dahilan ng abogado.
keeping-no-conflict = Walang mga batayang nagkakasalungat.
keeping-conflict-since = Mula { $time } UTC; walang nawawala rito samantala (EV-20)
keeping-requests = Mga hiling na ingatan, una ang pinakamalapit matapos
keeping-case = Kaso
keeping-asked = Hiniling ni
keeping-law = Batas
keeping-ends = Matatapos (UTC)
keeping-renewable = { $days ->
    [one] mapapahaba nang { $days } araw
   *[other] mapapahaba nang { $days } na araw
}
keeping-renew = { $days ->
    [one] Pahabain nang { $days } araw
   *[other] Pahabain nang { $days } na araw
}
keeping-reviews = Iniingatan nang mas matagal, una ang susunod na susuriin
keeping-for = Para saan
keeping-owner = Sino ang mananagot dito
keeping-review = Susuriin muli (UTC)
keeping-until = Hanggang (UTC)
keeping-since = Mula (UTC)
keeping-cases = Mga kasong iniingatan
keeping-fate = Ano ang mangyayari rito
keeping-under = Sa ilalim ng
keeping-older = Mas luma

keeping-fate-unheld = Walang nagpapanatili rito
keeping-fate-open = Mananatili hanggang dumating ang hinihintay
keeping-fate-held = Mananatili hanggang { $until } UTC
keeping-fate-due = Aalisin: natapos na ang bawat pagpigil, ang huli noong { $since } UTC
keeping-fate-conflict-open = Dapat wala na ito sa { $gone } UTC, at hindi alam ang katapusan: nasa abogado
keeping-fate-conflict = Dapat wala na ito sa { $gone } UTC, at manatili hanggang { $until } UTC: nasa abogado

keeping-holds = Mga pagpigil
keeping-ended = natapos { $time }
keeping-open = dumating na ang hinihintay
keeping-no-least = walang pinakamaikling panahon
keeping-gone-by = Wala na sa (UTC)
keeping-longer = Mas matagal
keeping-keep-longer = Ingatan nang mas matagal
keeping-day = Hanggang katapusan ng (UTC)
keeping-what-for = Para saan (US-34)
keeping-purpose-prevent-exploitation = Upang maiwasan ang online na sekswal na pagsasamantala sa mga bata
keeping-purpose-reduce-exploitation = Upang mabawasan ang online na sekswal na pagsasamantala sa mga bata
keeping-review-on = Susuriin muli sa
keeping-give-way = Hilinging magbigay-daan ito
keeping-why = Bakit; babasahin at sasagutin ng ikalawang tao
keeping-ask = Hilingin ang pagpapalaya nito
keeping-settle = Ang pinagpapasyahan ng dalawang tao
keeping-agree = Sumang-ayon, bilang ikalawang tao
keeping-refuse = Tanggihan
keeping-another = Ibang pinuno ang sasagot dito.
keeping-agreed = sinang-ayunan ni { $who }, { $time } UTC
keeping-refused = tinanggihan ni { $who }, { $time } UTC
keeping-command-line = command line
keeping-gives-way = Nagbibigay-daan ang pagpigil sa ilalim ng { $law }: { $why }
keeping-destroyed = Sinisira ang isang larawan, ayon sa hiling ng { $agency } ({ $reference })
keeping-not-there = Bagay na wala na roon

keeping-place = Maglagay ng pagpigil
keeping-basis = Sa anong batayan
keeping-who-asked = Sino ang humiling (hindi para sa sarili ninyo)
keeping-reference = Sa anong reperensiya
keeping-from = Mula (UTC; ngayon, kung iniwang blangko)
keeping-to = Hanggang katapusan ng (UTC; kung iniwang bukas ng batayan)
keeping-own-for = Para saan ang sarili ninyo (US-34)
keeping-not-own = Hindi sa amin
keeping-own-review = Susuriin muli ang sarili ninyo sa
keeping-place-it = Ilagay

keeping-orders = Mga hiling ng pulis na sirain ang isang larawan
keeping-order-line = { $state }. Dumating { $time } UTC; tiniyak ni { $who }:
order-state-waiting = naghihintay ng ikalawang tao
order-state-done = naisagawa
order-state-refused = tinanggihan
keeping-take-order = Tumanggap ng ganitong hiling
keeping-order-hint = Tiyakin muna kung sino ang humihiling, sa numero mula sa opisyal na pinagmulan. Makikita ng ikalawang tao ang bawat pagpigil na tutol dito. Iniingatan ang sinasabi ng ulat sa salita (18 U.S.C. 2258B(c)(2), US-41).
keeping-upload = Aling upload
keeping-agency = Ahensiya
keeping-officer = Sino roon
keeping-document = Numero ng kanilang dokumento
keeping-how = Paano mo tiniyak kung sino ang humihiling
keeping-order-why = Bakit dapat itong isagawa; para sa ikalawang tao
keeping-take = Tanggapin; sasagot ang ikalawang tao

keeping-gone = Nasira na, may mga sertipiko
keeping-media = Media ng isang upload
keeping-context = Ang sinabi ng platform sa paligid nito
keeping-discarded = Itinapon ang susi { $time } UTC ni { $who }: { $why }.
keeping-expired = natapos na ang bawat pagpigil (US-34)
keeping-ordered = humiling ang pulis, at sumang-ayon ang dalawang tao (US-41)
keeping-tried = Sinubukan ang bawat kilalang kopya { $time } UTC, at walang nabuksan.
keeping-trying = Sinusubukan ang mga kopya nito.
keeping-backup = Matatapos ang huling backup na may susi { $time } UTC.
keeping-digest = SHA-256 ng kung ano ito:
keeping-certificate = Ang sertipiko, nilagdaan ng susi ng ledger
