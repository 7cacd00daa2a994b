# هل يعمل كل جزء.

readiness-title = الجاهزية
readiness-ready = تُفحص الملفات المرفوعة: القوائم محمّلة وحديثة، والعلامة التجريبية تُعثر، وقارئ الوسائط وقاعدة البيانات يجيبان.
readiness-not = لا تُفحص الملفات المرفوعة الآن:
readiness-parts = كل الأجزاء
readiness-part = الجزء
readiness-stands = الحال
readiness-says = ما وُجد
readiness-good = سليم
readiness-bad = معطل
readiness-look = جرّب كل الأجزاء الآن
readiness-again = جرّب كل الأجزاء مرة أخرى
readiness-words = يقرأ السجل كله، ويكتب كائنًا واحدًا ويقرؤه ويحذفه. ويقول tanod doctor على الجهاز الشيء نفسه.
