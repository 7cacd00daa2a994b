# صفحة "الجهة المبلِّغة": من هو المشغّل في كل تقرير.

provider-title = من أنتم في كل تقرير
provider-missing = <strong>لا يمكن إعداد أي تقرير بعد.</strong> يطلب القانون 18 U.S.C. 2258A(a)(1)(B): { $items }.
provider-advice = يبحث الضباط أيضًا عن: { $items }.
provider-needed = (لازم)
provider-set = ليُقل هذا من التقرير التالي
provider-who = يغيّر هذا مسؤول أو مدير النظام.
provider-officer = كما يقرؤه الضابط

provider-platform = اسم المنصة
provider-hint-platform = كاملًا كما يعرفه الضباط.
provider-first-name = جهة الاتصال: الاسم الأول أو الدور
provider-hint-first-name = يسأل الضباط عن شخص. الدور يبقى وإن تغيّر الموظفون.
provider-last-name = جهة الاتصال: اسم العائلة أو الفريق
provider-hint-last-name = { "" }
provider-email = البريد الإلكتروني
provider-hint-email = صندوق بريد مشترك يقرؤه أحد كل يوم. يكتب إليه NCMEC؛ سجّله لدى espteam@ncmec.org.
provider-mailing-address = العنوان البريدي
provider-hint-mailing-address = إلى حيث تذهب الرسائل والإجراءات القانونية الورقية.
provider-telephone = الهاتف
provider-hint-telephone = مع رمز الدولة.
provider-facsimile = الفاكس
provider-hint-facsimile = لا تزال بعض المحاكم تستخدمه.
provider-no-facsimile-because = إن لم يوجد فاكس: لماذا
provider-hint-no-facsimile-because = مثلًا: لم يكن لدينا قط.
provider-night-contact = بمن يُتصل في أي ساعة
provider-hint-night-contact = الضابط الذي لديه طفل في خطر لا يستطيع انتظار الصباح.
provider-retention = كم تحفظون أي بيانات
provider-hint-retention = مثلًا: عناوين تسجيل الدخول 90 يومًا؛ وما بُلّغ عنه سنة.
provider-company-template = كيف تُقدَّم الإجراءات القانونية
provider-hint-company-template = ما تحتاجون إليه: أي بوابة وأي نموذج وبماذا تجيبون بدونه.
provider-legal-url = صفحة فيها الشيء نفسه
provider-hint-legal-url = https://…
provider-terms-of-service = القاعدة التي خولفت
provider-hint-terms-of-service = الجملة في شروطكم التي تمنع ذلك.
