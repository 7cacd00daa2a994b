# أجزاء الصفحة؛ في العرض التجريبي فقط.

style-title = أجزاء الصفحة
style-words = كل جزء بجانب الاسم الذي يطلبه به القالب. الفاتح والداكن يتبعان نظام القارئ، والاتجاه يتبع اللغة.
style-colours = الألوان
style-type = الخط
style-sample = سطر هادئ من الكلمات.
style-buttons = الأزرار
style-do = نفّذ
style-quiet = افعل ما هو أقل
style-key = بمفتاح من لوحة المفاتيح
style-forms = النماذج
style-field = حقل
style-rule = ما هو متوقع، قبل كتابته.
style-choice = اختيار
style-tables = الجداول والشارات
style-priority = الأولوية
style-time = الوقت (UTC)
style-said = ما يُقال
style-fault = ما الخطأ، وما العمل.
style-done = ما أُنجز.
style-veil = الحجاب
style-veil-words = تأتي الصور مموّهة ورمادية وصغيرة، ببكسلات جديدة؛ ولا يقف بجانب الدليل ما لا حاجة إليه.
style-veil-picture = مكان صورة محجوبة
