# Ang nangangailangan ngayon.

now-title = Ang nangangailangan sa iyo ngayon
now-quiet = Walang nangangailangan sa iyo ngayon.
now-next = Kunin ang susunod na kaso
now-case = Kaso { $number }
now-need-danger = { $count ->
    [one] Maaaring may batang nasa panganib ngayon: isang kasong hindi pa naiuulat
   *[other] Maaaring may batang nasa panganib ngayon: { $count } kasong hindi pa naiuulat
}
now-need-alarms = { $count ->
    [one] Isang alarmang wala pang nagsasabing alam nila
   *[other] { $count } alarmang wala pang nagsasabing alam nila
}
now-need-deadlines = { $count ->
    [one] Isang kasong malapit na o lampas na sa taning
   *[other] { $count } kasong malapit na o lampas na sa taning
}
now-need-yours = { $count ->
    [one] Isang kasong ginagawa mo
   *[other] { $count } kasong ginagawa mo
}
now-need-handed = { $count ->
    [one] Isang kasong ipinasa sa iyo ng kasamahan
   *[other] { $count } kasong ipinasa sa iyo ng kasamahan
}
now-need-approvals = { $count ->
    [one] Isang pasyang naghihintay ng ikalawang tao
   *[other] { $count } pasyang naghihintay ng ikalawang tao
}
now-need-help = { $count ->
    [one] Isang kasong may humihingi ng tulong
   *[other] { $count } kasong may humihingi ng tulong
}
now-need-removals = { $count ->
    [one] Isang hiling na alisin ang maselang larawan ng isang nasa hustong gulang
   *[other] { $count } hiling na alisin ang maselang larawan ng nasa hustong gulang
}
now-need-stuck = { $count ->
    [one] Isang ulat na hindi makaalis
   *[other] { $count } ulat na hindi makaalis
}
now-need-counsel = { $count ->
    [one] Isang kasong nagsasalungatan ang mga batas: tanungin ang abogado
   *[other] { $count } kasong nagsasalungatan ang mga batas: tanungin ang abogado
}
now-need-releases = { $count ->
    [one] Isang pagpigil o utos na sumira na naghihintay ng ikalawang tao
   *[other] { $count } pagpigil o utos na sumira na naghihintay ng ikalawang tao
}
now-need-process = { $count ->
    [one] Isang prosesong legal na bukas
   *[other] { $count } prosesong legal na bukas
}
now-need-packages = { $count ->
    [one] Isang pakete ng ebidensiya na naghihintay ng ikalawang tao
   *[other] { $count } pakete ng ebidensiya na naghihintay ng ikalawang tao
}
now-need-untold = { $count ->
    [one] Isang tumanggap ng maling ulat na dapat sabihan
   *[other] { $count } tumanggap ng maling ulat na dapat sabihan
}
now-need-disagreements = { $count ->
    [one] Isang pasyang pinagtatalunan ng dalawang tao
   *[other] { $count } pasyang pinagtatalunan ng dalawang tao
}
now-need-work = { $count ->
    [one] Isang gawaing sumuko
   *[other] { $count } gawaing sumuko
}
now-at-danger = mula
now-at-alarms = mula
now-at-deadlines = mula
now-at-yours = hanggang
now-at-handed = mula
now-at-approvals = mula
now-at-help = mula
now-at-removals = ang susunod ay hanggang
now-at-stuck = mula
now-at-counsel = mula
now-at-releases = mula
now-at-process = ang susunod ay hanggang
now-at-packages = mula
now-at-untold = mula
now-at-disagreements = mula
now-at-work = mula
