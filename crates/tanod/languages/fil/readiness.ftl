# Kung gumagana ang bawat bahagi.

readiness-title = Kahandaan
readiness-ready = Hinahatulan ang mga upload: nakakarga at sariwa ang mga listahan, natatagpuan ang canary, sumasagot ang decoder at ang database.
readiness-not = Hindi hinahatulan ngayon ang mga upload:
readiness-parts = Bawat bahagi
readiness-part = Bahagi
readiness-stands = Kalagayan
readiness-says = Ang natuklasan
readiness-good = maayos
readiness-bad = may sira
readiness-look = Subukan ang bawat bahagi ngayon
readiness-again = Subukan muli ang bawat bahagi
readiness-words = Binabasa nito ang buong ledger, at sumusulat, bumabasa at nagbubura ng isang object. Ito rin ang sinasabi ng tanod doctor sa makina.
