//! Who every report says you are (US-02): whom officers write to, serve and call, and how long you keep what they need.

pub mod api;
pub mod pages;
mod store;

use serde::{Deserialize, Serialize};

use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::refusal::{Kind, Result};
use crate::store::{Recorded, Tx};
use crate::web::languages::Language;

/// A report while the law's items are missing.
pub static INCOMPLETE: Kind = Kind::new(
    422,
    "provider-incomplete",
    "Reports must say who you are, and something of it is missing.",
    "A lead or administrator fills it in on the page Provider. Danger now does not wait for it.",
)
.program("PUT /v1/provider sets it, or `[reporting.about]` in the settings.");
/// Something that no report could carry.
pub static BAD_PROVIDER: Kind = Kind::new(
    422,
    "bad-provider",
    "This cannot stand in a report.",
    "E-mail addresses need an @, legal_url begins with https:// or http://, and texts have their limits; the detail names the field.",
);

/// All refusals of this domain.
pub const REFUSALS: &[&Kind] = &[&INCOMPLETE, &BAD_PROVIDER];

/// What every report says about the operator (18 U.S.C. 2258A(a)(1)(B)). An empty text is one that nobody has said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Provider {
    /// The platform's name, as officers know it.
    pub platform: String,
    /// Given name of the individual point of contact, or of the role.
    pub first_name: String,
    /// Family name of it.
    pub last_name: String,
    /// Where NCMEC writes to. A role mailbox survives staff turnover.
    pub email: String,
    /// Where letters go.
    pub mailing_address: String,
    /// The telephone of office hours.
    pub telephone: String,
    /// The facsimile.
    pub facsimile: String,
    /// Why there is none.
    pub no_facsimile_because: String,
    /// Whom to call at any hour.
    pub night_contact: String,
    /// How long you keep which data, and how that is prolonged.
    pub retention: String,
    /// How legal process is served; what is said beside the items above.
    pub company_template: String,
    /// A page with the same.
    pub legal_url: String,
    /// The rule that users break, as your terms have it.
    pub terms_of_service: String,
}

/// A field, for a form and for whoever reads what is missing.
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Whether the law's items need it.
    pub needed: bool,
    /// Whether it is more than a line.
    pub long: bool,
    of: fn(&mut Provider) -> &mut String,
    most: usize,
}

macro_rules! fields {
    ($($name:ident $needed:literal $long:literal $most:literal;)*) => {
        /// Every field, in the order of the form.
        pub const FIELDS: [Field; [$($most),*].len()] = [$(Field {
            name: stringify!($name),
            needed: $needed,
            long: $long,
            of: |provider| &mut provider.$name,
            most: $most,
        }),*];
    };
}

fields! {
    platform false false 100;
    first_name true false 100;
    last_name true false 100;
    email true false 255;
    mailing_address true true 1_000;
    telephone true false 50;
    facsimile false false 50;
    no_facsimile_because false false 200;
    night_contact false false 200;
    retention false true 2_000;
    company_template false true 8_000;
    legal_url false false 2_083;
    terms_of_service false true 4_000;
}

impl Provider {
    /// What the law's five items still lack, by their names (US-02).
    pub fn missing(&self) -> Vec<&'static str> {
        let mut mine = self.clone();
        let mut missing: Vec<_> = FIELDS
            .iter()
            .filter(|field| field.needed && (field.of)(&mut mine).trim().is_empty())
            .map(|field| field.name)
            .collect();
        if self.facsimile.trim().is_empty() && self.no_facsimile_because.trim().is_empty() {
            missing.push("facsimile");
        }
        missing
    }

    /// What is not demanded, and costs officers time where it is absent, by its names.
    pub fn advice(&self) -> Vec<&'static str> {
        let mut mine = self.clone();
        let wanted = ["night_contact", "retention", "legal_url", "platform"];
        let empty = FIELDS.iter().filter(|field| (field.of)(&mut mine).trim().is_empty()).map(|field| field.name);
        empty.filter(|name| wanted.contains(name)).collect()
    }

    /// `companyTemplate`: everything that an officer needs to reach you, a line each.
    pub fn template(&self) -> String {
        let fax = if self.facsimile.trim().is_empty() { "none" } else { &self.facsimile };
        let lines = [
            ("", &*self.company_template),
            ("Legal process by letter: ", &self.mailing_address),
            ("Telephone: ", &self.telephone),
            ("Facsimile: ", if self.missing().is_empty() { fax } else { &self.facsimile }),
            ("At any hour: ", &self.night_contact),
            ("Retention: ", &self.retention),
        ];
        let said = lines.iter().filter(|(_, text)| !text.trim().is_empty());
        said.map(|(name, text)| format!("{name}{}", text.trim())).collect::<Vec<_>>().join("\n")
    }

    /// This on top of what the settings say: what is empty here is left to them.
    fn over(mut self, settings: &Self) -> Self {
        let mut settings = settings.clone();
        for field in &FIELDS {
            if (field.of)(&mut self).trim().is_empty() {
                *(field.of)(&mut self) = std::mem::take((field.of)(&mut settings));
            }
        }
        self
    }

    /// The text of a field.
    pub fn text(&self, field: &Field) -> String {
        (field.of)(&mut self.clone()).clone()
    }

    /// Sets the text of a field.
    pub fn set_text(&mut self, field: &Field, text: &str) {
        text.trim().clone_into((field.of)(self));
    }

    fn check(&self) -> Result<()> {
        let mut mine = self.clone();
        if let Some(long) = FIELDS.iter().find(|field| (field.of)(&mut mine).chars().count() > field.most) {
            return Err(BAD_PROVIDER.because(format!("{} has at most {} characters", long.name, long.most)));
        }
        let email = self.email.trim();
        let fits =
            email.split_once('@').is_some_and(|(name, at)| !name.is_empty() && name.len() <= 64 && at.contains('.'));
        if !email.is_empty() && (!fits || email.contains(char::is_whitespace)) {
            return Err(BAD_PROVIDER.because("email"));
        }
        let url = self.legal_url.trim();
        let web = url.starts_with("https://") || url.starts_with("http://");
        if !url.is_empty() && (!web || url.contains(|c: char| c.is_whitespace() || c.is_control())) {
            return Err(BAD_PROVIDER.because("legal_url"));
        }
        Ok(())
    }
}

/// Fields in words.
pub fn named(names: &[&str], language: Language) -> Vec<String> {
    let key = |name: &&str| format!("provider-{}", name.replace('_', "-"));
    names.iter().map(|name| language.say(key(name)).to_string()).collect()
}

/// What reports say now: what was filled in here, and else what the settings say.
pub async fn current(tx: &mut Tx, settings: &Provider) -> Result<Provider> {
    Ok(store::kept(tx).await?.unwrap_or_default().over(settings))
}

/// Reads it.
pub async fn read(tx: &mut Tx, caller: &Caller, settings: &Provider) -> Result<Provider> {
    caller.require(Permission::ReadReports)?;
    current(tx, settings).await
}

/// Says who you are, from the next report on. What is left empty stays with the settings.
pub async fn set(tx: &mut Tx, caller: &Caller, new: &Provider) -> Result<Recorded> {
    caller.require(Permission::ChangeProvider)?;
    new.check()?;
    store::keep(tx, new).await?;
    let detail = serde_json::json!({"provider": new, "missing": new.missing()});
    audit::record(tx, Entry::by(caller, "provider.changed").detail(detail)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Provider {
        Provider {
            first_name: "Child".into(),
            last_name: "Safety".into(),
            email: "safety@platform.example".into(),
            mailing_address: "1 Example Street".into(),
            telephone: "+1 555 0100".into(),
            no_facsimile_because: "there never was one".into(),
            ..Provider::default()
        }
    }

    #[test]
    fn each_item_of_the_law_is_missed_by_itself() {
        assert!(whole().missing().is_empty());
        for field in FIELDS.iter().filter(|field| field.needed || field.name == "no_facsimile_because") {
            let mut without = whole();
            without.set_text(field, " ");
            assert_eq!(without.missing().len(), 1, "{}", field.name);
        }
        assert_eq!(
            Provider { facsimile: "+1 555 0101".into(), no_facsimile_because: String::new(), ..whole() }.missing(),
            [""; 0]
        );
    }

    #[test]
    fn the_template_has_every_way_to_reach_us_and_what_is_empty_is_the_settings() {
        let settings = Provider { retention: "a year".into(), telephone: "ignored".into(), ..Provider::default() };
        let both = whole().over(&settings);
        assert_eq!(
            both.template(),
            "Legal process by letter: 1 Example Street\nTelephone: +1 555 0100\nFacsimile: none\nRetention: a year"
        );
    }
}
