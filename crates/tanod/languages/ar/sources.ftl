# صفحة "المصادر": من أين تأتي القوائم ووسائل المطابقة.

sources-intro = من أين تأتي القوائم ووسائل المطابقة. كلمة “unknown” تعني أن لا نص منشورًا يقول ذلك. والوضع هو ما قاله أحد هنا؛ ولا يشغّل شيئًا.
sources-state = <strong>الوضع هنا:</strong> { $state }
sources-state-of = وضع { $source } هنا
sources-who = من يمكنه الحصول عليها
sources-cost = كم تكلّف
sources-takes = كم تستغرق
sources-matches = ماذا تطابق
sources-ask = كيف تُطلب
sources-cites = أين ورد هذا
sources-set = قُل ذلك

source-state-none = لم يُفعل شيء بعد
source-state-applied = طُلبت
source-state-waiting = مُنحت ولم تُستعمل بعد
source-state-on = مستعملة
