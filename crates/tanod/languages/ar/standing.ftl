# قرارات المستشار القانوني لكل الحالات التي يتعارض فيها القانونان نفسهما.

standing-title = قرارات المستشار القانوني
standing-back = الحفظ
standing-link = قرارات المستشار التي تسوّي مثل هذه الحالات تلقائيًا
standing-why = إذا تعارض قانونان في كل حالة من نوع واحد، يقرر المستشار مرة واحدة: اليوم الذي يجب أن تزول فيه المواد يتنازل للمدة التي يجب أن تبقى فيها. يضعه شخصان موضع التنفيذ، وينتهي من تلقاء نفسه، ولا يُتلف بسببه شيء قبل أوانه. وبعد انتهائه تعود مثل هذه الحالات إلى المستشار.
standing-none = لم يقرر المستشار شيئًا لأكثر من حالة واحدة.
standing-says = ‏{ $yields } يتنازل لـ { $keeps }
standing-state = الوضع
standing-state-waits = بانتظار شخص ثانٍ
standing-state-force = ساري المفعول
standing-state-over = انتهى
standing-until = حتى
standing-counsel = المستشار، بالاسم والمنصب
standing-grounds = الأسباب، مع ذكر القانون
standing-people = دوّنه
standing-one = الموظف { $first }
standing-two = الموظف { $first }، ووضعه موضع التنفيذ الموظف { $second }
standing-approve = ضعه موضع التنفيذ
standing-end = أنهِه الآن
standing-new = تدوين قرار
standing-yields = ما يتنازل: اليوم الذي يجب أن تزول فيه المواد
standing-keeps = ما يبقيها مدة أطول
standing-day = حتى أي يوم، بحد أقصى سنة من الآن
standing-write = دوّنه
