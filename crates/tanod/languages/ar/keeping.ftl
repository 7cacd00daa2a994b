# الحفظ والمستشار والإتلاف: ما يُحفظ وبأي قانون وإلى متى.

keeping-of = حفظ الحالة { $number }
keeping-intro = ما يُحفظ، وبأي قانون، وإلى متى. لا يُقصَّر حفظ أبدًا؛ المتناقض يذهب إلى المستشار القانوني، وما أطلقه كل حفظ يُتلف بشهادة.
keeping-waiting = ينتظر شخصًا ثانيًا
keeping-nothing = لا شيء.
keeping-none = لا يوجد.
keeping-asked-by = طلبه { $who }، { $time } UTC:
keeping-counsel = لدى المستشار القانوني
keeping-counsel-hint = إلى أن يُطلق شخصان ما يتراجع يبقى كل شيء (US-42, EV-20). اسأل المستشار أي قانون يغلب هنا، ثم اطلب أدناه إطلاق الحفظ الآخر مع سبب المستشار.
keeping-no-conflict = لا أسس تناقض بعضها.
keeping-conflict-since = منذ { $time } UTC؛ لا يذهب منه شيء في هذه الأثناء (EV-20)
keeping-requests = طلبات الحفظ، الأقرب انتهاءً أولًا
keeping-case = الحالة
keeping-asked = طلبه
keeping-law = القانون
keeping-ends = ينتهي (UTC)
keeping-renewable = { $days ->
    [zero] لا يمكن تجديده
    [one] يمكن تجديده يومًا واحدًا
    [two] يمكن تجديده يومين
    [few] يمكن تجديده { $days } أيام
    [many] يمكن تجديده { $days } يومًا
   *[other] يمكن تجديده { $days } يوم
}
keeping-renew = { $days ->
    [zero] لا تجديد
    [one] جدّده يومًا واحدًا
    [two] جدّده يومين
    [few] جدّده { $days } أيام
    [many] جدّده { $days } يومًا
   *[other] جدّده { $days } يوم
}
keeping-reviews = ما يُحفظ مدة أطول، الأقرب مراجعةً أولًا
keeping-for = لماذا
keeping-owner = من يُسأل عنه
keeping-review = يُراجع (UTC)
keeping-until = حتى (UTC)
keeping-since = منذ (UTC)
keeping-cases = الحالات المحفوظة
keeping-fate = ما مصيره
keeping-under = بموجب
keeping-older = الأقدم

keeping-fate-unheld = لا شيء يبقيه
keeping-fate-open = يبقى حتى يأتي ما ينتظره
keeping-fate-held = يبقى حتى { $until } UTC
keeping-fate-due = يذهب: انتهى كل حفظ، وآخرها في { $since } UTC
keeping-fate-conflict-open = يجب أن يزول قبل { $gone } UTC، ونهايته غير معروفة: لدى المستشار
keeping-fate-conflict = يجب أن يزول قبل { $gone } UTC ويبقى حتى { $until } UTC: لدى المستشار

keeping-holds = أوامر الحفظ
keeping-ended = انتهى { $time }
keeping-open = جاء ما ينتظره
keeping-no-least = لا حد أدنى للمدة
keeping-gone-by = يزول قبل (UTC)
keeping-longer = لمدة أطول
keeping-keep-longer = احفظه مدة أطول
keeping-day = حتى نهاية (UTC)
keeping-what-for = لماذا (US-34)
keeping-purpose-prevent-exploitation = لمنع استغلال الأطفال جنسيًا عبر الإنترنت
keeping-purpose-reduce-exploitation = للحد من استغلال الأطفال جنسيًا عبر الإنترنت
keeping-review-on = يُراجع في
keeping-give-way = اطلب أن يتراجع
keeping-why = لماذا؛ يقرؤه شخص ثانٍ ويجيب
keeping-ask = اطلب إطلاقه
keeping-settle = ما يبتّ فيه شخصان
keeping-agree = أوافق بصفتي الشخص الثاني
keeping-refuse = ارفضه
keeping-another = يجيب عنه مسؤول آخر.
keeping-agreed = وافق { $who }، { $time } UTC
keeping-refused = رفض { $who }، { $time } UTC
keeping-command-line = سطر الأوامر
keeping-gives-way = يتراجع الحفظ بموجب { $law }: { $why }
keeping-destroyed = تُتلف صورة كما طلبت { $agency } ({ $reference })
keeping-not-there = شيء لم يعد موجودًا

keeping-place = ضع حفظًا
keeping-basis = على أي أساس
keeping-who-asked = من طلبه (ليس لحفظك أنت)
keeping-reference = بأي مرجع
keeping-from = منذ (UTC؛ اليوم إن تُرك فارغًا)
keeping-to = حتى نهاية (UTC؛ فقط حيث يتركه الأساس مفتوحًا)
keeping-own-for = لأي غرض حفظك أنت (US-34)
keeping-not-own = ليس حفظي أنا
keeping-own-review = يُراجع حفظك أنت في
keeping-place-it = ضعه

keeping-orders = طلبات الشرطة لإتلاف صورة
keeping-order-line = { $state }. ورد { $time } UTC؛ تحقق منه { $who }:
order-state-waiting = ينتظر شخصًا ثانيًا
order-state-done = نُفّذ
order-state-refused = رُفض
keeping-take-order = خذ طلبًا كهذا
keeping-order-hint = تأكد أولًا ممن يطلب عبر رقم من مصدر رسمي. يرى شخص ثانٍ كل حفظ يقف ضده. ما يقوله التقرير بالكلمات يُحفظ (18 U.S.C. 2258B(c)(2), US-41).
keeping-upload = أي ملف
keeping-agency = الجهة
keeping-officer = من هناك
keeping-document = رقم وثيقتهم
keeping-how = كيف تحققت ممن يطلب
keeping-order-why = لماذا ينبغي تنفيذه؛ للشخص الثاني
keeping-take = خذه؛ يجيب شخص ثانٍ

keeping-gone = ما أُتلف، بشهادات
keeping-media = محتوى ملف مرفوع
keeping-context = ما قالته المنصة حوله
keeping-discarded = أُتلف المفتاح { $time } UTC بواسطة { $who }: { $why }.
keeping-expired = انتهى كل حفظ (US-34)
keeping-ordered = طلبت الشرطة ووافق شخصان (US-41)
keeping-tried = جُرّبت كل نسخة معروفة { $time } UTC ولم تُفتح أي منها.
keeping-trying = تُجرَّب نسخه الآن.
keeping-backup = تنتهي آخر نسخة احتياطية فيها المفتاح { $time } UTC.
keeping-digest = بصمة SHA-256 لما كان:
keeping-certificate = الشهادة، موقعة بمفتاح السجل
