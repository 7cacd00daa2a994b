# القوائم: ما تجري المقارنة به، وتنحية قائمة.

bank-title = القوائم
bank-untold = يجب إبلاغهم بأن قائمة كانت خاطئة
bank-means = بأيّ وسيلة
bank-told-words = ما قيل، ومرجعهم
bank-told = أُبلغوا
bank-none = لا توجد قائمة بعد، لذلك كل ملف مرفوع هو <code>unscanned: no_list</code>. <a>من أين تأتي القوائم</a>
bank-list = القائمة
bank-of = بماذا
bank-from = من
bank-licence = الترخيص
bank-entries = القيود
bank-as-of = بتاريخ (UTC)
bank-state = الوضع
bank-wrong = خاطئة؟
bank-kind-csam = مواد إساءة
bank-kind-exploitative = استغلالية، للمراجعة فقط
bank-kind-ncii-adult = صور البالغين الخاصة
bank-kind-own-unconfirmed = ما وجدناه بأنفسنا، غير مؤكد
bank-kind-exception = إنذارات كاذبة معروفة
bank-kind-test = للتجربة
bank-licence-own = لنا
bank-licence-shareable = يجوز تمريرها
bank-licence-restricted = للمطابقة فقط
bank-state-aside = مُنحّاة: لا تطابق شيئًا
bank-state-counted = تُعدّ فقط
bank-state-used = مستعملة
bank-set-aside = تنحية { $name }
bank-aside-title = تنحية قائمة
bank-all = كل القوائم
bank-touches = ما الذي ستمسّه
bank-matches-no-more = لا تطابق القائمة شيئًا بعد الآن حتى يعيد أحد تفعيلها. وما وجدته يبقى مسجلًا.
bank-matches-none = لا تطابق القائمة شيئًا أصلًا. وما وجدته يبقى مسجلًا.
bank-reopens = { $count ->
    [zero] لا قرار يقوم عليها وحدها: لا حالة تُفتح من جديد.
    [one] حالة واحدة تقوم عليها وحدها وتُفتح من جديد.
    [two] حالتان تقومان عليها وحدها وتُفتحان من جديد.
    [few] { $count } حالات تقوم عليها وحدها وتُفتح من جديد.
    [many] { $count } حالة تقوم عليها وحدها وتُفتح من جديد.
   *[other] { $count } حالة تقوم عليها وحدها وتُفتح من جديد.
}
bank-filed = { $count ->
    [zero] لا تقرير مقدَّم يقوم عليها.
    [one] تقرير واحد يقوم عليها قُدّم ولا يمكن سحبه: يجب إبلاغ من تسلّمه.
    [two] تقريران يقومان عليها قُدّما ولا يمكن سحبهما: يجب إبلاغ من تسلّمهما.
    [few] { $count } تقارير تقوم عليها قُدّمت ولا يمكن سحبها: يجب إبلاغ من تسلّمها.
    [many] { $count } تقريرًا يقوم عليها قُدّم ولا يمكن سحبه: يجب إبلاغ من تسلّمه.
   *[other] { $count } تقرير يقوم عليها قُدّم ولا يمكن سحبه: يجب إبلاغ من تسلّمه.
}
bank-passed-to-nobody = لم تُمرَّر من هنا إلى أحد.
bank-passed-on = مُرِّرت، ويجب إبلاغ هؤلاء:
bank-left = { $count ->
    [zero] لا تبقى قائمة أخرى لمواد الإساءة مستعملة: كل ملف مرفوع سيكون بلا فحص.
    [one] تبقى قائمة أخرى واحدة لمواد الإساءة مستعملة.
    [two] تبقى قائمتان أخريان لمواد الإساءة مستعملتين.
    [few] تبقى { $count } قوائم أخرى لمواد الإساءة مستعملة.
    [many] تبقى { $count } قائمة أخرى لمواد الإساءة مستعملة.
   *[other] تبقى { $count } قائمة أخرى لمواد الإساءة مستعملة.
}
bank-which-cases = أيّ الحالات
bank-why = لماذا هي خاطئة
bank-press = نحِّها
