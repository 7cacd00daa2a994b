# The page "Provider": who every report says the operator is.

provider-title = Who every report says you are
provider-missing = <strong>No report can be made yet.</strong> 18 U.S.C. 2258A(a)(1)(B) asks for: { $items }.
provider-advice = Officers also look for: { $items }.
provider-needed = (needed)
provider-set = Say so from the next report on
provider-who = A lead or an administrator changes this.
provider-officer = As an officer reads it

provider-platform = Name of the platform
provider-hint-platform = In full, as officers know it.
provider-first-name = Point of contact: given name, or the role
provider-hint-first-name = Officers ask for somebody. A role survives staff turnover.
provider-last-name = Point of contact: family name, or the team
provider-hint-last-name = { "" }
provider-email = E-mail
provider-hint-email = A shared mailbox that somebody reads every day. NCMEC writes to it; register it with espteam@ncmec.org.
provider-mailing-address = Mailing address
provider-hint-mailing-address = Where letters and legal process on paper go.
provider-telephone = Telephone
provider-hint-telephone = With the country's code.
provider-facsimile = Facsimile
provider-hint-facsimile = Some courts still use it.
provider-no-facsimile-because = If there is no facsimile: why
provider-hint-no-facsimile-because = For instance: we never had one.
provider-night-contact = Whom to call at any hour
provider-hint-night-contact = An officer with a child in danger cannot wait for the morning.
provider-retention = How long you keep which data
provider-hint-retention = For instance: addresses of log-ins for 90 days; what was reported for one year.
provider-company-template = How legal process is served
provider-hint-company-template = What you need: which portal, which form, what you answer without it.
provider-legal-url = A page with the same
provider-hint-legal-url = https://…
provider-terms-of-service = The rule that was broken
provider-hint-terms-of-service = The sentence of your terms that forbids it.
