# Ang pahinang "Nag-uulat": kung sino ang nagpapatakbo ayon sa bawat ulat.

provider-title = Kung sino kayo ayon sa bawat ulat
provider-missing = <strong>Wala pang magagawang ulat.</strong> Hinihingi ng 18 U.S.C. 2258A(a)(1)(B): { $items }.
provider-advice = Hinahanap din ng mga opisyal: { $items }.
provider-needed = (kailangan)
provider-set = Ganito na mula sa susunod na ulat
provider-who = Pinuno o tagapangasiwa ang nagbabago nito.
provider-officer = Ayon sa nababasa ng opisyal

provider-platform = Pangalan ng platform
provider-hint-platform = Buo, ayon sa pagkakakilala ng mga opisyal.
provider-first-name = Taong kokontakin: pangalan, o ang papel
provider-hint-first-name = May hinahanap na tao ang mga opisyal. Nananatili ang papel kahit magpalit ng kawani.
provider-last-name = Taong kokontakin: apelyido, o ang pangkat
provider-hint-last-name = { "" }
provider-email = E-mail
provider-hint-email = Pinagsasaluhang mailbox na may bumabasa araw-araw. Dito sumusulat ang NCMEC; irehistro ito sa espteam@ncmec.org.
provider-mailing-address = Adres sa koreo
provider-hint-mailing-address = Kung saan ipinadadala ang mga sulat at prosesong legal na nasa papel.
provider-telephone = Telepono
provider-hint-telephone = Kasama ang code ng bansa.
provider-facsimile = Facsimile
provider-hint-facsimile = Ginagamit pa ito ng ilang hukuman.
provider-no-facsimile-because = Kung walang facsimile: bakit
provider-hint-no-facsimile-because = Halimbawa: hindi kami nagkaroon nito kailanman.
provider-night-contact = Kung sino ang tatawagan anumang oras
provider-hint-night-contact = Hindi makapaghihintay ng umaga ang opisyal na may batang nasa panganib.
provider-retention = Gaano katagal itinatago ang aling datos
provider-hint-retention = Halimbawa: mga address ng pag-log in nang 90 araw; ang naiulat nang isang taon.
provider-company-template = Paano ihahatid ang prosesong legal
provider-hint-company-template = Ang kailangan ninyo: aling portal, aling form, ano ang isinasagot ninyo kung wala ito.
provider-legal-url = Pahinang may ganito ring laman
provider-hint-legal-url = https://…
provider-terms-of-service = Ang tuntuning nilabag
provider-hint-terms-of-service = Ang pangungusap sa inyong mga tuntunin na nagbabawal nito.
