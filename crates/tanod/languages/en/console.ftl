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
