# صفحة "الإشعارات الآلية": ما يقال للمنصة، وما لم يصل.

webhooks-endpoints = الوجهات
webhooks-none = لا تسمي الإعدادات أي وجهة، فلا تسمع منصتكم شيئًا. سمِّ واحدة تحت <code>[[webhooks]]</code>.
webhooks-name = الاسم
webhooks-address = العنوان
webhooks-wants = تريد
webhooks-everything = كل شيء
webhooks-ping = أرسل إشعار تجربة إلى كل وجهة
webhooks-deliveries = عمليات التسليم
webhooks-which = أي عمليات تسليم
webhooks-no-delivery = لا شيء هنا. ما سُلّم يُنسى بعد 30 يومًا.
webhooks-newest = عمليات التسليم، الأحدث أولًا
webhooks-event = الحدث
webhooks-to = إلى
webhooks-written = كُتب (UTC)
webhooks-state = الوضع
webhooks-tries = المحاولات
webhooks-trouble = المشكلة
webhooks-next = { $state }، المحاولة التالية { $time }
webhooks-again = أرسل مرة أخرى
webhooks-again-what = أرسل { $event } بتاريخ { $time } مرة أخرى
webhooks-older = عمليات تسليم أقدم

delivery-state-all = الكل
delivery-state-waiting = ينتظر
delivery-state-delivered = سُلّم
delivery-state-dead = تُرك
