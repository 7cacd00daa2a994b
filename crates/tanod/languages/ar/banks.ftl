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
bank-make = أنشئ قائمة
bank-name = اسمها
bank-keeper = من يحفظها
bank-made-off = لا تطابق القائمة الجديدة شيئًا حتى ترى ما فيها وتشغّلها.
bank-make-do = أنشئها
bank-within = أبعد مسافة تُعدّ مطابقة، بالبتات من 256
bank-holds = ما في الملف
bank-holds-good = لم يُحفظ شيء بعد. الاستيراد يأخذ كل صف.
bank-holds-bad = لم يُحفظ شيء، ولن يأخذ الاستيراد منه شيئًا: أصلح أولًا الصفوف أدناه.
bank-rows = الصفوف
bank-rows-new = جديدة على هذه القائمة
bank-rows-known = في هذه القائمة من قبل
bank-rows-off = منها مُطفأ؛ ويبقى كذلك
bank-rows-twice = مرتان في الملف
bank-rows-refused = لا يُقرأ
bank-faults = صفوف لا تؤخذ
bank-row = الصف { $row }:
bank-elsewhere = قوائم أخرى فيها بعض هذه البصمات عينها
bank-elsewhere-none = لا شيء.
bank-same-file = الملف نفسه مرة أخرى؛ ويُرفض غيره
bank-import = { $count ->
    [zero] لا صف للاستيراد
    [one] استورد صفًا واحدًا
    [two] استورد صفين
    [few] استورد { $count } صفوف
    [many] استورد { $count } صفًا
   *[other] استورد { $count } صف
}
bank-would = ما كانت ستطابقه
bank-would-found = ضمن { $within } بت: { $found } من أحدث { $uploads } ملف مرفوع.
bank-would-unknown = { $count ->
    [zero] عرفت قائمة أخرى كل واحد منها.
    [one] واحد منها لم تعرفه أي قائمة.
    [two] اثنان منها لم تعرفهما أي قائمة.
    [few] { $count } منها لم تعرفها أي قائمة.
    [many] { $count } منها لم تعرفها أي قائمة.
   *[other] { $count } منها لم تعرفها أي قائمة.
}
bank-would-from = وصلت من { $from } إلى { $to } UTC.
bank-would-older = لم تُجرَّب على ما هو أقدم.
bank-would-more = جُرّب من القائمة { $entries } قيد؛ وفيها المزيد.
bank-would-upright = تُضاف إليها النسخ المدارة والمعكوسة وذات الإطار: لا يُحفظ مما وصل من قبل إلا الصورة كما كانت.
bank-distance = البتات المختلفة
bank-uploads = الملفات المرفوعة
bank-cases = الحالات
bank-exact = البايتات عينها
bank-which = أيها، الأقرب أولًا
bank-try = جرّبها
bank-try-what = ما كانت ستطابقه مما رُفع مؤخرًا، من البصمات المحفوظة. لا يتغير شيء، ولا تُعرض صورة، ويُسجَّل أنها جُرّبت.
bank-try-do = جرّب
bank-present = لتستورد إلى هذه القائمة أو تشغّلها أو تطفئها، <a>قل أولًا من أنت</a>.
bank-import-title = استيراد
bank-file = ملف فيه صفوف، CSV ⁦(signal,value,…)⁩ أو NDJSON
bank-preview = انظر ما فيه
bank-act = ما تفعله
bank-act-legend = من الآن
bank-act-match = تطابق، ومطابقاتها تُنشئ حالات حيث يقتضي نوعها
bank-act-count = تُعدّ مطابقاتها ولا يتبعها شيء
bank-act-off = لا تطابق شيئًا
bank-act-do = افعل ذلك
