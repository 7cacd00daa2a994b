//! Where lists come from: who may get which, what it takes, and how far this installation is with each.
//!
//! What a source is stands in `config/sources.toml`, compiled in; only its state is kept here.

pub mod api;
pub mod pages;
mod store;

use std::sync::LazyLock;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::refusal::{Kind, Result};
use crate::store::{Recorded, Tx};

/// A name that no source has.
pub static UNKNOWN_SOURCE: Kind =
    Kind::new(404, "unknown-source", "There is no source of this name.", "Open Sources and choose one from there.")
        .program("GET /v1/sources lists them.");

/// All refusals of this domain.
pub const REFUSALS: &[&Kind] = &[&UNKNOWN_SOURCE];

/// How far an installation is with a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[schema(as = SourceState)]
pub enum State {
    /// Nothing was done.
    #[default]
    None,
    /// It was asked for.
    Applied,
    /// Granted or promised, and not in use yet.
    Waiting,
    /// In use.
    On,
}

impl State {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::None, Self::Applied, Self::Waiting, Self::On];
}

/// A source, as public texts describe it. `unknown` where none does.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// A word to name it by.
    pub name: String,
    /// Its name as it is known.
    pub title: String,
    /// Who may get it.
    pub who: String,
    /// What it costs.
    pub cost: String,
    /// How long it takes.
    pub takes: String,
    /// What it matches.
    pub matches: String,
    /// How to ask.
    pub apply: String,
    /// Where; empty when there is nowhere to go.
    pub address: String,
    /// Where this stands.
    pub cites: String,
}

#[derive(Deserialize)]
struct File {
    source: Vec<Source>,
}

/// The sources there are, compiled in.
static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let read = toml::from_str::<File>(include_str!("../../../../config/sources.toml"));
    // A test reads the file that is compiled in, so this is never empty.
    read.map(|file| file.source).unwrap_or_default()
});

/// A source and how far this installation is with it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SourceRow)]
pub struct Row {
    /// What it is.
    #[serde(flatten)]
    pub source: Source,
    /// How far.
    pub state: State,
    /// Since when.
    #[schema(value_type = Option<String>)]
    pub changed_at: Option<Timestamp>,
}

/// All sources with their state here.
pub async fn list(tx: &mut Tx, caller: &Caller) -> Result<Vec<Row>> {
    caller.require(Permission::ReadBanks)?;
    let kept = store::states(tx).await?;
    let row = |source: &Source| {
        let found = kept.iter().find(|(name, ..)| *name == source.name);
        Row {
            source: source.clone(),
            state: found.map_or(State::None, |(_, state, _)| *state),
            changed_at: found.map(|(.., at)| *at),
        }
    };
    Ok(SOURCES.iter().map(row).collect())
}

/// Says how far this installation is with a source.
pub async fn set(tx: &mut Tx, caller: &Caller, name: &str, state: State) -> Result<(Row, Recorded)> {
    caller.require(Permission::ChangeBanks)?;
    let shown = || name.chars().take(60).collect::<String>();
    let source = SOURCES.iter().find(|source| source.name == name).ok_or_else(|| UNKNOWN_SOURCE.because(shown()))?;
    store::set(tx, name, state).await?;
    let detail = serde_json::json!({"source": name, "state": state});
    let proof = audit::record(tx, Entry::by(caller, "source.changed").about(&*source.name).detail(detail)).await?;
    Ok((Row { source: source.clone(), state, changed_at: Some(tx.now()) }, proof))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_reads_and_says_everything_about_each_or_that_it_is_unknown() {
        let file: File = toml::from_str(include_str!("../../../../config/sources.toml")).unwrap();
        let mut names: Vec<&str> = file.source.iter().map(|source| source.name.as_str()).collect();
        assert!(names.len() >= 8 && names.contains(&"arachnid-shield") && names.contains(&"own-list"));
        for source in &file.source {
            for said in [&source.title, &source.who, &source.cost, &source.takes, &source.matches, &source.apply] {
                assert!(said.trim().len() > 3, "{}: {said:?}", source.name);
            }
            assert!(source.cites.len() > 10, "{} cites nothing", source.name);
            assert!(source.address.is_empty() || source.address.starts_with("https://"), "{}", source.address);
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), file.source.len(), "a name stands twice");
    }
}
