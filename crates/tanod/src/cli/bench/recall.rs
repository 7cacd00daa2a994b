//! `tanod bench recall`: pictures are listed, edited as they are edited every day, and looked for again.
//!
//! Nothing in it depends on chance or time, so two runs of one build give the same figures, and a change that makes
//! them worse is seen before it is released. Figures are given for classes of edits.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ::sim::edits::{Class, EDITS};
use ::sim::pictures::{self, Picture, photograph, picture, png};
use bytes::Bytes;
use decode::{Limits, Look, Pool, Wanted};
use fingerprint::{Index, Pdq, Print};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use super::{Context, Done, Trouble, files, number, thousandths};
use crate::banks::{usual_quality, usual_threshold};

/// By so much, in hundredths of all files of a class, recall may differ between machines: their compilers round differently.
const TOLERANCE: f64 = 0.5;
/// Pictures that are generated and listed, and as many again as a quarter that are not.
const GENERATED: u32 = 104;

/// How many ordinarily edited pictures are recognised.
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  tanod bench recall                              figures for generated pictures
  tanod bench recall --pictures target/photographs --out docs
  tanod bench recall --check docs/recall.json     fails when a class is worse than this file says")]
pub(crate) struct Args {
    /// Photographs to list as well; harmless ones, without people. They are read in this process.
    #[arg(long, value_name = "DIR")]
    pictures: Option<PathBuf>,
    /// Compare with the figures in this file, and fail when recall has fallen or false matches have risen.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// Write recall.md and recall.json into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Everything that was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Report {
    release: String,
    threshold: u32,
    least_quality: u8,
    sets: BTreeMap<String, Set>,
}

/// One set of pictures, listed together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Set {
    listed: u32,
    classes: BTreeMap<Class, Figures>,
    /// Pictures that are not listed, as they are.
    others: Figures,
}

/// What came of the files of one class.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Figures {
    files: u32,
    found: u32,
    recall: f64,
    /// How many entries of other pictures the files were compared with.
    compared: u32,
    false_matches: u32,
}

impl Figures {
    fn add(&mut self, entries: u32, own: Option<u32>, hits: &[u32]) {
        self.files += 1;
        let found = own.is_some_and(|own| hits.contains(&own));
        self.found += u32::from(found);
        self.compared += entries - u32::from(own.is_some());
        self.false_matches += u32::try_from(hits.len()).unwrap_or(u32::MAX) - u32::from(found);
        self.recall = thousandths(number(self.found) / number(self.files.max(1)) * 100.0);
    }
}

/// A picture, and the file of it that is listed.
struct Original {
    picture: Picture,
    file: Vec<u8>,
}

pub(super) async fn run(context: &Context, args: Args) -> Done {
    // Read first: a wrong name is told before a minute of measuring, not after it.
    let kept = args.check.as_deref().map(|file| Ok::<_, Trouble>((file, figures(file)?))).transpose()?;
    let children = std::thread::available_parallelism().map_or(2, usize::from);
    let pool = Pool::new(std::env::current_exe()?, vec!["decode-child".into()], children, Limits::default());
    let mut report = Report {
        release: env!("CARGO_PKG_VERSION").to_owned(),
        threshold: usual_threshold(),
        least_quality: usual_quality(),
        sets: BTreeMap::new(),
    };
    let generated = |n| move || Some(original(generate(n)));
    let (listed, others) = ((0..GENERATED).map(generated), (GENERATED..GENERATED * 5 / 4).map(generated));
    report.sets.insert("generated".to_owned(), Set::measure(context, &pool, listed.collect(), others.collect()).await?);
    if let Some(folder) = &args.pictures {
        let read = |path: PathBuf| {
            move || {
                let file = fs_err::read(path).ok()?;
                Some(Original { picture: pictures::read(&file)?, file })
            }
        };
        let listed = files(folder)?.into_iter().map(read).collect();
        let others = (GENERATED..GENERATED * 5 / 4).map(generated).collect();
        report.sets.insert("photographs".to_owned(), Set::measure(context, &pool, listed, others).await?);
    }
    if let Some(folder) = &args.out {
        fs_err::create_dir_all(folder)?;
        let json = serde_json::to_string_pretty(&report).map_err(|error| Trouble::Said(error.to_string()))?;
        fs_err::write(folder.join("recall.json"), json + "\n")?;
        fs_err::write(folder.join("recall.md"), report.document())?;
    }
    context.say(report.tables().trim_end());
    let worse = match &kept {
        Some((file, kept)) => compare(context, &report, file, kept)?,
        None => Vec::new(),
    };
    for line in &worse {
        context.say(format!("WORSE: {line}"));
    }
    if context.json {
        let mut row = serde_json::to_value(&report).unwrap_or_default();
        if let Some(row) = row.as_object_mut() {
            row.insert("worse".to_owned(), worse.clone().into());
        }
        context.result(&row, "");
    }
    if worse.is_empty() { Ok(()) } else { Err(Trouble::Quiet) }
}

fn figures(file: &Path) -> Result<Report, Trouble> {
    serde_json::from_slice(&fs_err::read(file)?)
        .map_err(|error| Trouble::Said(format!("{} is no file of figures: {error}", file.display())))
}

/// What is worse than a file says.
fn compare(context: &Context, report: &Report, file: &Path, kept: &Report) -> Result<Vec<String>, Trouble> {
    for name in kept.sets.keys().filter(|name| !report.sets.contains_key(*name)) {
        context.say(format!("not compared: {name}, for they were not given"));
    }
    let mut worse = report.worse_than(kept);
    let document = file.with_extension("md");
    if document.exists() && fs_err::read_to_string(&document)? != kept.document() {
        worse.push(format!("{} does not say what {} says; write both anew", document.display(), file.display()));
    }
    Ok(worse)
}

/// The n-th generated picture, in a size of its own. Every fourth is soft patches of colour, the others are scenes.
fn generate(n: u32) -> Picture {
    let (width, height) = (340 + n * 37 % 240, 300 + n * 53 % 180);
    if n.is_multiple_of(4) { picture(50_000 + n, width, height) } else { photograph(n, width, height) }
}

fn original(picture: Picture) -> Original {
    Original { file: png(&picture), picture }
}

/// What is asked of a look at an edited file: the search in all orientations is for the class that needs it.
fn wanted(class: Class) -> Wanted {
    Wanted { turned: class == Class::Turns, ..Wanted::default() }
}

/// The hashes that a look is matched by.
fn telling(look: &Look) -> Vec<Pdq> {
    let frames = look.frames.iter().filter(|frame| frame.quality >= usual_quality());
    frames.flat_map(|frame| std::iter::once(frame.hash).chain(frame.turned.into_iter().flatten())).collect()
}

impl Set {
    async fn measure(
        context: &Context,
        pool: &Pool,
        listed: Vec<impl FnOnce() -> Option<Original> + Send + 'static>,
        others: Vec<impl FnOnce() -> Option<Original> + Send + 'static>,
    ) -> Result<Self, Trouble> {
        let bar = context.progress(listed.len() + others.len(), "pictures");
        // Edits are made on as many threads as there are children to look at what they make.
        let looks = |(n, make): (usize, _), edited: bool| seen(pool.clone(), bar.clone(), n, make, edited);
        let at_once = std::thread::available_parallelism().map_or(2, usize::from) + 1;
        let of_listed: Vec<Seen> = stream::iter(listed.into_iter().enumerate().map(|one| looks(one, true)))
            .buffer_unordered(at_once)
            .try_collect()
            .await?;
        let looks = |(n, make): (usize, _)| seen(pool.clone(), bar.clone(), n, make, false);
        let of_others: Vec<Seen> =
            stream::iter(others.into_iter().enumerate().map(looks)).buffer_unordered(at_once).try_collect().await?;
        bar.finish_and_clear();
        let entries = of_listed.iter().flat_map(|seen| seen.original.iter().map(|hash| (seen.n, *hash)));
        Ok(Self::of(entries.collect(), &of_listed, &of_others))
    }

    /// Lists the originals and looks for everything else.
    fn of(entries: Vec<(u32, Pdq)>, listed: &[Seen], others: &[Seen]) -> Self {
        let numbers: std::collections::HashSet<u32> = entries.iter().map(|(n, _)| *n).collect();
        let index = Index::from_entries(
            entries.into_iter().map(|(n, hash)| (u128::from(n).to_be_bytes(), n, Print::Pdq(hash))),
        );
        let hits = |hashes: &[Pdq]| {
            let near = hashes.iter().flat_map(|hash| index.near(hash, usual_threshold()));
            let mut hits: Vec<u32> = near.map(|near| near.label).collect();
            hits.sort_unstable();
            hits.dedup();
            hits
        };
        let all = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        let mut set = Self { listed: all, ..Self::default() };
        for seen in listed.iter().filter(|seen| numbers.contains(&seen.n)) {
            for (class, hashes) in &seen.edited {
                set.classes.entry(*class).or_default().add(all, Some(seen.n), &hits(hashes));
            }
        }
        for seen in others {
            set.others.add(all, None, &hits(&seen.original));
        }
        set
    }
}

/// What the decoder saw of one picture and of its edited files.
struct Seen {
    n: u32,
    original: Vec<Pdq>,
    edited: Vec<(Class, Vec<Pdq>)>,
}

async fn seen(
    pool: Pool,
    bar: indicatif::ProgressBar,
    n: usize,
    make: impl FnOnce() -> Option<Original> + Send + 'static,
    edited: bool,
) -> Result<Seen, Trouble> {
    let edits = move || {
        let original = make()?;
        let wanted = EDITS.iter().filter(|_| edited);
        let files: Vec<(Class, Vec<u8>)> = wanted.map(|edit| (edit.class, edit.apply(&original.picture))).collect();
        Some((original.file, files))
    };
    let all = tokio::task::spawn_blocking(edits).await.map_err(|error| Trouble::Said(error.to_string()))?;
    let (file, files) = all.ok_or_else(|| Trouble::Said(format!("picture {n} cannot be read")))?;
    // A file that our own decoder does not read is one that is not recognised.
    let look = async |file, wanted| {
        pool.look(Bytes::from(file), wanted).await.map_or_else(|_| Vec::new(), |look| telling(&look))
    };
    // What is listed is hashed to the last bit, as an entry is; what is looked for, as an upload is.
    let original = look(file, Wanted { exact: true, ..Wanted::default() }).await;
    let mut edited = Vec::new();
    for (class, file) in files {
        edited.push((class, look(file, wanted(class)).await));
    }
    bar.inc(1);
    Ok(Seen { n: u32::try_from(n).unwrap_or(u32::MAX), original, edited })
}

impl Report {
    fn worse_than(&self, kept: &Self) -> Vec<String> {
        let mut worse = Vec::new();
        for (name, set) in &self.sets {
            let Some(before) = kept.sets.get(name) else {
                worse.push(format!("{name}: the file has no figures for them; write it anew with --out"));
                continue;
            };
            let classes = set.classes.iter().map(|(class, now)| (class.words(), now, before.classes.get(class)));
            let others = [("pictures that are not listed", &set.others, Some(&before.others))];
            for (words, now, before) in classes.chain(others) {
                let Some(before) = before.filter(|before| before.files == now.files) else {
                    worse.push(format!("{name}, {words}: other files than before; write the figures anew with --out"));
                    continue;
                };
                if now.recall + TOLERANCE < before.recall {
                    worse.push(format!("{name}, {words}: recall {} %, it was {} %", now.recall, before.recall));
                }
                if now.false_matches > before.false_matches {
                    let (now, before) = (now.false_matches, before.false_matches);
                    worse.push(format!("{name}, {words}: {now} false matches, there were {before}"));
                }
            }
            for class in before.classes.keys().filter(|class| !set.classes.contains_key(class)) {
                worse.push(format!("{name}, {}: not measured any more", class.words()));
            }
        }
        worse
    }

    fn tables(&self) -> String {
        let mut text = String::new();
        for (name, set) in &self.sets {
            writeln!(text, "{}: {} listed\n", titled(name), set.listed).ok();
            text += "| class of edits | files | recognised | recall | compared with others | false matches |\n";
            text += "|---|---:|---:|---:|---:|---:|\n";
            for class in Class::ALL {
                let Some(figures) = set.classes.get(&class) else { continue };
                let Figures { files, found, recall, compared, false_matches } = figures;
                let words = class.words();
                writeln!(text, "| {words} | {files} | {found} | {recall:.1} % | {compared} | {false_matches} |").ok();
            }
            let Figures { files, compared, false_matches, .. } = &set.others;
            writeln!(text, "| *not listed, as they are* | {files} | – | – | {compared} | {false_matches} |\n").ok();
        }
        text
    }

    /// The document for people.
    fn document(&self) -> String {
        let Self { release, threshold, least_quality, .. } = self;
        format!(
            "\
# What is recognised, and how well

Release {release}. Written by `tanod bench recall --pictures target/photographs --out docs`; `script/test` measures
again and fails when recall of a class has fallen by more than {TOLERANCE} percentage points or a false match has come
to it. [recall.json](recall.json) has the same figures for programs.

Harmless pictures are listed by their PDQ hash. Each is then changed in the ordinary ways in which apps and websites
change pictures, written to a file, decoded and hashed in the confined child as an upload is, and looked for among all
that are listed, at the usual distance of {threshold} of 256 bits. A hash of quality under {least_quality} is not
compared, and its file counts as not recognised. An entry of another picture that fits is a false match. The last row of
a table is pictures that are not listed. Turned and mirrored files are searched for in all eight orientations, which is a
setting; the other classes in the one they have.

Generated pictures are scenes and patches of colour drawn from numbers. Photographs are those that two scientific
Python packages carry, without people (`script/photographs` fetches them; they are not part of this repository). Neither is
the material that Tanod is for, so these figures compare releases; they do not promise a rate in the field. Classes stand
in alphabetical order, and each row sums up several edits.

{}
",
            self.tables().trim_end()
        )
    }
}

fn titled(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(n: u32, original: [u8; 32], edited: &[(Class, [u8; 32])]) -> Seen {
        let edited = edited.iter().map(|(class, hash)| (*class, vec![Pdq::from_bytes(*hash)])).collect();
        Seen { n, original: vec![Pdq::from_bytes(original)], edited }
    }

    fn report(listed: &[Seen], others: &[Seen]) -> Report {
        let entries = listed.iter().flat_map(|seen| seen.original.iter().map(|hash| (seen.n, *hash))).collect();
        let sets = [("generated".to_owned(), Set::of(entries, listed, others))].into();
        Report { release: "0".to_owned(), threshold: 31, least_quality: 50, sets }
    }

    const FAR: [u8; 32] = [0xff; 32];
    const NEAR: [u8; 32] = {
        let mut bytes = [0; 32];
        bytes[0] = 0xff;
        bytes
    };

    #[test]
    fn a_fall_and_a_false_match_are_noticed() {
        let edits =
            |crop| vec![seen(0, [0; 32], &[(Class::Crops, crop), (Class::Formats, [0; 32])]), seen(1, FAR, &[])];
        let strangers = |hash| vec![seen(0, hash, &[])];
        let before = report(&edits(NEAR), &strangers([0x0f; 32]));
        let figures = &before.sets["generated"];
        assert_eq!(
            (figures.listed, figures.classes[&Class::Crops].recall, figures.others.false_matches),
            (2, 100.0, 0)
        );
        assert_eq!(before.worse_than(&before), Vec::<String>::new());

        // The cropped picture is taken for the other one: recall falls and a false match comes.
        let after = report(&edits(FAR), &strangers([0x0f; 32]));
        let worse = after.worse_than(&before);
        assert!(worse.len() == 2 && worse.iter().all(|line| line.contains("crops")), "{worse:?}");
        // What has become better is no fault.
        assert_eq!(before.worse_than(&after), Vec::<String>::new());

        let after = report(&edits(NEAR), &strangers(NEAR));
        assert_eq!(after.worse_than(&before).len(), 1);

        // Fewer files, or a class that is gone, do not pass for equal.
        let after = report(&[seen(0, [0; 32], &[(Class::Crops, NEAR)]), seen(1, FAR, &[])], &strangers([0x0f; 32]));
        assert_eq!(after.worse_than(&before).len(), 1);
        let after = report(&edits(NEAR), &[]);
        assert_eq!(after.worse_than(&before).len(), 1);
    }

    #[test]
    fn a_picture_without_a_telling_hash_counts_as_not_recognised() {
        let mut one = seen(0, [0; 32], &[(Class::Crops, NEAR)]);
        one.edited.push((Class::Crops, Vec::new()));
        let report = report(&[one], &[]);
        let crops = &report.sets["generated"].classes[&Class::Crops];
        assert_eq!((crops.files, crops.found), (2, 1));
    }

    #[test]
    fn classes_stand_in_alphabetical_order_whatever_their_figures() {
        let order = [Class::Scaling, Class::Crops, Class::Formats]
            .map(|class| (class, if class == Class::Crops { FAR } else { NEAR }));
        let document = report(&[seen(0, [0; 32], &order)], &[]).document();
        let rows: Vec<&str> = document.lines().filter(|line| line.starts_with("| ") && line.contains(" % |")).collect();
        assert_eq!(rows.len(), 3, "{document}");
        assert!(rows.is_sorted(), "{rows:?}");
    }
}
