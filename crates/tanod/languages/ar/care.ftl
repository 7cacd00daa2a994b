# صفحة "الرعاية".

care-break = استراحة
care-back = العودة من الاستراحة
care-go-on = أريد أن أتابع
care-rest = لست بخير
care-take-break = خذ استراحة
care-resting = أنت لا تنظر الآن، وكل حالة كانت معك صارت مع غيرك. لا يسأل أحد عن السبب.
care-no-line = لم تقل مؤسستك مع من يمكنك التحدث. ينبغي أن يعلم مسؤولك أن هذا ناقص هنا.
care-line = من يمكنك التحدث معه:
care-seen = ما رأيته بلا حجاب
care-yours = هذه الأرقام لك. لا تعرضها أي صفحة على غيرك، ولا تقول شيئًا عن حالك.
care-when = متى
care-day = آخر 24 ساعة
care-week = آخر 7 أيام
care-uploads = الملفات
care-minutes = الدقائق، دقيقتان على الأكثر لكل نظرة
care-by-category = حسب الفئة
care-nothing = لا شيء
care-ceiling = { $files ->
    [zero] سقف اليوم لا ملفات.
    [one] سقف اليوم ملف واحد.
    [two] سقف اليوم ملفان.
    [few] سقف اليوم { $files } ملفات.
    [many] سقف اليوم { $files } ملفًا.
   *[other] سقف اليوم { $files } ملف.
}
care-ceiling-both = سقف اليوم: الملفات { $files }، الدقائق { $minutes }.
care-due = حان وقت الاستراحة حتى { $time } (UTC).
care-choices = ما لا تنظر إليه
care-choices-hint = لا تُعطى لك حالات من هذه الفئات. لا يُطلب تفسير.
care-not-for-me = ليس لي
care-keep-choice = احفظ اختياري
care-shift = تنتهي نوبتي (UTC، مثل 2026-11-24 22:00)
care-keep = احفظ
care-agreed = الموافقة والتدريب
care-agreed-on = وافقت على النظر في { $time }.
care-not-agreed = لم توافق على النظر.
care-trained-on = دُوّن تدريبك في { $time }: { $training }.
care-not-trained = لم يُدوَّن لك تدريب؛ مسؤولك يفعل ذلك.
care-what-it-is = من ينظر هنا يرى صورًا وأفلامًا لأطفال يُعتدى عليهم. بعض الناس يحملون ذلك معهم طويلًا. النظر ليس واجبًا أبدًا: يمكنك أن تتوقف، أو تختار ما لا تراه، أو تسحب موافقتك، في أي وقت ودون سبب.
care-agree-no-more = أسحب موافقتي
care-agree = أوافق على النظر
care-train = دوّن تدريب شخص
care-whose = لمن
care-which = أي تدريب، ومتى
care-write = دوّنه
