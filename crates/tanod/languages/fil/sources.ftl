# Ang pahinang "Mga pinagmulan": kung saan galing ang mga listahan at panugma.

sources-intro = Kung saan galing ang mga listahan at panugma. Ang “unknown” ay nangangahulugang walang pampublikong tekstong nagsasabi nito. Ang lagay ay ang sinabi ng isang tao rito; wala itong binubuhay.
sources-state = <strong>Lagay dito:</strong> { $state }
sources-state-of = Lagay ng { $source } dito
sources-who = Sino ang maaaring kumuha
sources-cost = Magkano
sources-takes = Gaano katagal
sources-matches = Ano ang tinutugma
sources-ask = Paano humingi
sources-cites = Kung saan ito nakasaad
sources-set = Sabihin

source-state-none = wala pang nagawa
source-state-applied = hiniling na
source-state-waiting = ibinigay na, hindi pa ginagamit
source-state-on = ginagamit
