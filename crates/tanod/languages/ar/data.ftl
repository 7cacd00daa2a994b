# What deadlines (config/clocks.toml) and legal bases (config/holds.toml) ask, and when numbers (config/numbers.toml) answer. English stands in those files.

clock-us-report-danger = الإبلاغ، لأن طفلًا قد يكون في خطر الآن
clock-us-report = الإبلاغ
clock-us-report-last = الإبلاغ كحد أقصى، أو تدوين سبب عدم الإبلاغ
clock-ph-takedown = حجب ما يسميه البلاغ أو إزالته (24 ساعة أخرى بسبب مكتوب، PH-08)
clock-ph-immunity = إخطار DOJ-OOC بالتقييد، للعمل وفق قاعدة Good Samaritan
clock-ph-report = إبلاغ DOJ-OOC وأمانة NCC-OSAEC-CSAEM بما حُجب، مع نسخ إلى DICT وNTC (PH-13)
clock-ph-isp = إخطار PNP أو NBI
clock-ph-payments-report = إبلاغ DOJ-OOC
clock-ph-payments-str = تقديم تقرير معاملة مشبوهة إلى AMLC
clock-uk-priority-1 = إخطار NCA ما لم يكن عند NCMEC (UK-03)؛ وعند خطر على حياة يُتصل بالرقم 999 (UK-06)
clock-eu-danger = إخطار شرطة الدولة العضو المعنية أو Europol
clock-au-removal = إزالة ما يسميه إشعار سلطة (class 1)
clock-us-intimate = إزالة صورة حميمة بعد طلب صحيح، والنسخ المعروفة
clock-uk-intimate = إزالة صورة حميمة والنسخ المعروفة
basis-pending_decision = من لحظة العلم حتى صدور قرار، وحتى قبول بلاغه
basis-us_2258a_h = 18 U.S.C. 2258A(h): ما أُبلغ عنه وما يحيط به، لمدة سنة من اكتمال التقديم
basis-us_2703_f = 18 U.S.C. 2703(f): طلب حفظ، 90 يومًا، يُجدد مرة واحدة
basis-ph_content = الفلبين، IRR 110 و28: المحتوى لمدة سنة من المعاملة أو من الأمر، أيهما أبعد، ونصف سنة أخرى عند الإشعار
basis-ph_traffic = الفلبين، IRR 110 و28: بيانات المشترك والحركة لمدة ستة أشهر، وستة أخرى عند الإشعار
basis-ph_evidence = الفلبين، IRR 28: مستخدَم دليلًا، حتى تنهيه القضية أو أمر محكمة
basis-gb_2026_268 = المملكة المتحدة، SI 2026/268 البند 8: المحتوى والتقديم والحكم وبيانات المستخدم لمدة سنة من الإرسال
basis-eu_cap = الاتحاد الأوروبي، الرسائل الخاصة: تزول بعد اثني عشر شهرًا من تحديد الشبهة
basis-ca_mra_4 = كندا، Mandatory Reporting Act المادة 4: 21 يومًا بعد إخطار الشرطة، ثم تُتلف
basis-court = أمر محكمة، حتى ينتهي
basis-operator = حفظ خاص بالمشغّل، لغرض مذكور وبيوم يُراجع فيه من جديد

hours-always = دائمًا
hours-unknown = غير معروف
hours-inside-the-country = داخل البلد
hours-inside-the-union = داخل الاتحاد
