//! Every id is `kind_` + UUIDv7, and every kind is a type of its own.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            /// What stands before the underscore.
            pub const PREFIX: &'static str = $prefix;
        }

        impl From<uuid::Uuid> for $name {
            fn from(value: uuid::Uuid) -> Self {
                Self(value)
            }
        }

        impl From<$name> for uuid::Uuid {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.as_hyphenated())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|rest| uuid::Uuid::try_parse(rest).ok())
                    .map(Self)
                    .ok_or_else(|| concat!("an id of this kind looks like ", $prefix, "_01a2b3c4-…").to_owned())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                <String as utoipa::PartialSchema>::schema()
            }
        }

        impl utoipa::ToSchema for $name {}

        impl $crate::store::Column for $name {
            fn read(row: &$crate::store::Row, name: &str) -> Result<Self, $crate::store::StoreError> {
                <uuid::Uuid as $crate::store::Column>::read(row, name).map(Self)
            }
        }

        impl $crate::store::Column for Option<$name> {
            fn read(row: &$crate::store::Row, name: &str) -> Result<Self, $crate::store::StoreError> {
                Ok(<Option<uuid::Uuid> as $crate::store::Column>::read(row, name)?.map($name))
            }
        }

        impl From<$name> for $crate::store::Arg {
            fn from(value: $name) -> Self {
                Self::Id(Some(value.0))
            }
        }

        impl From<Option<$name>> for $crate::store::Arg {
            fn from(value: Option<$name>) -> Self {
                Self::Id(value.map(|id| id.0))
            }
        }
    )*};
}

ids! {
    /// A person who works for the operator.
    PersonId "person";
    /// A key with which one of the operator's programs calls us.
    KeyId "key";
    /// A list of known fingerprints.
    BankId "bank";
    /// One fingerprint in a bank.
    EntryId "entry";
    /// One upload that was looked at.
    ItemId "item";
    /// Everything known about one account's suspected abuse.
    CaseId "case";
    /// What made or joined a case.
    SignalId "signal";
    /// A person or an account in a case.
    InvolvedId "involved";
    /// What somebody noted on a case.
    NoteId "note";
    /// A decision that a second person thinks through.
    SecondLookId "secondlook";
    /// A lead's words to one person.
    CoachingId "coaching";
    /// A telephone call about a case.
    TelephoneCallId "telephonecall";
    /// The undoing of a wrong decision.
    CorrectionId "correction";
    /// Whom a correction must be told to.
    ToldId "told";
    /// What a person decided.
    DecisionId "decision";
    /// One intended report to one destination.
    ReportId "report";
    /// One call to a destination.
    CallId "call";
    /// Sealed media.
    ExhibitId "exhibit";
    /// The stored bytes of an exhibit.
    ObjectId "object";
    /// A reason to keep something.
    HoldId "hold";
    /// What two people must agree on before a hold gives way.
    ReleaseId "release";
    /// Something that was told to another authority.
    FilingId "filing";
    /// What counsel decided for many cases.
    StandingId "standing";
    /// A request of the police to destroy a depiction.
    OrderId "order";
    /// What was destroyed.
    DestructionId "destruction";
    /// A copy of the database and its keys, elsewhere.
    BackupId "backup";
    /// One look at an exhibit.
    ViewId "view";
    /// A statement that somebody viewed an upload in the platform's own tool.
    ViewingId "viewing";
    /// A piece of background work.
    JobId "job";
    /// One lease on one job.
    LeaseId "lease";
    /// One entry of the record.
    AuditId "audit";
    /// One message to one of the platform's endpoints.
    DeliveryId "delivery";
    /// A list that was passed on to somebody.
    ExportId "export";
    /// A running process of this program.
    ProcessId "process";
    /// Something that somebody must be told until they say that they know.
    AlarmId "alarm";
    /// One message to one person about an alarm.
    PageId "page";
    /// Something that the platform is asked to do.
    ActionId "action";
    /// One answer of the platform to what a case asks about its account.
    ContextId "context";
    /// What somebody told the operator.
    NoticeId "notice";
    /// Something that is broadcast live.
    StreamId "stream";
    /// Something that happened in a stream.
    StreamEventId "streamevent";
    /// Words of the operator, hashed.
    VocabularyId "vocabulary";
    /// What put a stream before a person.
    StreamSignalId "streamsignal";
    /// A stretch of time in which a stream was seen.
    StreamSightId "streamsight";
    /// A legal process: a subpoena, an order, a warrant, a request.
    LegalProcessId "legalprocess";
    /// A package of a case's evidence that leaves the house.
    PackageId "package";
    /// An open session of a person.
    SessionId "session";
    /// A key in somebody's device.
    PasskeyId "passkey";
    /// One request, as the caller may quote it.
    RequestId "request";
}
