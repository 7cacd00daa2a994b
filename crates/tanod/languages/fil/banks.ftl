# Mga listahan: kung saan inihahambing, at ang pagtatabi ng isa.

bank-title = Mga listahan
bank-untold = Dapat sabihang mali ang isang listahan
bank-means = Sa anong paraan
bank-told-words = Ano ang sinabi, at ang kanilang reperensiya
bank-told = Nasabihan na sila
bank-none = Wala pang listahan, kaya bawat upload ay <code>unscanned: no_list</code>. <a>Saan nanggagaling ang mga listahan</a>
bank-list = Listahan
bank-of = Ng ano
bank-from = Mula kay
bank-licence = Lisensiya
bank-entries = Mga tala
bank-as-of = Ayon noong (UTC)
bank-state = Kalagayan
bank-wrong = Mali?
bank-kind-csam = materyal ng pang-aabuso
bank-kind-exploitative = mapagsamantala, para sa pagsusuri lamang
bank-kind-ncii-adult = mga pribadong larawan ng nasa hustong gulang
bank-kind-own-unconfirmed = sarili naming natagpuan, hindi pa kumpirmado
bank-kind-exception = mga kilalang maling alarma
bank-kind-test = para sa pagsubok
bank-licence-own = amin
bank-licence-shareable = maaaring ipasa
bank-licence-restricted = para sa paghahambing lamang
bank-state-aside = itinabi: walang tinutugma
bank-state-counted = binibilang lamang
bank-state-used = ginagamit
bank-set-aside = Itabi ang { $name }
bank-aside-title = Itabi ang isang listahan
bank-all = Lahat ng listahan
bank-touches = Ano ang matatamaan nito
bank-matches-no-more = Wala nang tutugmain ang listahan hanggang may muling magbukas nito. Mananatili sa tala ang mga natagpuan nito.
bank-matches-none = Wala nang tinutugma ang listahan. Mananatili sa tala ang mga natagpuan nito.
bank-reopens = { $count ->
    [0] Walang pasyang nakasandig dito lamang: walang kasong muling bubuksan.
    [one] { $count } kaso ang nakasandig dito lamang at muling bubuksan.
   *[other] { $count } na kaso ang nakasandig dito lamang at muling bubuksan.
}
bank-filed = { $count ->
    [0] Walang naihaing ulat na nakasandig dito.
    [one] { $count } ulat na nakasandig dito ang naihain at hindi na mababawi: dapat sabihan ang tumanggap nito.
   *[other] { $count } na ulat na nakasandig dito ang naihain at hindi na mababawi: dapat sabihan ang mga tumanggap.
}
bank-passed-to-nobody = Hindi ito ipinasa kaninuman mula rito.
bank-passed-on = Ipinasa ito, at dapat sabihan ang mga ito:
bank-left = { $count ->
    [0] Wala nang ibang ginagamit na listahan ng materyal ng pang-aabuso: magiging unscanned ang bawat upload.
    [one] { $count } pang listahan ng materyal ng pang-aabuso ang nananatiling ginagamit.
   *[other] { $count } pang listahan ng materyal ng pang-aabuso ang nananatiling ginagamit.
}
bank-which-cases = Aling mga kaso
bank-why = Bakit ito mali
bank-press = Itabi ito
bank-make = Gumawa ng listahan
bank-name = Pangalan nito
bank-keeper = Sino ang nag-iingat nito
bank-made-off = Walang tinutugma ang bagong listahan hanggang makita mo ang laman nito at buksan mo ito.
bank-make-do = Gawin ito
bank-within = Pinakamalayong itinuturing na tugma, sa bit mula sa 256
bank-holds = Ano ang laman ng file
bank-holds-good = Wala pang naiimbak. Kukunin ng pag-import ang bawat hanay.
bank-holds-bad = Walang naimbak, at walang kukunin ang pag-import: ayusin muna ang mga hanay sa ibaba.
bank-rows = Mga hanay
bank-rows-new = Bago sa listahang ito
bank-rows-known = Nasa listahang ito na
bank-rows-off = Sa mga ito, pinatay; mananatiling patay
bank-rows-twice = Dalawang beses sa file
bank-rows-refused = Hindi mabasa
bank-faults = Mga hanay na hindi makukuha
bank-row = Hanay { $row }:
bank-elsewhere = Ibang listahang may ilan sa mismong mga fingerprint na ito
bank-elsewhere-none = Wala.
bank-same-file = Ang parehong file muli; tatanggihan ang iba
bank-import = { $count ->
    [one] Mag-import ng { $count } hanay
   *[other] Mag-import ng { $count } na hanay
}
bank-would = Ano sana ang natugma nito
bank-would-found = Sa loob ng { $within } bit: { $found } sa pinakabagong { $uploads } upload.
bank-would-unknown = { $count ->
    [0] Kilala ng ibang listahan ang bawat isa.
    [one] { $count } sa mga ito ang hindi kilala ng anumang listahan.
   *[other] { $count } sa mga ito ang hindi kilala ng anumang listahan.
}
bank-would-from = Dumating ang mga ito mula { $from } hanggang { $to } UTC.
bank-would-older = Hindi sinubok ang mas luma.
bank-would-more = { $entries } tala ng listahan ang sinubok; mayroon pa ito.
bank-would-upright = Dagdag pa rito ang mga kopyang pinihit, binaligtad o may gilid: ang larawan lamang noong dumating ang itinatago.
bank-distance = Mga bit na magkaiba
bank-uploads = Mga upload
bank-cases = Mga kaso
bank-exact = ang mismong mga byte
bank-which = Alin, pinakamalapit muna
bank-try = Subukin ito
bank-try-what = Ano sana ang natugma nito sa mga kamakailang upload, mula sa mga fingerprint na itinago. Walang magbabago, walang larawang ipapakita, at itatala na sinubok ito.
bank-try-do = Subukin
bank-present = Upang mag-import dito o buksan o patayin ito, <a>sabihin muna kung sino ka</a>.
bank-import-title = Mag-import
bank-file = File na may mga hanay, CSV (signal,value,…) o NDJSON
bank-preview = Tingnan ang laman
bank-act = Ano ang ginagawa nito
bank-act-legend = Mula ngayon
bank-act-match = Tumutugma ito, at gumagawa ng kaso ang mga tugma kung gayon ang uri nito
bank-act-count = Binibilang ang mga tugma at walang kasunod
bank-act-off = Wala itong tinutugma
bank-act-do = Gawin ito
