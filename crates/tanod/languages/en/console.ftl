# What every page of the console shares.

language-name = English
language-direction = ltr
# Not on a page: the sample that the tests say.
language-sample = { $count ->
    [one] <strong>One</strong> case
   *[other] { $count } cases
} of { $name }

page-skip = Skip to the content
page-rooms = Console
page-demo = Demo: nothing here is real
page-you = Staff { $staff }, { $role }
page-lock = Lock
page-sign-out = Sign out
page-language = Language
page-remedy = What to do:
page-slug = Name of this refusal:
page-case = Case { $number }
page-staff = Staff { $staff }
page-back = Back

way-queue = Cases
way-streams = Streams
way-second = Second looks
way-care = Care
way-actions = Actions
way-notices = Notices
way-keeping = Keeping
way-legal = Legal process
way-reports = Reports
way-provider = Provider
way-banks = Lists
way-sources = Sources
way-alarms = Alarms
way-figures = Figures
way-people = People
way-webhooks = Webhooks
way-audit = Record
way-work = Work
way-readiness = Readiness
way-retention = Retention

role-reviewer = reviewer
role-lead = lead
role-admin = administrator
role-auditor = auditor

script-once-more = Press F8 once more to raise the alarm.
script-yes = yes
script-no = no
script-no-class = No class
script-class = Class
script-hidden = Every picture is hidden. Press Escape again to bring them back.
script-back = Pictures are back.
script-held = Shown while you hold.
script-veil = The veil is back.
script-whole = Shown whole, without the veil.
script-lost = You no longer hold this case. Take it again before you go on.
