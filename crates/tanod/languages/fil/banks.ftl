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
