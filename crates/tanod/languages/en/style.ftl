# The parts of a page; in a demo only.

style-title = Parts of a page
style-words = Each part beside the name by which a template asks for it. Light and dark follow the reader's system, the direction follows the language.
style-colours = Colours
style-type = Type
style-sample = A quiet line of words.
style-buttons = Buttons
style-do = Do it
style-quiet = Do something lesser
style-key = With a key
style-forms = Forms
style-field = A field
style-rule = What is expected, before it is typed.
style-choice = A choice
style-tables = Tables and badges
style-priority = Priority
style-time = Time (UTC)
style-said = What is said
style-fault = What is wrong, and what to do about it.
style-done = What was done.
style-veil = The veil
style-veil-words = Pictures come blurred, grey and small, as new pixels; nothing stands beside evidence that need not.
style-veil-picture = In the place of a veiled picture
