# ما يُطلب من المنصة، ومن أُبلغ غيرُها بالحالة.

action-title = الإجراءات
action-which = أيّ الإجراءات
action-all = الكل
action-none = لا شيء هنا.
action-older = إجراءات أقدم
action-of-case = إجراءات الحالة { $number }
action-case = الحالة { $number }
action-none-yet = لم يُطلب من المنصة شيء بعد.
action-what = ماذا
action-to = على ماذا
action-state = الوضع
action-asked-at = طُلب في (UTC)
action-settled-at = حُسم في (UTC)

action-kind-hide = إخفاء المحتوى
action-kind-block-reupload = رفض هذه الملفات إذا رُفعت مجددًا
action-kind-suspend = تعليق الحساب
action-kind-reinstate = التراجع عن تقييد
action-kind-other-copies = البحث عن النسخ الأخرى وإخفاؤها
action-kind-stop-stream = إيقاف البث
action-kind-user-notice = إشعار للمستخدم
action-for-good = تعليق الحساب نهائيًا
action-notice-none = إشعار للمستخدم: لا شيء
action-notice-neutral = إشعار للمستخدم: محايد
action-notice-full = إشعار للمستخدم: كامل
action-undoes = يتراجع عن إجراء سابق.

action-to-account = الحساب { $account }
action-to-content = المحتوى { $content }
action-to-files = { $count ->
    [zero] لا ملفات
    [one] ملف واحد
    [two] ملفان
    [few] { $count } ملفات
    [many] { $count } ملفًا
   *[other] { $count } ملف
}

action-tab-waiting = ينتظر
action-tab-sent = طُلب من المنصة
action-tab-acknowledged = نُفّذ
action-tab-failed = لم يُنفّذ
action-tab-cancelled = أُلغي
action-state-waiting = ينتظر
action-waits-hold = ينتظر حتى يُحفظ كل شيء
action-waits-context = ينتظر حتى تقول المنصة ما تعرفه
action-waits-snapshot = ينتظر حتى يُختم من يشاركون
action-waits-report = ينتظر حتى يُقبل التقرير
action-waits-delay = ينتظر حتى ينتهي تأجيله
action-state-sent = طُلب من المنصة
action-state-acknowledged = نُفّذ
action-state-failed = لم يُنفّذ
action-state-cancelled = أُلغي
action-overdue = لا رد منذ ساعة
action-times = { $count ->
    [zero] لم يُطلب
    [one] طُلب مرة واحدة
    [two] طُلب مرتين
    [few] طُلب { $count } مرات
    [many] طُلب { $count } مرة
   *[other] طُلب { $count } مرة
}
action-delay-approved = يُبلَّغ لاحقًا: حتى { $until } UTC، وقد أُقرّ
action-delay-open = يُبلَّغ لاحقًا: حتى { $until } UTC، ولم يقرّه أحد بعد: يدوم يومًا واحدًا
action-approve-delay = إقرار التأجيل
action-done = تم تنفيذه
action-done-what = تم تنفيذه: { $what }
action-took = بعد { $minutes } د { $seconds } ث

action-ask = اطلب من المنصة
action-order = لكل إجراء دوره: يُحفظ كل شيء ويُسمع السياق قبل تقييد أي شيء، ويُبلَّغ المستخدمون أخيرًا. ويمكن التراجع عن التقييدات.
action-good = تعليق نهائي
action-undo-which = للتراجع: عن أيّ إجراء
action-for-notice = لإشعار المستخدم
action-told = ما الذي يُقال
action-tell-none = لا شيء، ولا حتى بحسب عادتكم
action-tell-neutral = محايد: أن القواعد خُرقت، دون ذكر أيّها
action-tell-full = كامل: ما الذي قُيّد ولماذا وكيف يُعترض
action-later = يُبلَّغ بعد هذا العدد من الأيام (يقرّه شخص ثانٍ)
action-basis = على أيّ أساس قانوني
action-reason = السبب (لا تراه المنصة)
action-press = اطلبه

filing-title = ما أُبلغت به سلطات أخرى
filing-why = ما يطلبه قانون بلدكم إلى جانب التقرير: دوّنوا من أبلغتم فتتوقف مواعيده.
filing-one = ‏{ $authority }، رقم { $number }، { $at } UTC
filing-authority = السلطة، كما يسمّيها موعدها
filing-number = الرقم الذي أعطته
filing-at = متى (UTC)
filing-receipt = بماذا أجابت
filing-write = دوّنه
