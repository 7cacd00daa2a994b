# ما يُحفظ، وإلى متى.

retention-title = ما يُحفظ، وإلى متى
retention-words = محسوب على كل حالة بقي منها شيء. قد تُحفظ الحالة لعدة أسس؛ وتذهب حين ينتهي آخرها.
retention-fates = مصير الحالات
retention-fate = المصير
retention-cases = الحالات
retention-next = ينتهي التالي في (UTC)
retention-last = ينتهي الأخير في (UTC)
retention-bases = على أي أساس
retention-basis = الأساس
retention-holds = مرات الحفظ
retention-open = بلا نهاية
retention-none = لا شيء محفوظ.
retention-list = حالة بحالة
fate-held = تبقى حتى يوم معلوم
fate-open = تبقى حتى يأتي ما تنتظره
fate-conflict = الأسس متعارضة: لدى المستشار القانوني
fate-due = تذهب: انتهى كل حفظ
fate-unheld = لا شيء يحفظها
