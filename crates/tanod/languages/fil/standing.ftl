# Mga pasya ng abogado para sa lahat ng kaso kung saan nagkakasalungatan ang parehong dalawang batas.

standing-title = Mga pasya ng abogado
standing-back = Pag-iingat
standing-link = Mga pasya ng abogado na kusang lumulutas sa ganitong mga kaso
standing-why = Kung nagkakasalungatan ang dalawang batas sa bawat kaso ng isang uri, minsan lamang nagpapasya ang abogado: ang araw na dapat nang wala ito ay nagbibigay-daan sa panahong dapat itong manatili. Dalawang tao ang nagpapatupad nito, kusa itong nagtatapos, at walang nasisira nang mas maaga dahil dito. Pagkatapos nito, muling pupunta sa abogado ang ganitong mga kaso.
standing-none = Wala pang pinagpasyahan ang abogado para sa higit sa isang kaso.
standing-says = Nagbibigay-daan ang { $yields } sa { $keeps }
standing-state = Kalagayan
standing-state-waits = naghihintay ng ikalawang tao
standing-state-force = ipinatutupad
standing-state-over = tapos na
standing-until = Hanggang
standing-counsel = Abogado, pangalan at katungkulan
standing-grounds = Batayan, kasama ang batas
standing-people = Isinulat
standing-one = ng kawani { $first }
standing-two = ng kawani { $first }, ipinatupad ng kawani { $second }
standing-approve = Ipatupad ito
standing-end = Tapusin na ito
standing-new = Magsulat ng pasya
standing-yields = Ang nagbibigay-daan: ang araw na dapat nang wala ito
standing-keeps = Ang nagpapanatili nang mas matagal
standing-day = Hanggang anong araw, hindi lalampas ng isang taon
standing-write = Isulat ito
