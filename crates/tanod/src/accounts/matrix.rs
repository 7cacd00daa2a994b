//! Who may do what: the one permission matrix, for people by role and for programs by scope.

use super::{Role, Scope};

/// Something that can be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Send an upload and hear the verdict.
    SubmitItems,
    /// Ask about hashes without media.
    AskMatches,
    /// See matched entries.
    SeeMatches,
    /// List banks and entries, and the names of vocabularies.
    ReadBanks,
    /// Create, import, change and remove banks, and vocabularies.
    ChangeBanks,
    /// Take fingerprints out.
    ExportBanks,
    /// Tell what somebody saw.
    WriteNotices,
    /// Read notices, with what became of a reporter's others.
    ReadNotices,
    /// See cases, without depictions.
    ReadCases,
    /// Lease a case and decide it.
    DecideCases,
    /// Look at depictions, under a lease (US-33, US-40).
    SeeDepictions,
    /// Give the second approval, settle what a reviewer needs help with.
    ApproveDecisions,
    /// Set a list aside, with everything that rested on it.
    QuarantineLists,
    /// Write down that whoever received a wrong report was told.
    TellCorrections,
    /// See reports and their receipts.
    ReadReports,
    /// Send a stuck report again.
    ReviveReports,
    /// Say who every report says the operator is.
    ChangeProvider,
    /// See holds.
    ReadHolds,
    /// Place, prolong and release holds, and take requests to destroy.
    ChangeHolds,
    /// Read the record.
    ReadAudit,
    /// See how much comes and how long it takes, of nobody in particular.
    ReadFigures,
    /// See people and keys, without their secrets.
    ReadAccounts,
    /// Add people and keys, and take their access away.
    ChangeAccounts,
    /// See what somebody must know of.
    ReadAlarms,
    /// Say that one knows.
    AcknowledgeAlarms,
    /// See endpoints and deliveries, without secrets and bodies.
    ReadWebhooks,
    /// Send a delivery again, and try the line.
    ReplayWebhooks,
    /// Say what is known around a case.
    WriteContext,
    /// See what the platform is asked to do.
    ReadActions,
    /// Say whether it was done.
    AcknowledgeActions,
    /// See legal process and releases.
    ReadLegalProcess,
    /// See how the installation stands: its parts, and the work behind requests.
    ReadInstallation,
    /// Try work again that gave up.
    RetryWork,
    /// Write legal process down and answer it; ask for releases, and approve another's.
    AnswerLegalProcess,
    /// Tell of streams, and what happens in them.
    WriteStreams,
    /// See streams, without depictions.
    ReadStreams,
}

impl Permission {
    /// All of them, in the order of the matrix.
    pub const ALL: [Self; 36] = [
        Self::SubmitItems,
        Self::AskMatches,
        Self::SeeMatches,
        Self::ReadBanks,
        Self::ChangeBanks,
        Self::ExportBanks,
        Self::WriteNotices,
        Self::ReadNotices,
        Self::ReadCases,
        Self::DecideCases,
        Self::SeeDepictions,
        Self::ApproveDecisions,
        Self::QuarantineLists,
        Self::TellCorrections,
        Self::ReadReports,
        Self::ReviveReports,
        Self::ChangeProvider,
        Self::ReadHolds,
        Self::ChangeHolds,
        Self::ReadAudit,
        Self::ReadFigures,
        Self::ReadAccounts,
        Self::ChangeAccounts,
        Self::ReadAlarms,
        Self::AcknowledgeAlarms,
        Self::ReadWebhooks,
        Self::ReplayWebhooks,
        Self::WriteContext,
        Self::ReadActions,
        Self::AcknowledgeActions,
        Self::ReadLegalProcess,
        Self::AnswerLegalProcess,
        Self::WriteStreams,
        Self::ReadStreams,
        Self::ReadInstallation,
        Self::RetryWork,
    ];

    /// Whether a person who does this must have said lately who they are: what changes the installation, not a case.
    pub fn asks_presence(self) -> bool {
        matches!(self, Self::ChangeBanks | Self::ChangeProvider | Self::ChangeAccounts)
    }
}

/// THE matrix, for people.
pub fn role_may(role: Role, permission: Permission) -> bool {
    use Permission as P;
    match role {
        Role::Reviewer => matches!(
            permission,
            P::WriteNotices
                | P::ReadNotices
                | P::ReadCases
                | P::DecideCases
                | P::SeeDepictions
                | P::SeeMatches
                | P::ReadReports
                | P::ReadHolds
                | P::ReadAlarms
                | P::AcknowledgeAlarms
                | P::ReadActions
                | P::AcknowledgeActions
                | P::ReadStreams
        ),
        Role::Lead => matches!(
            permission,
            P::WriteNotices
                | P::ReadNotices
                | P::ReadCases
                | P::DecideCases
                | P::SeeDepictions
                | P::SeeMatches
                | P::ApproveDecisions
                | P::QuarantineLists
                | P::TellCorrections
                | P::ReadReports
                | P::ReviveReports
                | P::ChangeProvider
                | P::ReadHolds
                | P::ChangeHolds
                | P::ReadBanks
                | P::ReadAudit
                | P::ReadFigures
                | P::ReadAlarms
                | P::AcknowledgeAlarms
                | P::ReadWebhooks
                | P::ReplayWebhooks
                | P::ReadActions
                | P::AcknowledgeActions
                | P::ReadLegalProcess
                | P::AnswerLegalProcess
                | P::ReadInstallation
                | P::ReadStreams
        ),
        Role::Admin => matches!(
            permission,
            P::ReadBanks
                | P::ChangeBanks
                | P::ExportBanks
                | P::QuarantineLists
                | P::SeeMatches
                | P::ReadReports
                | P::ChangeProvider
                | P::ReadAccounts
                | P::ChangeAccounts
                | P::ReadAudit
                | P::ReadFigures
                | P::AskMatches
                | P::ReadAlarms
                | P::AcknowledgeAlarms
                | P::ReadWebhooks
                | P::ReplayWebhooks
                | P::ReadInstallation
                | P::RetryWork
        ),
        Role::Auditor => matches!(
            permission,
            P::ReadAudit
                | P::ReadFigures
                | P::ReadAccounts
                | P::ReadReports
                | P::ReadHolds
                | P::ReadBanks
                | P::ReadAlarms
                | P::ReadWebhooks
                | P::ReadActions
                | P::ReadLegalProcess
                | P::ReadInstallation
        ),
    }
}

/// THE matrix, for keys.
pub fn scope_gives(scope: Scope, permission: Permission) -> bool {
    use Permission as P;
    match scope {
        Scope::ItemsWrite => permission == P::SubmitItems,
        Scope::MatchesWrite => permission == P::AskMatches,
        Scope::MatchesDetail => permission == P::SeeMatches,
        Scope::BanksRead => permission == P::ReadBanks,
        Scope::NoticesWrite => permission == P::WriteNotices,
        Scope::BanksWrite => matches!(permission, P::ReadBanks | P::ChangeBanks | P::ExportBanks),
        Scope::ContextWrite => permission == P::WriteContext,
        Scope::ActionsAcknowledge => matches!(permission, P::ReadActions | P::AcknowledgeActions),
        Scope::StreamsWrite => matches!(permission, P::WriteStreams | P::ReadStreams),
    }
}

/// The matrix as text, for the snapshot that a reviewer reads.
pub fn matrix() -> String {
    use std::fmt::Write as _;
    let mark = |yes: bool| if yes { "yes" } else { "-" };
    let mut out = format!("{:<20} reviewer  lead  admin  auditor", "permission");
    for scope in Scope::ALL {
        let _fits = write!(out, "  {}", crate::store::as_word(&scope));
    }
    for permission in Permission::ALL {
        let may = |role| mark(role_may(role, permission));
        let _fits = write!(
            out,
            "\n{:<20} {:<8}  {:<4}  {:<5}  {:<7}",
            crate::store::as_word(&permission),
            may(Role::Reviewer),
            may(Role::Lead),
            may(Role::Admin),
            may(Role::Auditor)
        );
        for scope in Scope::ALL {
            let name = crate::store::as_word(&scope);
            let _fits = write!(out, "  {:<width$}", mark(scope_gives(scope, permission)), width = name.len());
        }
        out.truncate(out.trim_end().len());
    }
    out
}
