# ما تشترك فيه كل صفحات لوحة العمل.

language-name = العربية
language-direction = rtl
# ليست في أي صفحة: مثال تقوله الاختبارات.
language-sample = { $count ->
    [zero] لا حالات
    [one] <strong>حالة واحدة</strong>
    [two] حالتان
    [few] { $count } حالات
    [many] { $count } حالة
   *[other] { $count } من الحالات
} من { $name }

page-skip = انتقل إلى المحتوى
page-rooms = لوحة العمل
page-demo = عرض تجريبي: لا شيء هنا حقيقي
page-you = الموظف { $staff }، { $role }
page-lock = قفل
page-sign-out = تسجيل الخروج
page-language = اللغة
page-remedy = ما العمل:
page-slug = اسم هذا الرفض:
page-case = الحالة { $number }
page-staff = الموظف { $staff }
page-back = رجوع

way-queue = الحالات
way-streams = البثوث
way-second = نظرات ثانية
way-care = الرعاية
way-actions = الإجراءات
way-notices = البلاغات
way-keeping = الحفظ
way-legal = الإجراءات القانونية
way-reports = التقارير
way-provider = الجهة المبلِّغة
way-banks = القوائم
way-sources = المصادر
way-alarms = التنبيهات
way-figures = الأرقام
way-people = الأشخاص
way-webhooks = الإشعارات الآلية
way-audit = السجل
way-work = الأعمال
way-readiness = الجاهزية
way-retention = مدد الحفظ

role-reviewer = مراجِع
role-lead = مسؤول
role-admin = مدير النظام
role-auditor = مدقّق

script-once-more = اضغط F8 مرة أخرى لإطلاق الإنذار.
script-yes = نعم
script-no = لا
script-no-class = بلا صنف
script-class = الصنف
script-hidden = كل الصور مخفية. اضغط Escape مرة أخرى لإعادتها.
script-back = عادت الصور.
script-held = تُعرض ما دمت ضاغطًا.
script-veil = عاد الطمس.
script-whole = تُعرض كاملة بلا طمس.
script-lost = لم تعد تحجز هذه الحالة. خذها من جديد قبل أن تتابع.
