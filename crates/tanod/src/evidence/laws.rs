//! Holds that nobody places by hand: what happens to a case, who the operator is and who was told decide which laws keep it
//! (`config/holds.toml`). What a law asks for at least is prolonged when it begins anew; a day by which it asks that something be
//! gone never moves.

use jiff::Timestamp;

use super::bases::{Rules, Start, bases};
use super::{Hold, holds, store};
use crate::audit::{self, Entry};
use crate::operator::{Operator, Surface};
use crate::refusal::Result;
use crate::store::{CaseId, ReportId, Tx};

/// Something that the law lets a time begin with.
#[derive(Clone, Copy, Debug)]
enum Event<'a> {
    /// The operator knows of something in the case.
    Knowledge,
    /// A report was accepted, or filed elsewhere, with this body.
    Told { whom: &'a str, report: Option<ReportId> },
    /// An authority asked that it be preserved.
    Asked { authority: &'a str, reference: &'a str },
}

/// Whether one of these bodies is meant: people write more around a name, as in "NCMEC's CyberTipline".
fn named(names: &[String], whom: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
    };
    let whom = words(whom);
    names.iter().map(|name| words(name)).any(|name| whom.windows(name.len().max(1)).any(|part| part == name))
}

impl Rules {
    fn binds(&self, operator: &Operator) -> bool {
        let here = self.countries.iter().any(|country| match country.as_str() {
            "EU" => operator.is_in_union(),
            country => operator.is_in(country),
        });
        here && (!self.private || operator.surfaces.contains(&Surface::Private))
    }

    /// Whether this event lets it begin, for this operator.
    fn begins(&self, event: Event<'_>, operator: &Operator) -> bool {
        match (self.from, event) {
            (Start::Knowledge | Start::Transaction | Start::Identification, Event::Knowledge)
            | (Start::Request, Event::Asked { .. }) => self.binds(operator),
            (Start::Transaction, Event::Asked { .. }) => self.asked && self.binds(operator),
            (Start::Report, Event::Told { whom, .. }) => self.binds(operator) || named(&self.told, whom),
            (Start::Notification, Event::Told { whom, .. }) => self.binds(operator) && !named(&self.not_told, whom),
            _ => false,
        }
    }
}

/// The rules that an event lets begin: those that bind the operator, else the one that stands in for all of them.
fn begun<'a>(event: Event<'_>, operator: &Operator, rules: &'a [Rules]) -> Vec<&'a Rules> {
    let mut found: Vec<&Rules> = rules.iter().filter(|rules| rules.begins(event, operator)).collect();
    if found.is_empty() && matches!(event, Event::Told { .. }) {
        found.extend(rules.iter().filter(|rules| rules.otherwise));
    }
    found
}

async fn place(tx: &mut Tx, case: CaseId, at: Timestamp, event: Event<'_>) -> Result<()> {
    let rules = begun(event, tx.operator(), bases());
    if rules.is_empty() {
        return Ok(());
    }
    let standing: Vec<Hold> =
        store::holds_on(tx, case).await?.into_iter().filter(|hold| hold.released_at.is_none()).collect();
    for rules in rules {
        let (until, most) = rules.name.clock(at);
        // Every report and every request has a time of its own; what is known of a case has one.
        let own = matches!(event, Event::Told { .. }) || rules.from == Start::Request;
        if let Some(hold) = standing.iter().find(|hold| !own && hold.basis == rules.name) {
            prolong(tx, hold, until).await?;
            continue;
        }
        let (report, asked) = match event {
            Event::Told { report, .. } => (report, None),
            Event::Asked { authority, reference } => (None, Some((authority.to_owned(), reference.to_owned()))),
            Event::Knowledge => (None, None),
        };
        let (authority, reference) = asked.unzip();
        let hold = Hold {
            id: tx.id(),
            case,
            basis: rules.name,
            starts_at: at,
            until,
            released_at: None,
            report,
            most,
            renewals: 0,
            authority,
            reference,
            purpose: None,
            owner: None,
            review_at: None,
        };
        store::insert_whole(tx, &hold).await?;
        let detail = serde_json::json!({
            "basis": hold.basis, "until": hold.until, "most": hold.most, "report": report, "authority": hold.authority,
            "reference": hold.reference,
        });
        audit::record(tx, Entry::by_tanod("hold.placed").case(case).about(hold.id).detail(detail)).await.map(drop)?;
    }
    holds::weigh(tx, case).await
}

/// Puts an end later that begins anew; one that is open, or later already, stays.
async fn prolong(tx: &mut Tx, hold: &Hold, until: Option<Timestamp>) -> Result<()> {
    let (Some(before), Some(later)) = (hold.until, until) else { return Ok(()) };
    if hold.most.is_some() || later <= before {
        return Ok(());
    }
    let prolonged = Hold { until: Some(later), ..hold.clone() };
    store::prolong(tx, &prolonged, before).await?;
    let detail = serde_json::json!({"from": before, "until": later});
    let entry = Entry::by_tanod("hold.extended").case(hold.case).about(hold.id).detail(detail);
    audit::record(tx, entry).await.map(drop)
}

/// The operator knows of something more in a case: what the laws of its countries keep from then on (PH-02, PH-03), and by when
/// it must be gone (EU-09).
pub async fn hold_known(tx: &mut Tx, case: CaseId, at: Timestamp) -> Result<()> {
    place(tx, case, at, Event::Knowledge).await
}

/// A body was told: the year of the CyberTipline (US-30), that of the NCA (UK-09), the three weeks after a notification (CA-03).
pub async fn hold_reported(tx: &mut Tx, case: CaseId, report: ReportId, whom: &str, at: Timestamp) -> Result<()> {
    place(tx, case, at, Event::Told { whom, report: Some(report) }).await
}

/// A body was told beside the reports: the same times.
pub async fn hold_told(tx: &mut Tx, case: CaseId, whom: &str, at: Timestamp) -> Result<()> {
    place(tx, case, at, Event::Told { whom, report: None }).await
}

/// An authority asked that a case be preserved, and it was verified who asked (US-36, PH-03).
pub async fn hold_asked(
    tx: &mut Tx,
    case: CaseId,
    (authority, reference): (&str, &str),
    received_at: Timestamp,
) -> Result<()> {
    place(tx, case, received_at, Event::Asked { authority, reference }).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Basis;

    fn operator(country: &str, also: &[&str], surface: Surface) -> Operator {
        Operator {
            country: country.to_owned(),
            also_in: also.iter().map(|country| (*country).to_owned()).collect(),
            surfaces: vec![surface],
            ..Operator::default()
        }
    }

    #[test]
    fn who_the_operator_is_and_who_was_told_decide_which_laws_keep_a_case() {
        use Basis::{CaMra4, EuCap, Gb2026268, PhContent, PhTraffic, Us2258aH, Us2703F};
        let told = |whom| Event::Told { whom, report: None };
        let asked = Event::Asked { authority: "Example Police", reference: "1" };
        let of = |operator: &Operator, event| -> Vec<Basis> {
            begun(event, operator, bases()).into_iter().map(|rules| rules.name).collect()
        };
        let public = |country| operator(country, &[], Surface::Public);
        let known = Event::Knowledge;
        // Nobody said who the operator is: as if the duty of 2258A applied (US-01).
        for unknown in [Operator::default(), public("AU")] {
            assert_eq!(of(&unknown, known), []);
            assert_eq!(of(&unknown, told("NCMEC")), [Us2258aH]);
            assert_eq!(of(&unknown, told("the police of Example")), [Us2258aH]);
            assert_eq!(of(&unknown, asked), []);
        }
        assert_eq!((of(&public("US"), told("the police")), of(&public("US"), asked)), (vec![Us2258aH], vec![Us2703F]));
        assert_eq!(of(&public("PH"), known), [PhContent, PhTraffic]);
        assert_eq!(of(&public("PH"), asked), [PhContent, PhTraffic]);
        assert_eq!(of(&public("GB"), told("NCA")), [Gb2026268]);
        assert_eq!(of(&public("GB"), told("NCMEC")), [Us2258aH, Gb2026268]);
        assert_eq!(of(&public("US"), told("nca")), [Us2258aH, Gb2026268]);
        // The cap binds private messages alone.
        assert_eq!(
            (of(&public("FR"), known), of(&operator("FR", &[], Surface::Private), known)),
            (vec![], vec![EuCap])
        );
        assert_eq!(of(&operator("US", &["ie"], Surface::Private), known), [EuCap]);
        // A report to NCMEC is no notification of the police of Canada (CA-05).
        assert_eq!(of(&public("CA"), told("NCMEC")), [Us2258aH]);
        assert_eq!(of(&public("CA"), told("the CyberTipline of NCMEC")), [Us2258aH]);
        assert_eq!(of(&public("CA"), told("C3P")), [Us2258aH]);
        assert_eq!(of(&public("CA"), told("RCMP")), [CaMra4]);
        assert_eq!(of(&operator("CA", &["US", "PH"], Surface::Public), told("RCMP")), [Us2258aH, CaMra4]);
    }
}
