# Mga bahagi ng pahina; sa demo lamang.

style-title = Mga bahagi ng pahina
style-words = Bawat bahagi ay katabi ng pangalang ginagamit ng template. Sumusunod ang liwanag at dilim sa sistema ng bumabasa, at ang direksiyon sa wika.
style-colours = Mga kulay
style-type = Titik
style-sample = Isang tahimik na linya ng mga salita.
style-buttons = Mga pindutan
style-do = Gawin ito
style-quiet = Gumawa ng mas maliit
style-key = May susi sa keyboard
style-forms = Mga form
style-field = Isang patlang
style-rule = Ang inaasahan, bago i-type.
style-choice = Isang pagpili
style-tables = Mga talahanayan at tanda
style-priority = Priyoridad
style-time = Oras (UTC)
style-said = Ang sinasabi
style-fault = Ang mali, at ang gagawin dito.
style-done = Ang nagawa.
style-veil = Ang tabing
style-veil-words = Malabo, abo at maliit ang mga larawan, bilang bagong pixel; walang katabi ang ebidensiya na hindi kailangan.
style-veil-picture = Kapalit ng larawang may tabing
