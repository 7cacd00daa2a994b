//! The uploads of a case on its page: a contact sheet of all of them, and those that are open, with what is known of each, who
//! looked, and its picture under the veil.

use std::collections::{HashMap, HashSet};

use super::pages::{found_words, outcome_words};
use super::{Case, Contents, Decision, Priority, Signal, files, opinions, vouching};
use crate::care::{self, Looker};
use crate::config::{Looking, Settings};
use crate::evidence::{self, View};
use crate::intake::{self, Item};
use crate::matching::{Hit, Vouched};
use crate::refusal::{Error, Result};
use crate::store::{ItemId, Tx};
use crate::web::console::{Staff, minute};
use crate::web::languages::{Said, say, word};

/// So many uploads are shown one below the other; of more there is a contact sheet.
const FEW: usize = 4;
/// So many pictures stand on a contact sheet: fewer than the looks that somebody has in a minute.
const ON_A_SHEET: usize = 24;

/// An upload on the case's page.
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that the page shows or does not")]
pub(super) struct Upload {
    /// The page that it is on.
    pub(super) home: String,
    pub(super) nth: usize,
    pub(super) item: ItemId,
    pub(super) sha256: String,
    /// How many other cases hold the same file.
    pub(super) elsewhere: i64,
    pub(super) found: Said,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) looks: Said,
    pub(super) decision: Said,
    pub(super) undecided: bool,
    pub(super) viewed: bool,
    pub(super) kept: bool,
    pub(super) whole: bool,
    /// Which ninth of it is shown.
    pub(super) part: Option<u8>,
    /// Whether it moves.
    pub(super) plays: bool,
    /// Whether it moves without the veil.
    pub(super) bare: bool,
    /// Whether its lines alone are shown.
    pub(super) edges: bool,
    /// How thick its veil is.
    pub(super) veil: u8,
    /// After so many seconds it counts as viewed.
    pub(super) least: u32,
    /// How many confirmed the match, and how many denied it; nothing before this person has.
    pub(super) said: Option<(usize, usize)>,
    /// What care for the person who works on the case says against this look.
    pub(super) held: Option<String>,
    /// Whether nothing is shown, not even under the veil.
    pub(super) shut: bool,
    pub(super) strip: Option<Strip>,
    /// Who vouches for the file: it need not be looked at.
    pub(super) vouched: Option<Said>,
}

/// An upload on the contact sheet.
pub(super) struct Tile {
    pub(super) nth: usize,
    pub(super) item: ItemId,
    /// Whether its picture can be shown under the veil.
    pub(super) shows: bool,
    pub(super) class: &'static str,
    pub(super) decision: Said,
    pub(super) viewed: bool,
    pub(super) vouched: bool,
}

/// The contact sheet of a case with many uploads.
pub(super) struct Sheet {
    pub(super) tiles: Vec<Tile>,
    pub(super) page: usize,
    pub(super) pages: usize,
    pub(super) all: usize,
    pub(super) veil: u8,
    pub(super) edges: bool,
}

/// What a page shows of the uploads of a case.
pub(super) struct Uploads {
    pub(super) sheet: Option<Sheet>,
    pub(super) open: Vec<Upload>,
    /// Of the uploads on the page that wait for a decision, how many need not be looked at; and of how many.
    pub(super) vouched: (usize, usize),
    /// Uploads that wait for a decision and stand on the page neither open nor viewed by its person.
    pub(super) others: usize,
    /// Uploads beside those that are open that this person viewed whole, and that wait for a decision.
    pub(super) viewed: Vec<(usize, ItemId)>,
}

/// Which of them is open, whole, and on which sheet we are.
#[derive(Clone, Copy, Default)]
pub(super) struct Chosen {
    pub(super) open: Option<ItemId>,
    pub(super) way: Way,
    /// From 1.
    pub(super) sheet: usize,
}

/// How the picture of the upload that is open is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Way {
    /// As pictures come to this person.
    #[default]
    Usual,
    /// Under the veil, whatever is usual.
    Veil,
    /// Its lines alone.
    Edges,
    /// A film, moving: under the veil, or without it.
    Plays(bool),
    /// Whole, without the veil.
    Whole,
    /// A ninth of it, without the veil.
    Part(u8),
}

impl Way {
    /// As an address asks for it.
    pub(crate) fn of(whole: bool, said: Option<&str>, part: Option<u8>) -> Self {
        match (part, said) {
            (Some(part), _) => Self::Part(part),
            _ if whole => Self::Whole,
            (_, Some("edges")) => Self::Edges,
            (_, Some("veil")) => Self::Veil,
            (_, Some("plays")) => Self::Plays(false),
            (_, Some("plays-bare")) => Self::Plays(true),
            _ => Self::Usual,
        }
    }
}

/// A film at a glance: what a strip of its frames shows, and where on it the lists know something.
pub(crate) struct Strip {
    pub(crate) alt: Said,
    /// Where marks begin, and how wide they are, in thousandths of the strip.
    pub(crate) marks: Vec<(u64, u64)>,
    pub(crate) ranges: String,
}

/// Everything that is read about uploads at once.
struct Read {
    items: HashMap<ItemId, Item>,
    hits: HashMap<ItemId, Vec<Hit>>,
    views: Vec<View>,
    kept: HashSet<ItemId>,
    vouched: HashMap<ItemId, Vouched>,
    /// Absent where nobody looks.
    looker: Option<Looker>,
    looking: Looking,
}

/// Gathers what the page of a case shows of its uploads: a few questions for all of them. Where care keeps its person from a look,
/// the page says so in the picture's place.
pub(super) async fn uploads(
    tx: &mut Tx,
    staff: &Staff,
    case: &Case,
    contents: &Contents,
    chosen: Chosen,
    may_look: bool,
    settings: &Settings,
) -> Result<Uploads> {
    let with_media = contents.signals.iter().filter_map(|signal| Some((signal, signal.item?)));
    let all: Vec<(usize, &Signal, ItemId)> =
        (1..).zip(with_media).map(|(nth, (signal, item))| (nth, signal, item)).collect();
    let few = all.len() <= FEW;
    let pages = all.len().div_ceil(ON_A_SHEET).max(1);
    let opened = chosen.open;
    let place = opened.and_then(|item| all.iter().position(|(_, _, one)| *one == item));
    let page = if chosen.sheet > 0 { chosen.sheet } else { place.map_or(1, |place| place / ON_A_SHEET + 1) };
    let page = page.clamp(1, pages);
    let on_sheet: Vec<_> =
        if few { Vec::new() } else { all.iter().skip((page - 1) * ON_A_SHEET).take(ON_A_SHEET).collect() };
    let open: Vec<_> = all.iter().filter(|(_, _, item)| few || opened == Some(*item)).collect();
    let mut ids: Vec<ItemId> = open.iter().chain(&on_sheet).map(|(_, _, item)| *item).collect();
    ids.sort_unstable();
    ids.dedup();
    let hits = intake::matches_of(tx, &ids).await?;
    let read = Read {
        items: intake::find_all(tx, &open.iter().map(|(_, _, item)| *item).collect::<Vec<_>>()).await?,
        vouched: vouching::vouched_for(tx, &hits, &settings.review.hotlines).await?,
        hits,
        views: evidence::views_of(tx, &ids).await?,
        kept: evidence::kept_of(tx, &ids).await?,
        looker: if may_look { Some(care::looker(tx, &staff.caller, settings).await?) } else { None },
        looking: care::looking(tx, &staff.caller, settings.looking).await?,
    };
    let me = staff.caller.person()?;
    let undecided = |item: &ItemId| all.iter().any(|(_, signal, one)| one == item && signal.decision.is_none());
    let waiting: Vec<&ItemId> = ids.iter().filter(|item| undecided(item)).collect();
    let vouched = (waiting.iter().filter(|item| read.vouched.contains_key(item)).count(), waiting.len());
    let tile = |(nth, signal, item): &&(usize, &Signal, ItemId)| {
        let says = read.says(case, *item, true, &settings.care);
        Tile {
            nth: *nth,
            item: *item,
            shows: read.kept.contains(item) && matches!(says, Ok(None)) && may_look,
            class: read.class(item),
            decision: decided(signal, &contents.decisions),
            viewed: read.views.iter().any(|view| view.item == *item && view.person == me && view.whole && !view.veiled),
            vouched: read.vouched.contains_key(item),
        }
    };
    let sheet = Sheet {
        tiles: on_sheet.iter().map(tile).collect(),
        page,
        pages,
        all: all.len(),
        veil: read.looking.veil,
        edges: read.looking.edges,
    };
    let mut shown = Vec::new();
    for (nth, signal, item) in &open {
        let one = Shown {
            case,
            nth: *nth,
            signal,
            item: *item,
            way: if opened == Some(*item) { chosen.way } else { Way::Usual },
            may_look,
        };
        shown.push(upload(tx, staff, one, &read, &contents.decisions, settings).await?);
    }
    let mine = evidence::viewed_whole(tx, case.id, me).await?;
    let waits =
        all.iter().filter(|(_, signal, item)| signal.decision.is_none() && !open.iter().any(|(_, _, one)| one == item));
    let (viewed, others): (Vec<_>, Vec<_>) = waits.partition(|(_, _, item)| mine.contains(item));
    Ok(Uploads {
        sheet: (!few).then_some(sheet),
        open: shown,
        vouched,
        others: others.len(),
        viewed: viewed.into_iter().map(|(nth, _, item)| (nth, item)).collect(),
    })
}

fn decided(signal: &Signal, decisions: &[Decision]) -> Said {
    let decision = decisions.iter().find(|decision| Some(decision.id) == signal.decision);
    decision.map_or_else(|| say("upload-open"), |decision| outcome_words(decision.outcome))
}

impl Read {
    fn class(&self, item: &ItemId) -> &'static str {
        care::severity_of(self.hits.get(item).map(Vec::as_slice).unwrap_or_default())
    }

    /// What care says against a look of the page's person.
    fn says(&self, of: &Case, item: ItemId, veiled: bool, care: &care::Settings) -> Result<Option<String>> {
        let Some(looker) = &self.looker else { return Ok(None) };
        let urgent = of.priority == Priority::P0;
        care_says(looker.may(item, self.class(&item), veiled, urgent, care))
    }
}

/// Which upload of which case a page shows, and how.
struct Shown<'a> {
    case: &'a Case,
    nth: usize,
    signal: &'a Signal,
    item: ItemId,
    way: Way,
    may_look: bool,
}

async fn upload(
    tx: &mut Tx,
    staff: &Staff,
    shown: Shown<'_>,
    read: &Read,
    decisions: &[Decision],
    settings: &Settings,
) -> Result<Upload> {
    let Shown { case, nth, signal, item: id, mut way, may_look } = shown;
    let me = staff.caller.person()?;
    let mut held = read.says(case, id, true, &settings.care)?;
    let shut = held.is_some();
    if held.is_none() && may_look && matches!(way, Way::Whole | Way::Part(_) | Way::Plays(true)) {
        held = read.says(case, id, false, &settings.care)?;
        if held.is_some() {
            way = Way::Usual;
        }
    }
    let whole = way == Way::Whole;
    let item = read.items.get(&id).ok_or(&intake::UNKNOWN_ITEM)?;
    let hits = read.hits.get(&id).map(Vec::as_slice).unwrap_or_default();
    let views: Vec<&View> = read.views.iter().filter(|view| view.item == id).collect();
    let viewed = views.iter().any(|view| view.person == me && view.whole && !view.veiled);
    let open = views.iter().filter(|view| !view.veiled).count();
    let opinions = opinions::of_file(tx, &staff.caller, &item.digests.sha256).await?.said;
    let yes = opinions.iter().filter(|one| one.fits).count();
    let said = (!opinions.is_empty()).then_some((yes, opinions.len() - yes));
    let mut facts = vec![("content", item.content_id.clone())];
    if let Some(said) = &item.facts {
        let mut add = |name, value: Option<String>| facts.extend(value.map(|value| (name, value)));
        add("uploaded", said.uploaded_at.map(|at| format!("{} UTC", minute(at))));
        add("address", said.upload_ip.map(|address| with_port(&address.to_string(), said.upload_port)));
        add("surface", said.surface.clone());
        add("public", said.public.map(|yes| word("upload-public", if yes { "yes" } else { "no" }).to_string()));
        add("language", said.language.clone());
        add("name", said.file_name.clone());
    }
    facts.push(("received", format!("{} UTC", minute(item.received_at))));
    Ok(Upload {
        home: format!("/console/cases/{}", case.id),
        nth,
        item: id,
        sha256: hex::encode(item.digests.sha256),
        elsewhere: files::others(tx, &item.digests.sha256, case.id).await?,
        found: hits.first().map_or_else(|| say("upload-found"), found_words),
        strip: item.film.map(|film| strip(nth, film, hits)),
        facts,
        looks: match views.len() {
            0 => say("upload-looks-none"),
            all => say("upload-looks-count").with("all", all).with("open", open),
        },
        decision: decided(signal, decisions),
        undecided: signal.decision.is_none(),
        // What this very page shows whole may be stated with it; the decision looks for the look itself.
        viewed: viewed || whole,
        kept: read.kept.contains(&id),
        whole,
        part: if let Way::Part(part) = way { Some(part) } else { None },
        plays: matches!(way, Way::Plays(_)),
        bare: way == Way::Plays(true),
        edges: way == Way::Edges || (matches!(way, Way::Usual | Way::Plays(false)) && read.looking.edges),
        veil: read.looking.veil,
        least: read.looking.least_seconds,
        said,
        held,
        shut,
        vouched: read.vouched.get(&id).map(vouched_words),
    })
}

fn with_port(address: &str, port: Option<u16>) -> String {
    match port {
        Some(port) => say("upload-address-port").with("address", address).with("port", port.to_string()).to_string(),
        None => address.to_owned(),
    }
}

fn vouched_words(vouched: &Vouched) -> Said {
    match vouched {
        Vouched::Hotline { source, category } => {
            say("upload-hotline").with("source", source).with("category", category)
        }
        Vouched::Members(members) => {
            say("upload-members").with("members", members.iter().cloned().collect::<Vec<_>>().join(", "))
        }
    }
}

/// What care says against a look, in a sentence and what to do.
fn care_says(answer: Result<()>) -> Result<Option<String>> {
    match answer {
        Ok(()) => Ok(None),
        Err(Error::Refused(refusal)) => {
            let detail = refusal.detail.as_deref().map(|detail| format!(" ({detail})")).unwrap_or_default();
            Ok(Some(format!("{}{detail} {}", refusal.kind.title, refusal.kind.remedy)))
        }
        Err(error) => Err(error),
    }
}

/// What keeps somebody from a look at an upload that stands on no case, and whether from any.
pub(crate) async fn kept_from(
    tx: &mut Tx,
    staff: &Staff,
    item: ItemId,
    urgent: bool,
    whole: bool,
    settings: &Settings,
) -> Result<(Option<String>, bool)> {
    let held = care_says(care::may_look(tx, &staff.caller, item, true, urgent, settings).await)?;
    if held.is_some() || !whole {
        let shut = held.is_some();
        return Ok((held, shut));
    }
    Ok((care_says(care::may_look(tx, &staff.caller, item, false, urgent, settings).await)?, false))
}

pub(crate) fn strip(nth: usize, film: decode::Video, hits: &[Hit]) -> Strip {
    let common = hits.iter().filter_map(|hit| hit.in_common.as_ref()).flat_map(|common| &common.ranges);
    let length = u64::from(film.length_ms).max(1);
    let thousandths = |ms: u32| (u64::from(ms) * 1_000 / length).min(1_000);
    let (mut marks, mut ranges) = (Vec::new(), Vec::<String>::new());
    for range in common {
        let Some((from, to)) = range.upload_ms else { continue };
        marks.push((thousandths(from), (thousandths(to) - thousandths(from)).max(3)));
        let said = match range.entry_ms {
            Some((start, end)) => say("upload-range-there").with("start", minutes(start)).with("end", minutes(end)),
            None => say("upload-range"),
        };
        ranges.push(said.with("from", minutes(from)).with("to", minutes(to)).to_string());
    }
    let alt = say("upload-strip").with("nth", nth).with("length", minutes(film.length_ms));
    let ranges = ranges.join("; ");
    Strip { alt, marks, ranges }
}

/// A time in a film.
fn minutes(ms: u32) -> String {
    format!("{}:{:02}", ms / 60_000, ms / 1_000 % 60)
}
