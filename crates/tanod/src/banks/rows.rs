//! Import and export of a bank's rows as CSV and NDJSON, with a fault named for each row that cannot be read.

use std::path::Path;

use fingerprint::Vpdq;
use sha2::{Digest as _, Sha256};

use super::{BAD_ROWS, Entry, Signal};
use crate::refusal::{Error, Result, RowFault};
use crate::store::word;

/// More faults than this help nobody.
pub(super) const MOST_FAULTS: usize = 50;

/// One row of an import or export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What sort of fingerprint.
    pub signal: Signal,
    /// The fingerprint.
    pub value: Vec<u8>,
    /// The frames of a film, as [`Vpdq::to_bytes`] writes them; the value is their SHA-256.
    pub frames: Option<Vec<u8>>,
    /// As the source classifies it.
    pub classification: Option<String>,
    /// Who contributed it.
    pub source: Option<String>,
    /// How it came here.
    pub provenance: Option<String>,
}

#[derive(serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    signal: String,
    value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    classification: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provenance: Option<String>,
}

impl From<Entry> for Row {
    fn from(entry: Entry) -> Self {
        Self {
            signal: entry.signal,
            value: entry.value,
            frames: entry.frames,
            classification: entry.classification,
            source: entry.source,
            provenance: entry.provenance,
        }
    }
}

impl TryFrom<Wire> for Row {
    type Error = String;

    fn try_from(wire: Wire) -> std::result::Result<Self, String> {
        let signal: Signal = word(wire.signal.trim())
            .filter(|signal| *signal != Signal::Photodna)
            .ok_or_else(|| format!("signal `{}` is none of md5, sha1, sha256, pdq, vpdq", shown(&wire.signal)))?;
        let frames = (signal == Signal::Vpdq).then(|| film(&wire.value)).transpose()?;
        let value = match &frames {
            Some(frames) => Sha256::digest(frames).to_vec(),
            None => hex::decode(wire.value.trim())
                .map_err(|_| format!("value `{}` is not hexadecimal", shown(&wire.value)))?,
        };
        if value.len() != signal.width() {
            let digits = signal.width() * 2;
            return Err(format!("value has {} hexadecimal digits, and this signal has {digits}", value.len() * 2));
        }
        for (name, text) in
            [("classification", &wire.classification), ("source", &wire.source), ("provenance", &wire.provenance)]
        {
            if text.as_ref().is_some_and(|text| text.len() > 500) {
                return Err(format!("{name} is longer than 500 characters"));
            }
        }
        let some = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        Ok(Self {
            signal,
            value,
            frames,
            classification: some(wire.classification),
            source: some(wire.source),
            provenance: some(wire.provenance),
        })
    }
}

/// The frames of a film: Meta's lines, or a list in JSON as python-threatexchange passes it on.
fn film(text: &str) -> std::result::Result<Vec<u8>, String> {
    let text = text.trim();
    let read = if text.starts_with('[') {
        let frames: Vec<String> = serde_json::from_str(text).map_err(|_| "value is no list of frames".to_owned())?;
        Vpdq::from_compact(frames.iter().map(String::as_str))
    } else {
        Vpdq::from_text(text)
    };
    read.map(|film| film.to_bytes()).map_err(|error| format!("value: {error}"))
}

/// A stranger's text, short enough to be repeated to them.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

fn gather(rows: impl Iterator<Item = std::result::Result<Row, String>>) -> Result<Vec<Row>> {
    let (mut good, mut faults) = (Vec::new(), Vec::new());
    for (row, number) in rows.zip(1_u64..) {
        match row {
            Ok(row) => good.push(row),
            Err(message) => faults.push(RowFault { row: number, message }),
        }
        if faults.len() >= MOST_FAULTS {
            break;
        }
    }
    if !faults.is_empty() {
        return Err(BAD_ROWS.rows(faults));
    }
    if good.is_empty() {
        // A download that failed leaves an empty file. Taking it would only make the list look fresh.
        return Err(BAD_ROWS.because("there is no row in it"));
    }
    Ok(good)
}

/// How a file of rows is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// CSV with a header of at least `signal,value`.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

impl Form {
    /// By the name of a file: `.ndjson` and `.jsonl` are NDJSON, everything else is CSV.
    pub fn of_name(name: &str) -> Self {
        let end = Path::new(name).extension().unwrap_or_default();
        if end.eq_ignore_ascii_case("ndjson") || end.eq_ignore_ascii_case("jsonl") { Self::Ndjson } else { Self::Csv }
    }

    /// By a `Content-Type`.
    pub fn of_type(kind: &str) -> Result<Self> {
        match kind.split(';').next().unwrap_or_default().trim() {
            "text/csv" => Ok(Self::Csv),
            "application/x-ndjson" | "application/ndjson" => Ok(Self::Ndjson),
            _ => Err(BAD_ROWS.because("send Content-Type text/csv or application/x-ndjson")),
        }
    }

    /// Reads every row, or none.
    pub fn parse(self, bytes: &[u8]) -> Result<Vec<Row>> {
        match self {
            Self::Csv => parse_csv(bytes),
            Self::Ndjson => parse_ndjson(bytes),
        }
    }

    /// Writes rows.
    pub fn write(self, rows: &[Row]) -> Result<Vec<u8>> {
        match self {
            Self::Csv => write_csv(rows),
            Self::Ndjson => write_ndjson(rows),
        }
    }

    /// Reads what can be read, each row or why not.
    pub(super) fn read(self, bytes: &[u8]) -> Vec<std::result::Result<Row, String>> {
        match self {
            Self::Csv => csv_rows(&mut csv_reader(bytes)).collect(),
            Self::Ndjson => ndjson_rows(bytes).collect(),
        }
    }
}

fn csv_reader(bytes: &[u8]) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes)
}

fn csv_rows<'a>(reader: &'a mut csv::Reader<&[u8]>) -> impl Iterator<Item = std::result::Result<Row, String>> + 'a {
    reader.deserialize::<Wire>().map(|row| match row {
        Ok(wire) => Row::try_from(wire),
        Err(error) => Err(match error.kind() {
            csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("has {len} fields, and the header has {expected_len}")
            }
            csv::ErrorKind::Utf8 { .. } => "is not UTF-8".to_owned(),
            _ => "cannot be read as CSV".to_owned(),
        }),
    })
}

fn ndjson_rows(bytes: &[u8]) -> impl Iterator<Item = std::result::Result<Row, String>> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.map(|line| serde_json::from_slice::<Wire>(line).map_err(|error| error.to_string()).and_then(Row::try_from))
}

/// Reads CSV with a header of at least `signal,value`.
pub fn parse_csv(bytes: &[u8]) -> Result<Vec<Row>> {
    gather(csv_rows(&mut csv_reader(bytes)))
}

/// Reads one JSON object a line.
pub fn parse_ndjson(bytes: &[u8]) -> Result<Vec<Row>> {
    gather(ndjson_rows(bytes))
}

fn wire(row: &Row) -> Wire {
    let film = row.frames.as_deref().and_then(|frames| Vpdq::from_bytes(frames).ok());
    Wire {
        signal: crate::store::as_word(&row.signal),
        value: film.map_or_else(|| hex::encode(&row.value), |film| film.to_string().trim_end().to_owned()),
        classification: row.classification.clone(),
        source: row.source.clone(),
        provenance: row.provenance.clone(),
    }
}

/// Writes CSV.
pub fn write_csv(rows: &[Row]) -> Result<Vec<u8>> {
    let doing = "writing CSV";
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = ["signal", "value", "classification", "source", "provenance"];
    writer.write_record(header).map_err(|error| Error::internal(doing, error))?;
    for row in rows {
        let wire = wire(row);
        let text = |text: Option<String>| text.unwrap_or_default();
        let fields = [wire.signal, wire.value, text(wire.classification), text(wire.source), text(wire.provenance)];
        writer.write_record(fields).map_err(|error| Error::internal(doing, error))?;
    }
    writer.into_inner().map_err(|error| Error::internal(doing, error.to_string()))
}

/// Writes one JSON object a line.
pub fn write_ndjson(rows: &[Row]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut out, &wire(row)).map_err(|error| Error::internal("writing NDJSON", error))?;
        out.push(b'\n');
    }
    Ok(out)
}
