//! Whether a text is of its kind: first as the schema reads it, then as the documentation narrows it. Where readers of schemas
//! differ (white space around a number), what one of them refuses is refused.

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::Date;

use super::super::grammar::words;
use super::Origin::{Documentation, Schema};
use super::{Fault, trimmed};

/// What is wrong with a text of this kind, if anything is.
pub(super) fn fault(text: &str, kind: &str, now: Timestamp) -> Option<Fault> {
    let fault = match kind {
        "text" => return None,
        // No white space either: the schema allows no character at all.
        "empty" => (!text.is_empty()).then_some(("empty", Schema, "must be empty")),
        "bool" => (!matches!(trimmed(text), "true" | "false" | "1" | "0")).then_some((
            "boolean",
            Schema,
            "must be true or false",
        )),
        "flag" => (!matches!(text, "" | "true")).then_some((
            "flag",
            Schema,
            "is true by being there; leave it out instead of saying false",
        )),
        "number" => return whole_number(text, i64::MIN, 1, i64::MAX, i64::MAX),
        "age" => return whole_number(text, i32::MIN.into(), 0, 150, i32::MAX.into()),
        "port" => return whole_number(text, i32::MIN.into(), 1, 65_535, i32::MAX.into()),
        "double" => (!double(trimmed(text))).then_some(("number", Schema, "must be a number")),
        "past" => return time(text, Some(now)),
        "datetime" => return time(text, None),
        "pastdate" => return date(text, now),
        "url" => return url(text),
        "email" => return email(text),
        "ip" => text.parse::<IpAddr>().is_err().then_some((
            "ip",
            Documentation,
            "must be an IPv4 or IPv6 address without a port",
        )),
        "calling" => (!text.strip_prefix('+').is_some_and(|rest| digits(rest, 3))).then_some((
            "pattern",
            Schema,
            "must be + and one to three digits",
        )),
        "extension" if !digits(text, usize::MAX) => Some(("pattern", Schema, "must be digits only")),
        "extension" => (text.len() > 10).then_some(("length", Documentation, "must have at most 10 digits")),
        _ => return sized(text, kind).or_else(|| enumerated(text, kind)),
    };
    fault.map(|(rule, origin, message)| Fault { rule, origin, message: message.to_owned() })
}

fn digits(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Within the outer bounds it is a number of the schema's type, within the inner ones the documentation takes it.
fn whole_number(text: &str, lowest: i64, least: i64, most: i64, highest: i64) -> Option<Fault> {
    let (rule, origin, message) = match text.parse::<i64>() {
        Ok(number) if (least..=most).contains(&number) => return None,
        Ok(number) if (lowest..=highest).contains(&number) => {
            ("range", Documentation, format!("must be {least} to {most}"))
        }
        _ => ("number", Schema, "must be a whole number without spaces".to_owned()),
    };
    Some(Fault { rule, origin, message })
}

/// A number as XML Schema writes it, which is not how Rust reads it: INF, but not inf.
fn double(text: &str) -> bool {
    matches!(text, "INF" | "-INF" | "NaN")
        || (text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'))
            && text.parse::<f64>().is_ok())
}

/// Whether the text has this form, where `0` stands for a digit.
fn form(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text.bytes().zip(form.bytes()).all(|(b, f)| if f == b'0' { b.is_ascii_digit() } else { b == f })
}

/// `Z`, or an offset of at most fourteen hours.
fn zone(text: &str) -> bool {
    text == "Z"
        || text.strip_prefix(['+', '-']).is_some_and(|offset| {
            form(offset, "00:00") && (offset <= "13:59" || offset == "14:00") && offset.get(3..) <= Some("59")
        })
}

fn time(text: &str, past: Option<Timestamp>) -> Option<Fault> {
    let fault = |rule, origin, message: &str| Some(Fault { rule, origin, message: message.to_owned() });
    let wrong = || fault("datetime", Schema, "must be a time with its zone, such as 2026-01-05T10:11:12Z");
    let Some((moment, rest)) = text.split_at_checked("2026-01-05T10:11:12".len()) else { return wrong() };
    let fraction = rest.strip_prefix('.').map_or(0, |rest| 1 + rest.bytes().take_while(u8::is_ascii_digit).count());
    let Some((decimals, after)) = rest.split_at_checked(fraction) else { return wrong() };
    let formed = form(moment, "0000-00-00T00:00:00") && decimals != "." && !moment.ends_with("60") && moment >= "0001";
    if !formed || moment.parse::<jiff::civil::DateTime>().is_err() {
        return wrong();
    }
    if after.is_empty() {
        return fault("zone", Documentation, "has no zone; add Z or an offset, such as +00:00");
    }
    if !zone(after) {
        return wrong();
    }
    // Nanoseconds are enough to tell past from future.
    let moment: String = [moment, decimals.get(..decimals.len().min(10)).unwrap_or(""), after].concat();
    match (moment.parse::<Timestamp>(), past) {
        (Ok(at), Some(now)) if at > now => fault("past", Documentation, "must be in the past; check the clock"),
        (Ok(_), _) => None,
        (Err(_), _) => wrong(),
    }
}

fn date(text: &str, now: Timestamp) -> Option<Fault> {
    let fault = |rule, origin, message: &str| Some(Fault { rule, origin, message: message.to_owned() });
    let wrong = || fault("date", Schema, "must be a date, such as 1985-02-03");
    let Some((day, after)) = text.split_at_checked("1985-02-03".len()) else { return wrong() };
    if !form(day, "0000-00-00") || day < "0001" || !(after.is_empty() || zone(after)) {
        return wrong();
    }
    match day.parse::<Date>() {
        Ok(day) if day <= now.to_zoned(jiff::tz::TimeZone::UTC).date() => None,
        Ok(_) => fault("past", Documentation, "must be in the past"),
        Err(_) => wrong(),
    }
}

/// Java, in which the destination is written, counts UTF-16 units; whoever fits by that count fits by any other.
fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

fn documented(rule: &'static str, message: impl Into<String>) -> Fault {
    Fault { rule, origin: Documentation, message: message.into() }
}

pub(super) fn url(text: &str) -> Option<Fault> {
    if units(text) > 2_083 {
        return Some(documented("length", "must have at most 2083 characters"));
    }
    let rest = text
        .split_once("://")
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"));
    let fits = rest.is_some_and(|(_, rest)| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !host.is_empty() && !rest.chars().any(|c| c.is_whitespace() || c.is_control())
    });
    (!fits).then(|| documented("url", "must be an absolute http or https address without spaces; percent-encode them"))
}

fn email(text: &str) -> Option<Fault> {
    if units(text) > 255 {
        return Some(documented("length", "must have at most 255 characters"));
    }
    let fits = text.split_once('@').is_some_and(|(local, domain)| {
        (1..=64).contains(&units(local))
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !domain.contains('@')
            && !text.chars().any(|c| c.is_whitespace() || c.is_control())
    });
    (!fits).then(|| documented("email", "must be an e-mail address"))
}

/// `textN` and `lineN`.
fn sized(text: &str, kind: &str) -> Option<Fault> {
    let (most, blank) = match (kind.strip_prefix("text"), kind.strip_prefix("line")) {
        (Some(most), _) => (most, true),
        (_, Some(most)) => (most, false),
        _ => return None,
    };
    let most = most.parse::<usize>().ok()?;
    if units(text) > most {
        return Some(documented("length", format!("must have at most {most} characters; shorten it")));
    }
    let empty = !blank && text.trim().is_empty();
    empty.then(|| documented("blank", "must not be blank; leave it out"))
}

fn enumerated(text: &str, kind: &str) -> Option<Fault> {
    if words(kind)?.any(|word| word == text) {
        return None;
    }
    let words: Vec<_> = words(kind).into_iter().flatten().filter(|word| !word.is_empty()).take(12).collect();
    let message = format!("is none of the allowed words, such as: {}", words.join(", "));
    Some(Fault { rule: "enumeration", origin: Schema, message })
}
