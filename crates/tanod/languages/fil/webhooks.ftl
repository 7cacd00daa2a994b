# Ang pahinang "Mga webhook": kung ano ang sinasabi sa platform, at ang hindi nakarating.

webhooks-endpoints = Mga endpoint
webhooks-none = Walang endpoint sa mga setting, kaya walang naririnig ang inyong platform. Maglagay ng isa sa <code>[[webhooks]]</code>.
webhooks-name = Pangalan
webhooks-address = Address
webhooks-wants = Gusto
webhooks-everything = lahat
webhooks-ping = Magpadala ng ping sa bawat isa
webhooks-deliveries = Mga paghahatid
webhooks-which = Aling mga paghahatid
webhooks-no-delivery = Wala rito. Nalilimutan ang naihatid makaraan ang 30 araw.
webhooks-newest = Mga paghahatid, pinakabago muna
webhooks-event = Pangyayari
webhooks-to = Kanino
webhooks-written = Isinulat (UTC)
webhooks-state = Lagay
webhooks-tries = Mga pagsubok
webhooks-trouble = Problema
webhooks-next = { $state }, susunod na pagsubok { $time }
webhooks-again = Ipadala muli
webhooks-again-what = Ipadala muli ang { $event } ng { $time }
webhooks-older = Mas lumang mga paghahatid

delivery-state-all = Lahat
delivery-state-waiting = Naghihintay
delivery-state-delivered = Naihatid
delivery-state-dead = Isinuko
