# جدار البثوث، وصفحة كل بث.

streams-running = البثوث الجارية فقط
streams-all = مع البثوث المنتهية
streams-none = لم يُبلَّغ عن بث يُعرض هنا.
streams-order = البثوث: ما كانت حالته عاجلة أولًا، ثم الأحدث
streams-stream = البث
streams-account = الحساب
streams-standing = الوضع
streams-since = منذ (UTC)
streams-until = حتى (UTC)
streams-events = الأحداث
streams-case = الحالة
streams-older = بثوث أقدم
streams-not-watched = لا تُشاهَد صور البثوث هنا: المعروض هو ما تقوله المنصة والناس.
streams-one = البث { $stream }
streams-seen-at = يُشاهد في
streams-took-part = المشاركون
streams-sealed = آخر ختم (UTC)
streams-not-sealed = لم يُختم
streams-context = من شارك وما كُتب
streams-act = الإيقاف
streams-reason = السبب (لا تراه المنصة)
streams-stop = أوقف هذا البث
streams-stop-order = يُختم أولًا كل من يشارك؛ ثم يُطلب من المنصة إيقافه.
streams-resume = دعه يستمر
streams-over = انتهى؛ لا شيء لإيقافه.
streams-payers = من دفع
streams-payments = المدفوعات
streams-amount = المجموع بأصغر وحدة
streams-timeline = ما حدث، الأحدث أولًا
streams-quiet = لم يُبلَّغ عن شيء ولم يُدفع أو يُعثر على شيء بعد.
streams-when = متى (UTC)
streams-what = ماذا
streams-words = الكلمات

stream-state-live = جارٍ
stream-state-ended = انتهى

stream-event-report = بلاغ
stream-event-payment = دفع
stream-event-classifier = مصنِّف
stream-cause-report = عُرض على شخص: بلاغ
stream-cause-rule = عُرض على شخص: قاعدة
stream-cause-frames = عُرض على شخص: لقطات تعرفها قائمة
stream-cause-stop = عُرض على شخص: إيقاف

stream-stop-waiting = طُلب الإيقاف، وينتظر حتى يُختم الجميع.
stream-stop-sent = يُطلب من المنصة إيقافه.
stream-stop-acknowledged = أوقفته المنصة.
stream-stop-failed = تقول المنصة إنه لم يُوقف.
