# Ang dingding ng mga stream, at ang pahina ng isa.

streams-running = Mga tumatakbong stream lamang
streams-all = Pati mga stream na tapos na
streams-none = Walang ibinalitang stream na maipapakita rito.
streams-order = Mga stream: una ang sa mga agarang kaso, saka ang pinakabago
streams-stream = Stream
streams-account = Account
streams-standing = Kalagayan
streams-since = Mula (UTC)
streams-until = Hanggang (UTC)
streams-events = Mga pangyayari
streams-case = Kaso
streams-older = Mga mas lumang stream
streams-not-watched = Hindi pinanonood dito ang larawan ng mga stream: ang ipinakikita ay ang sinasabi ng platform at ng mga tao.
streams-one = Stream { $stream }
streams-seen-at = Nakikita sa
streams-took-part = Mga lumahok
streams-sealed = Huling isinelyo (UTC)
streams-not-sealed = Hindi pa isinelyo
streams-context = Kung sino ang lumahok, at ang isinulat
streams-act = Itigil
streams-reason = Dahilan (hindi ito nakikita ng platform)
streams-stop = Itigil ang stream na ito
streams-stop-order = Isiniselyo muna ang lahat ng lumalahok; saka hinihiling sa platform na itigil ito.
streams-resume = Ipagpatuloy ito
streams-over = Tapos na ito; wala nang ititigil.
streams-payers = Kung sino ang nagbayad
streams-payments = Mga bayad
streams-amount = Kabuuan, sa pinakamaliit na yunit
streams-timeline = Ang nangyari, una ang pinakahuli
streams-quiet = Wala pang isinumbong, binayaran o nahanap.
streams-when = Kailan (UTC)
streams-what = Ano
streams-words = Mga salita

stream-state-live = Tumatakbo
stream-state-ended = Tapos na

stream-event-report = Isinumbong
stream-event-payment = Nagbayad
stream-event-classifier = Isang classifier
stream-cause-report = Inilapit sa isang tao: sumbong
stream-cause-rule = Inilapit sa isang tao: tuntunin
stream-cause-frames = Inilapit sa isang tao: mga kuwadrong kilala ng isang listahan
stream-cause-stop = Inilapit sa isang tao: pagtigil

stream-stop-waiting = Hiniling ang pagtigil, at naghihintay hanggang maisara ang selyo ng lahat.
stream-stop-sent = Hinihiling sa platform na itigil ito.
stream-stop-acknowledged = Itinigil na ito ng platform.
stream-stop-failed = Sinasabi ng platform na hindi ito naitigil.
