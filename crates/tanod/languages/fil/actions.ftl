# Ang hinihiling sa platform, at kung sino pa ang nasabihan tungkol sa kaso.

action-title = Mga aksiyon
action-which = Aling mga aksiyon
action-all = Lahat
action-none = Walang narito.
action-older = Mga mas lumang aksiyon
action-of-case = Mga aksiyon ng kaso { $number }
action-case = Kaso { $number }
action-none-yet = Wala pang hinihiling sa platform.
action-what = Ano
action-to = Saan
action-state = Kalagayan
action-asked-at = Hiniling (UTC)
action-settled-at = Natapos (UTC)

action-kind-hide = Itago ang nilalaman
action-kind-block-reupload = Tanggihan ang mga file na ito kapag muling dumating
action-kind-suspend = Suspindihin ang account
action-kind-reinstate = Bawiin ang isang paghihigpit
action-kind-other-copies = Hanapin at itago ang iba pang kopya
action-kind-stop-stream = Itigil ang stream
action-kind-user-notice = Paabiso sa user
action-for-good = Suspindihin ang account nang tuluyan
action-notice-none = Paabiso sa user: wala
action-notice-neutral = Paabiso sa user: walang detalye
action-notice-full = Paabiso sa user: buo
action-undoes = Binabawi nito ang isang nauna.

action-to-account = account { $account }
action-to-content = nilalaman { $content }
action-to-files = { $count ->
    [one] { $count } file
   *[other] { $count } na file
}

action-tab-waiting = Naghihintay
action-tab-sent = Hiniling sa platform
action-tab-acknowledged = Nagawa
action-tab-failed = Hindi nagawa
action-tab-cancelled = Kinansela
action-state-waiting = naghihintay
action-waits-hold = naghihintay hanggang maingatan ang lahat
action-waits-context = naghihintay hanggang sabihin ng platform ang nalalaman nito
action-waits-snapshot = naghihintay hanggang maselyuhan kung sino ang mga kalahok
action-waits-report = naghihintay hanggang tanggapin ang ulat
action-waits-delay = naghihintay hanggang matapos ang pagkaantala
action-state-sent = hiniling sa platform
action-state-acknowledged = nagawa
action-state-failed = hindi nagawa
action-state-cancelled = kinansela
action-overdue = walang sagot nang isang oras
action-times = { $count ->
    [one] hiniling nang { $count } beses
   *[other] hiniling nang { $count } na beses
}
action-delay-approved = Sasabihin sa ibang araw: hanggang { $until } UTC, inaprubahan
action-delay-open = Sasabihin sa ibang araw: hanggang { $until } UTC, wala pang nag-aapruba: tatagal ito nang isang araw
action-approve-delay = Aprubahan ang pagkaantala
action-done = Nagawa na
action-done-what = Nagawa na: { $what }
action-took = pagkaraan ng { $minutes } min { $seconds } s

action-ask = Humiling sa platform
action-order = May pagkakasunod-sunod ang bawat isa: iniingatan muna ang lahat at pinakikinggan ang konteksto bago higpitan ang anuman, at huling sinasabihan ang mga user. Maaaring bawiin ang mga paghihigpit.
action-good = Pagsuspinde nang tuluyan
action-undo-which = Kung babawiin: alin
action-for-notice = Para sa paabiso sa user
action-told = Ano ang sasabihin
action-tell-none = Wala, kahit sa sarili ninyong nakagawian
action-tell-neutral = Walang detalye: na may nilabag na tuntunin, hindi kung alin
action-tell-full = Buo: ano ang hinigpitan, bakit, at paano umapela
action-later = Sasabihin pagkaraan ng ganito karaming araw (inaaprubahan ng ikalawang tao)
action-basis = Sa anong legal na batayan
action-reason = Dahilan (hindi ito nakikita ng platform)
action-press = Hilingin ito

filing-title = Nasabihang ibang awtoridad
filing-why = Ang hinihingi ng batas ng inyong bansa bukod sa ulat: isulat kung sino ang sinabihan ninyo, at titigil ang mga orasan nito.
filing-one = { $authority }, numero { $number }, { $at } UTC
filing-authority = Awtoridad, ayon sa pangalan sa orasan nito
filing-number = Numerong ibinigay nito
filing-at = Kailan (UTC)
filing-receipt = Ano ang isinagot nito
filing-write = Isulat ito
