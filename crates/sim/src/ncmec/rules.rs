//! What may stand in an element or attribute, and what the documentation adds to the schema.

use std::net::IpAddr;
use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;

use super::schema::{Complaints, Element};

const INCIDENTS: [&str; 8] = [
    "Child Pornography (possession, manufacture, and distribution)",
    "Child Sex Trafficking",
    "Child Sex Tourism",
    "Child Sexual Molestation",
    "Misleading Domain Name",
    "Misleading Words or Digital Images on the Internet",
    "Online Enticement of Children for Sexual Acts",
    "Unsolicited Obscene Material Sent to a Child",
];
const EVENTS: [&str; 6] = ["Login", "Registration", "Purchase", "Upload", "Other", "Unknown"];
const STATES: &str = " AK AL AR AZ CA CO CT DC DE FL GA GU HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH OK OR PA PR RI SC SD TN TX UT VA VI VT WA WI WV WY ";
const COUNTRIES: &str = " A1 A2 O1 AD AE AF AG AI AL AM AN AO AP AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET EU FI FJ FK FM FO FR FX GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW ";

#[expect(clippy::expect_used, reason = "the expressions are written here")]
fn expression(text: &str) -> Regex {
    Regex::new(&format!("^(?:{text})$")).expect("an expression")
}

const DAY: &str = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])";
const ZONE: &str = "Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)";
static MOMENT: LazyLock<Regex> =
    LazyLock::new(|| expression(&format!("({DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])(?:[.][0-9]+)?({ZONE})?")));
static DATE: LazyLock<Regex> = LazyLock::new(|| expression(&format!("({DAY})(?:{ZONE})?")));
static DOUBLE: LazyLock<Regex> =
    LazyLock::new(|| expression("[+-]?(?:[0-9]+(?:[.][0-9]*)?|[.][0-9]+)(?:[Ee][+-]?[0-9]+)?|-?INF|NaN"));
static CALLING_CODE: LazyLock<Regex> = LazyLock::new(|| expression("[+][0-9]{1,3}"));
static EXTENSION: LazyLock<Regex> = LazyLock::new(|| expression("[0-9]{1,10}"));

/// XML's white space, and no other.
pub(super) fn collapsed(text: &str) -> &str {
    text.trim_matches(|c| matches!(c, ' ' | '\t' | '\n' | '\r'))
}

fn blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// As Java counts.
fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

fn boolean(text: &str) -> bool {
    matches!(collapsed(text), "true" | "false" | "0" | "1")
}

fn time(text: &str, now: Option<Timestamp>) -> Result<(), String> {
    let not_valid = || format!("cvc-datatype-valid.1.2.1: '{text}' is not a valid value for 'dateTime'.");
    let parts = MOMENT.captures(text).ok_or_else(not_valid)?;
    if parts.get(1).is_none_or(|day| day.as_str().parse::<jiff::civil::DateTime>().is_err() || text.starts_with("0000"))
    {
        return Err(not_valid());
    }
    if parts.get(2).is_none() {
        return Err(format!("'{text}' has no time zone."));
    }
    let moment =
        if length(text) > 40 { text.get(..19).map(|start| format!("{start}Z")) } else { Some(text.to_owned()) };
    match (moment.and_then(|moment| moment.parse::<Timestamp>().ok()), now) {
        (Some(at), Some(now)) if at > now => Err(format!("'{text}' must be in the past.")),
        (Some(_), _) => Ok(()),
        (None, _) => Err(not_valid()),
    }
}

fn date(text: &str, now: Timestamp) -> Result<(), String> {
    let not_valid = || format!("cvc-datatype-valid.1.2.1: '{text}' is not a valid value for 'date'.");
    let day = DATE.captures(text).and_then(|parts| parts.get(1)).ok_or_else(not_valid)?.as_str();
    let day: jiff::civil::Date = day.parse().map_err(|_| not_valid())?;
    if day.year() < 1 {
        return Err(not_valid());
    }
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    if day > today { Err(format!("'{text}' must be in the past.")) } else { Ok(()) }
}

fn whole(text: &str, least: i64, most: i64) -> Result<(), String> {
    match text.parse::<i64>() {
        Ok(number) if number >= least && number <= most => Ok(()),
        _ => Err(format!("cvc-datatype-valid.1.2.1: '{text}' is not a valid value between {least} and {most}.")),
    }
}

fn listed(text: &str, known: bool) -> Result<(), String> {
    if known { Ok(()) } else { Err(format!("cvc-enumeration-valid: Value '{text}' is not facet-valid.")) }
}

fn in_list(text: &str, list: &str) -> bool {
    text.is_empty() || (!text.contains(' ') && list.contains(&format!(" {text} ")))
}

fn at_most(text: &str, most: usize) -> Result<(), String> {
    if length(text) <= most { Ok(()) } else { Err(format!("must be at most {most} characters")) }
}

fn web_address(text: &str) -> Result<(), String> {
    at_most(text, 2_083)?;
    let lower = text.to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")).unwrap_or("");
    let host = rest.chars().take_while(|c| !matches!(c, '/' | '?' | '#')).count();
    if host == 0 || rest.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(format!("'{text}' is not a valid URL."));
    }
    Ok(())
}

fn mail_address(text: &str) -> Result<(), String> {
    at_most(text, 255)?;
    let mut parts = text.split('@');
    let (local, host) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let labels: Vec<&str> = host.split('.').collect();
    let ends = labels.first().is_some_and(|label| !label.is_empty()) && labels.last().is_some_and(|l| !l.is_empty());
    let fits = parts.next().is_none() && !local.is_empty() && length(local) <= 64 && labels.len() > 1 && ends;
    if !fits || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(format!("'{text}' is not a well-formed email address."));
    }
    Ok(())
}

/// How long a text may be; an associated account and a location have limits of their own.
fn limit(name: &str, parent: &str) -> Option<usize> {
    let associated = parent == "associatedAccount";
    Some(match name {
        "platform" | "screenName" | "middleName" => 256,
        "firstName" | "lastName" | "espService" => {
            if associated {
                256
            } else {
                100
            }
        }
        "espIdentifier" | "groupIdentifier" => {
            if associated {
                256
            } else {
                255
            }
        }
        "city" => {
            if parent == "estimatedLocation" {
                255
            } else {
                100
            }
        }
        "name" => {
            if parent == "nameValuePair" {
                64
            } else {
                255
            }
        }
        "zipCode" => 20,
        "phone" | "phoneNumber" => 50,
        "nonUsaState" | "caseNumber" => 100,
        "vehicleDescription" => 300,
        "address" | "region" | "chatClient" | "chatRoomName" | "gameName" | "console" | "locationName" | "client"
        | "agencyName" | "displayName" | "schoolName" | "idType" | "fileId" => 255,
        "originalFileName" => 2_056,
        "idValue" => 2_083,
        "escalateToHighPriority" | "incidentDateTimeDescription" => 3_000,
        _ => return None,
    })
}

/// Judges the text of an element that has no children.
fn text_of(element: &Element, parent: &str, now: Timestamp) -> Result<(), String> {
    let (name, text) = (element.name.as_str(), element.text.as_str());
    if matches!(parent, "reportAnnotations" | "fileAnnotations") {
        let fixed = || "cvc-elt.5.2.2.2.2: The value does not match the fixed value 'true'.".to_owned();
        return if matches!(text, "" | "true") { Ok(()) } else { Err(fixed()) };
    }
    match name {
        "incidentType" => listed(text, INCIDENTS.contains(&text)),
        "eventName" => listed(text, EVENTS.contains(&text)),
        "fileRelevance" => listed(text, matches!(text, "Reported" | "Supplemental Reported")),
        "industryClassification" => listed(text, matches!(text, "A1" | "A2" | "B1" | "B2")),
        "state" => listed(text, in_list(text, STATES)),
        "country" | "countryCode" => listed(text, in_list(text, COUNTRIES)),
        "incidentDateTime" | "dateTime" | "uploadedToEspTimestamp" => time(text, Some(now)),
        "dateOfBirth" => date(text, now),
        "reportId" | "priorCTReports" | "priorCTReport" => whole(text, 1, i64::MAX),
        "port" => whole(text, 1, 65_535),
        "age" | "approximateAge" => whole(text, 0, 150),
        "latitude" | "longitude" if !DOUBLE.is_match(collapsed(text)) => {
            Err(format!("cvc-datatype-valid.1.2.1: '{text}' is not a valid value for 'double'."))
        }
        "ipAddress" if text.parse::<IpAddr>().is_err() => Err(format!("'{text}' is not a valid IP address.")),
        "url" | "legalURL" | "profileUrl" | "locationOfFile" => web_address(text),
        "email" | "emailAddress" => mail_address(text),
        "fileViewedByEsp"
        | "exifViewedByEsp"
        | "publiclyAvailable"
        | "possibleProxy"
        | "potentialMeme"
        | "compromisedAccount"
        | "allEmailsReported"
        | "thirdPartyUserReported"
        | "ageAssertionDiscrepancy"
        | "reportedToLe"
        | "servedLegalProcessDomestic"
        | "servedLegalProcessInternational"
        | "accountTemporarilyDisabled"
        | "accountPermanentlyDisabled" => {
            let not_valid = || format!("cvc-datatype-valid.1.2.1: '{text}' is not a valid value for 'boolean'.");
            if boolean(text) { Ok(()) } else { Err(not_valid()) }
        }
        "escalateToHighPriority" | "idType" | "idValue" | "fileId" if blank(text) => {
            Err(format!("{name} must not be blank"))
        }
        _ => limit(name, parent).map_or(Ok(()), |most| at_most(text, most)),
    }
}

/// Judges an attribute that may stand here.
fn attribute(name: &str, key: &str, value: &str, now: Timestamp) -> bool {
    match key {
        "reason" => value == "VIRAL_POTENTIAL_MEME",
        "countryCallingCode" => CALLING_CODE.is_match(value),
        "extension" => EXTENSION.is_match(value),
        "verified" | "userNotified" | "thirdPartyUser" | "thirdPartyHostedContent" => boolean(value),
        "verificationDate" | "disabledDate" | "userNotifiedDate" | "timestamp" => time(value, Some(now)).is_ok(),
        "reenabledDate" => time(value, None).is_ok(),
        "fleaCountry" => in_list(value, COUNTRIES),
        "hashType" => length(value) <= 64,
        "type" => match name {
            "address" | "incidentAddress" => ["Home", "Business", "Billing", "Shipping", "Technical"].contains(&value),
            "phone" | "phoneNumber" => {
                ["Mobile", "Home", "Business", "Work", "Fax", "Internet", "Recovery"].contains(&value)
            }
            "email" | "emailAddress" => ["Home", "Work", "Business", "Recovery"].contains(&value),
            "associatedAccount" => {
                ["Billing", "Linked", "Business", "Creator", "Parent/Guardian", "Other"].contains(&value)
            }
            "details" => ["EXIF", "HASH"].contains(&value),
            _ => true,
        },
        _ => true,
    }
}

/// Judges every text and attribute.
pub(super) fn values(element: &Element, parent: &str, now: Timestamp, complaints: &mut Complaints) {
    let simple = super::schema::is_simple(&element.name, parent);
    if simple && let Err(message) = text_of(element, parent, now) {
        complaints.push((element.place, message));
    }
    for (key, value) in &element.attributes {
        if !attribute(&element.name, key, value, now) {
            let name = &element.name;
            let message =
                format!("cvc-attribute.3: The value '{value}' of attribute '{key}' on element '{name}' is not valid.");
            complaints.push((element.place, message));
        }
    }
    for child in &element.children {
        values(child, &element.name, now, complaints);
    }
}

/// Rules that the documentation adds to the schema.
pub(super) fn documented(document: &Element, complaints: &mut Complaints) {
    let mut complain = |element: &Element, message: &str| complaints.push((element.place, message.to_owned()));
    if document.name == "fileDetails" {
        let yes = |name| matches!(document.text_of(name), Some("true" | "1"));
        if yes("exifViewedByEsp") && !yes("fileViewedByEsp") {
            complain(document, "exifViewedByEsp can be true only if fileViewedByEsp is true.");
        }
        let meme = document.get("fileAnnotations").is_some_and(|flags| flags.has("potentialMeme"));
        if document.text_of("fileRelevance") == Some("Supplemental Reported")
            && (meme || yes("potentialMeme") || document.has("industryClassification"))
        {
            complain(document, "A supplemental file has neither potentialMeme nor industryClassification.");
        }
        return;
    }
    let batched = document.has("batchedReport");
    let accounts: Vec<&Element> = document.all("personOrUserReported").collect();
    if accounts.len() > 1 && !batched {
        complain(document, "Only one personOrUserReported is allowed.");
    }
    let person = document.get("reporter").and_then(|reporter| reporter.get("reportingPerson"));
    if person.is_some_and(|person| !person.has("email")) {
        complain(document, "reportingPerson needs an email.");
    }
    if batched {
        let forbidden = ["internetDetails", "lawEnforcement", "intendedRecipient", "victim", "additionalInfo"];
        let escalated = document.get("incidentSummary").is_some_and(|summary| summary.has("escalateToHighPriority"));
        let more = accounts.iter().any(|account| account.children.iter().any(|child| child.name != "espIdentifier"));
        if escalated || more || forbidden.iter().any(|name| document.has(name)) {
            complain(document, "Not allowed in a batched report.");
        }
    }
    let mut addresses = Vec::new();
    for account in &document.children {
        let people = account.children.iter().filter(|child| {
            matches!(child.name.as_str(), "personOrUserReportedPerson" | "intendedRecipientPerson" | "victimPerson")
        });
        addresses.extend(people.flat_map(|person| person.all("email")).map(|email| email.text.to_lowercase()));
    }
    everywhere(document, &addresses, complaints);
}

/// Rules of single elements, wherever they stand.
fn everywhere(element: &Element, addresses: &[String], complaints: &mut Complaints) {
    let mut complain = |message: &str| complaints.push((element.place, message.to_owned()));
    let moment = |key| element.attribute(key).and_then(|text| collapsed(text).parse::<Timestamp>().ok());
    match element.name.as_str() {
        "phone" | "phoneNumber" | "email" | "emailAddress" => {
            let code = element.attribute("countryCallingCode").unwrap_or("");
            if !code.is_empty() && element.text.trim_start().starts_with(code) {
                complain("the number must not begin with the countryCallingCode.");
            }
            let verified = element.attribute("verified").is_some_and(|text| matches!(collapsed(text), "true" | "1"));
            if element.attribute("verificationDate").is_some() && !verified {
                complain("verificationDate needs verified to be true.");
            }
        }
        "emailIncident" | "newsgroupIncident"
            if element.all("emailAddress").any(|address| !addresses.contains(&address.text.to_lowercase())) =>
        {
            complain("emailAddress must also be an email of the reported person, a recipient or a victim.");
        }
        "estimatedLocation" => {
            let said = |name| element.get(name).map_or("", |child| child.text.as_str());
            if said("countryCode").is_empty() {
                complain("countryCode must not be blank.");
            }
            let (city, region) = (said("city"), said("region"));
            let no_state = !STATES.contains(&format!(" {region} ")) || region.contains(' ');
            if said("countryCode") == "US" && ((region.is_empty() && !blank(city)) || (!region.is_empty() && no_state))
            {
                complain("region must be a US state.");
            }
        }
        "associatedAccount" if element.has("approximateAge") && element.has("dateOfBirth") => {
            complain("approximateAge and dateOfBirth exclude each other.");
        }
        "intendedRecipient" if element.all("additionalInfo").count() > 1 => {
            complain("Only one additionalInfo is allowed.");
        }
        "accountTemporarilyDisabled" | "accountPermanentlyDisabled" => {
            if let Some(disabled) = moment("disabledDate") {
                if moment("userNotifiedDate").is_some_and(|notified| notified < disabled) {
                    complain("userNotifiedDate must not be before disabledDate.");
                }
                if moment("reenabledDate").is_some_and(|again| again <= disabled) {
                    complain("reenabledDate must be after disabledDate.");
                }
            }
        }
        _ => {}
    }
    for child in &element.children {
        everywhere(child, addresses, complaints);
    }
}

/// Whether a file's details may stand in a batched report.
pub(super) fn fits_batched(details: &Element) -> bool {
    let forbidden = [
        "originalFileName",
        "locationOfFile",
        "originalFileHash",
        "ipCaptureEvent",
        "deviceId",
        "details",
        "additionalInfo",
    ];
    let flags: Vec<&str> = details
        .get("fileAnnotations")
        .map(|flags| flags.children.iter().map(|flag| flag.name.as_str()).collect())
        .unwrap_or_default();
    !flags.is_empty()
        && flags.iter().all(|flag| matches!(*flag, "viral" | "potentialMeme"))
        && !forbidden.iter().any(|name| details.has(name))
        && details.text_of("fileRelevance").is_none_or(|relevance| relevance == "Reported")
}
