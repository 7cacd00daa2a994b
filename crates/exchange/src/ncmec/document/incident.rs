//! What happened, when, and who else knows.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::element::{element, flags, words};
use super::person::{Contact, Person};
use super::place::Country;

words! {
    /// What happened.
    IncidentType {
        /// Child sexual abuse material.
        AbuseMaterial => "Child Pornography (possession, manufacture, and distribution)",
        /// A child sold for sex.
        Trafficking => "Child Sex Trafficking",
        /// Travelling to abuse.
        Tourism => "Child Sex Tourism",
        /// Abuse in person.
        Molestation => "Child Sexual Molestation",
        /// A name that lures.
        MisleadingDomain => "Misleading Domain Name",
        /// Words or pictures that lure.
        MisleadingWords => "Misleading Words or Digital Images on the Internet",
        /// A child talked into sexual acts, live ones among them.
        Enticement => "Online Enticement of Children for Sexual Acts",
        /// Obscene material sent to a child.
        ObscenityToChild => "Unsolicited Obscene Material Sent to a Child",
    }
}

words! {
    /// What more is known of the whole report.
    ReportAnnotation {
        /// Blackmail.
        Sextortion => "sextortion",
        /// Asking for material.
        CsamSolicitation => "csamSolicitation",
        /// Between minors.
        MinorToMinorInteraction => "minorToMinorInteraction",
        /// Sent in bulk.
        Spam => "spam",
        /// Cruelty as an aim.
        SadisticOnlineExploitation => "sadisticOnlineExploitation",
        /// Too little to act on, told for the record. Newer than the schema of 2025.
        Informational => "informational",
        /// What may make it worse. Known from one source only.
        PotentialAggravatingFactors => "potentialAggravatingFactors",
        /// Used as a tool for something else. Known from one source only.
        InstrumentalUse => "instrumentalUse",
    }
}

flags!(ReportAnnotation);

element! {
    /// What happened, and when.
    IncidentSummary {
        /// What.
        incident_type: IncidentType = "incidentType",
        /// The application's full name.
        platform: Option<String> = "platform",
        /// The reason why this cannot wait. Its presence escalates the report.
        escalate: Option<String> = "escalateToHighPriority",
        /// What more is known.
        annotations: BTreeSet<ReportAnnotation> = "reportAnnotations",
        /// When; never in the future.
        incident_at: Timestamp = "incidentDateTime",
        /// What that time means.
        incident_at_means: Option<String> = "incidentDateTimeDescription",
    }
}

element! {
    /// What happened, and when, for many accounts: never escalated.
    BatchedSummary {
        /// What.
        incident_type: IncidentType = "incidentType",
        /// The application's full name.
        platform: Option<String> = "platform",
        /// What more is known.
        annotations: BTreeSet<ReportAnnotation> = "reportAnnotations",
        /// When; never in the future.
        incident_at: Timestamp = "incidentDateTime",
        /// What that time means.
        incident_at_means: Option<String> = "incidentDateTimeDescription",
    }
}

element! {
    /// An agency that knows already.
    LawEnforcement {
        /// Its name.
        agency: String = "agencyName",
        /// Its case number.
        case_number: Option<String> = "caseNumber",
        /// Its officer.
        officer: Option<Contact> = "officerContact",
        /// Whether it was told.
        reported: Option<bool> = "reportedToLe",
        /// Whether legal process came from within the United States.
        served_domestic: Option<bool> = "servedLegalProcessDomestic",
        /// Whether legal process came from elsewhere.
        served_international: Option<ServedInternational> = "servedLegalProcessInternational",
    }
}

element! {
    /// Legal process from outside the United States.
    ServedInternational (
        /// From where.
        country: Option<Country> = "fleaCountry",
    ) [
        /// Whether it came.
        served: bool
    ] {}
}

element! {
    /// Who reports.
    Reporter {
        /// The reporting contact; an e-mail address is needed.
        person: Person = "reportingPerson",
        /// Whom law enforcement should call instead.
        contact: Option<Contact> = "contactPerson",
        /// Where to serve legal process, how long data are kept, the number for the night.
        company_template: Option<String> = "companyTemplate",
        /// The rule that was broken.
        terms_of_service: Option<String> = "termsOfService",
        /// A page about legal process.
        legal_url: Option<String> = "legalURL",
    }
}
