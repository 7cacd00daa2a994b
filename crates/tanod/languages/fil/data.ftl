# What deadlines (config/clocks.toml) and legal bases (config/holds.toml) ask, and when numbers (config/numbers.toml) answer. English stands in those files.

clock-us-report-danger = Mag-ulat, dahil maaaring nasa panganib ngayon ang isang bata
clock-us-report = Mag-ulat
clock-us-report-last = Mag-ulat nang hindi lalampas dito, o isulat kung bakit hindi
clock-ph-takedown = I-block o alisin ang tinutukoy ng abiso (24 na oras pa kung may nakasulat na dahilan, PH-08)
clock-ph-immunity = Ipaalam sa DOJ-OOC ang paghihigpit, upang kumilos sa ilalim ng tuntuning Good Samaritan
clock-ph-report = Iulat sa DOJ-OOC at sa kalihiman ng NCC-OSAEC-CSAEM ang na-block, na may kopya sa DICT at NTC (PH-13)
clock-ph-isp = Ipaalam sa PNP o sa NBI
clock-ph-payments-report = Mag-ulat sa DOJ-OOC
clock-ph-payments-str = Magsumite ng ulat ng kahina-hinalang transaksiyon sa AMLC
clock-uk-priority-1 = Ipaalam sa NCA, maliban kung nasa NCMEC na ito (UK-03); kung may buhay na nanganganib, tumawag sa 999 (UK-06)
clock-eu-danger = Ipaalam sa pulisya ng kinauukulang kasaping estado, o sa Europol
clock-au-removal = Alisin ang tinutukoy ng abiso ng isang awtoridad (class 1)
clock-us-intimate = Alisin ang intimong larawan pagkatapos ng balidong kahilingan, at ang mga kilalang kopya
clock-uk-intimate = Alisin ang intimong larawan at ang mga kilalang kopya
basis-pending_decision = Mula sa sandali ng pagkaalam hanggang sa may pasya, at hanggang sa tanggapin ang ulat nito
basis-us_2258a_h = 18 U.S.C. 2258A(h): ang iniulat, at ang nasa paligid nito, sa loob ng isang taon mula sa natapos na pagsusumite
basis-us_2703_f = 18 U.S.C. 2703(f): kahilingang mag-ingat, 90 araw, isang beses na napapalawig
basis-ph_content = Pilipinas, IRR 110 at 28: ang nilalaman sa loob ng isang taon mula sa transaksiyon o sa utos, alinman ang mas huli, at kalahating taon pa kapag may abiso
basis-ph_traffic = Pilipinas, IRR 110 at 28: datos ng suskritor at trapiko sa loob ng anim na buwan, at anim pa kapag may abiso
basis-ph_evidence = Pilipinas, IRR 28: ginagamit na ebidensiya, hanggang tapusin ito ng kaso o ng utos ng hukuman
basis-gb_2026_268 = United Kingdom, SI 2026/268 regulasyon 8: nilalaman, pagsusumite, paghatol at datos ng gumagamit sa loob ng isang taon mula sa pagpapadala
basis-eu_cap = European Union, mga pribadong mensahe: wala na labindalawang buwan pagkatapos matukoy ang hinala
basis-ca_mra_4 = Canada, Mandatory Reporting Act seksiyon 4: 21 araw pagkatapos maabisuhan ang pulisya, saka sisirain
basis-court = Utos ng isang hukuman, hanggang matapos ito
basis-operator = Sa operator mismo, para sa isang nakasaad na layunin at may araw kung kailan ito muling titingnan

hours-always = palagi
hours-unknown = hindi alam
hours-inside-the-country = sa loob ng bansa
hours-inside-the-union = sa loob ng Unyon
