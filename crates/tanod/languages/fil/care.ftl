# Ang pahinang "Pangangalaga".

care-break = Pahinga
care-back = Bumalik mula sa pahinga
care-go-on = Gusto kong magpatuloy
care-rest = Hindi mabuti ang pakiramdam ko
care-take-break = Magpahinga
care-resting = Hindi ka tumitingin ngayon, at nasa iba na ang bawat kasong hawak mo. Walang magtatanong kung bakit.
care-no-line = Hindi pa sinasabi ng inyong samahan kung sino ang makakausap mo. Dapat malaman ng iyong pinuno na kulang ito rito.
care-line = Makakausap mo:
care-seen = Ang nakita mo nang walang tabing
care-yours = Sa iyo ang mga bilang na ito. Walang pahinang nagpapakita nito sa iba, at wala itong sinasabi tungkol sa kalagayan mo.
care-when = Kailan
care-day = Huling 24 na oras
care-week = Huling 7 araw
care-uploads = Mga upload
care-minutes = Minuto, hindi hihigit sa dalawa bawat tingin
care-by-category = Ayon sa kategorya
care-nothing = wala
care-ceiling = { $files ->
    [one] Ang hangganan sa isang araw ay { $files } upload.
   *[other] Ang hangganan sa isang araw ay { $files } na upload.
}
care-ceiling-both = Hangganan sa isang araw: upload { $files }, minuto { $minutes }.
care-due = Oras ng pahinga hanggang { $time } (UTC).
care-choices = Ang hindi mo tinitingnan
care-choices-hint = Hindi ibinibigay sa iyo ang mga kaso ng mga kategoryang ito. Walang hinihinging paliwanag.
care-not-for-me = Hindi para sa akin
care-keep-choice = Itago ang pinili ko
care-shift = Katapusan ng aking turno (UTC, gaya ng 2026-11-24 22:00)
care-keep = Itago
care-agreed = Pumayag at nagsanay
care-agreed-on = Pumayag kang tumingin noong { $time }.
care-not-agreed = Hindi ka pa pumapayag na tumingin.
care-trained-on = Isinulat ang iyong pagsasanay noong { $time }: { $training }.
care-not-trained = Wala pang nakasulat na pagsasanay mo; ang iyong pinuno ang gumagawa nito.
care-what-it-is = Ang tumitingin dito ay nakakakita ng mga larawan at pelikula ng mga batang inaabuso. May mga taong matagal itong dinadala. Hindi kailanman utang ang pagtingin: maaari kang tumigil, pumili ng hindi titingnan, o bawiin ang iyong pagpayag, anumang oras at walang dahilan.
care-agree-no-more = Binabawi ko
care-agree = Pumapayag akong tumingin
care-train = Isulat ang pagsasanay ng iba
care-whose = Kanino
care-which = Aling pagsasanay, at kailan
care-write = Isulat
