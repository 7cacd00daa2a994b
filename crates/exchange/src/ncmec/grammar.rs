//! The shape of NCMEC's two documents, as a table that reads like the documentation.
//!
//! A line is `Type @attribute=kind = children`. A child is `name:Type` with `?` for at most one, `*` for any number, `+`
//! for at least one; `&` before the children means any order, `|` exactly one of them, `#kind` plain text. An attribute
//! with `!` is required. `~` behind a child says that its number is the documentation's; the schema is laxer. `textN` is text of at most N characters, `lineN` such text that is not blank.

use std::collections::HashMap;
use std::sync::LazyLock;

const TABLE: &str = "
Report = batchedReport:Batched? incidentSummary:Summary internetDetails:Internet* lawEnforcement:Law? reporter:Reporter personOrUserReported:Reported* intendedRecipient:Recipient* victim:Victim* additionalInfo:text?
Batched @reason!=batchReason = #empty
Summary = incidentType:incidentType platform:text256? escalateToHighPriority:line3000? reportAnnotations:ReportFlags? incidentDateTime:past incidentDateTimeDescription:text3000?
ReportFlags = & sextortion:flag? csamSolicitation:flag? minorToMinorInteraction:flag? spam:flag? sadisticOnlineExploitation:flag? informational:flag? potentialAggravatingFactors:flag? instrumentalUse:flag?
Internet = | webPageIncident:Web emailIncident:Mail newsgroupIncident:News chatImIncident:Chat onlineGamingIncident:Game cellPhoneIncident:Cell nonInternetIncident:Offline peer2peerIncident:Peer
Web @thirdPartyHostedContent=bool = url:url* additionalInfo:text?
Mail = emailAddress:Email* content:text? additionalInfo:text?
News = name:text255? emailAddress:Email* content:text? additionalInfo:text?
Chat = chatClient:text255? chatRoomName:text255? content:text? additionalInfo:text?
Game = gameName:text255? console:text255? content:text? additionalInfo:text?
Cell = phoneNumber:Phone? latitude:double? longitude:double? additionalInfo:text?
Offline = locationName:text255? incidentAddress:Address* additionalInfo:text?
Peer = client:text255? ipCaptureEvent:Ip* fileNames:text? additionalInfo:text?
Law = agencyName:text255 caseNumber:text100? officerContact:Contact? reportedToLe:bool? servedLegalProcessDomestic:bool? servedLegalProcessInternational:Served?
Served @fleaCountry=country = #bool
Reporter = reportingPerson:Person contactPerson:Contact? companyTemplate:text? termsOfService:text? legalURL:url?
Contact = firstName:text100? lastName:text100? phone:Phone* email:Email* address:Address*
Person = firstName:text100? lastName:text100? phone:Phone* email:Email* address:Address* age:age? ageAssertionDiscrepancy:bool? dateOfBirth:pastdate?
Address @type=addressType = address:text255? city:text100? zipCode:text20? state:state? nonUsaState:text100? country:country?
Phone @type=phoneType @verified=bool @verificationDate=past @countryCallingCode=calling @extension=extension = #text50
Email @type=emailType @verified=bool @verificationDate=past = #email
Ip = ipAddress:ip eventName:ipEvent? dateTime:past? possibleProxy:bool? port:port?
Device = idType:line255 idValue:line2083 eventName:ipEvent? dateTime:past?
Location @verified=bool @timestamp=past = city:text255? region:text255? countryCode:country~
Temporarily @disabledDate=past @userNotified=bool @userNotifiedDate=past @reenabledDate=datetime = #bool
Permanently @disabledDate=past @userNotified=bool @userNotifiedDate=past = #bool
Platform @thirdPartyUser=bool = #text256
Reported = personOrUserReportedPerson:Person? vehicleDescription:text300? espIdentifier:text255? espService:text100? compromisedAccount:bool? screenName:text256? displayName:text255* profileUrl:url* profileBio:text? ipCaptureEvent:Ip* deviceId:Device* thirdPartyUserReported:bool? priorCTReports:number* groupIdentifier:text255? accountTemporarilyDisabled:Temporarily? accountPermanentlyDisabled:Permanently? estimatedLocation:Location? allEmailsReported:bool? associatedAccount:Associated* additionalInfo:text?
Recipient = intendedRecipientPerson:Person? espIdentifier:text255? espService:text100? compromisedAccount:bool? screenName:text256? displayName:text255* profileUrl:url* profileBio:text? ipCaptureEvent:Ip* deviceId:Device* priorCTReports:number* groupIdentifier:text255? accountTemporarilyDisabled:Temporarily? accountPermanentlyDisabled:Permanently? estimatedLocation:Location? allEmailsReported:bool? additionalInfo:text?~
Victim = victimPerson:Person espIdentifier:text255? espService:text100? compromisedAccount:bool? screenName:text256? displayName:text255* profileUrl:url* profileBio:text? ipCaptureEvent:Ip* deviceId:Device* schoolName:text255? priorCTReports:number* accountTemporarilyDisabled:Temporarily? accountPermanentlyDisabled:Permanently? estimatedLocation:Location? allEmailsReported:bool? associatedAccount:Associated* additionalInfo:text?
Associated @type!=accountType = platform:Platform? firstName:text256? middleName:text256? lastName:text256? approximateAge:age? ageAssertionDiscrepancy:bool? dateOfBirth:pastdate? phone:Phone* email:Email* allEmailsReported:bool? address:Address* espService:text256? espIdentifier:text256? profileUrl:url* screenName:text256? displayName:text255* profileBio:text? groupIdentifier:text256? compromisedAccount:bool? accountTemporarilyDisabled:Temporarily? accountPermanentlyDisabled:Permanently? ipCaptureEvent:Ip* deviceId:Device* priorCTReport:number* additionalInfo:text?
FileDetails = reportId:number fileId:line255 fileName:text? originalFileName:text2056? uploadedToEspTimestamp:past? locationOfFile:url? fileViewedByEsp:bool? exifViewedByEsp:bool? publiclyAvailable:bool? fileRelevance:relevance? potentialMeme:bool? fileAnnotations:FileFlags? industryClassification:industry? originalFileHash:Digest* ipCaptureEvent:Ip? deviceId:Device* details:Details* additionalInfo:text*
FileFlags = & animeDrawingVirtualHentai:flag? potentialMeme:flag? viral:flag? possibleSelfProduction:flag? physicalHarm:flag? violenceGore:flag? bestiality:flag? liveStreaming:flag? infant:flag? generativeAi:flag?
Digest @hashType!=text64 = #text
Details @type=detailsType = nameValuePair:Pair+
Pair = name:text64 value:text
";

const ENUMS: &[(&str, &str)] = &[
    ("batchReason", "VIRAL_POTENTIAL_MEME"),
    (
        "incidentType",
        "Child Pornography (possession, manufacture, and distribution)|Child Sex Trafficking|Child Sex Tourism|Child Sexual Molestation|Misleading Domain Name|Misleading Words or Digital Images on the Internet|Online Enticement of Children for Sexual Acts|Unsolicited Obscene Material Sent to a Child",
    ),
    ("addressType", "Home|Business|Billing|Shipping|Technical"),
    ("phoneType", "Mobile|Home|Business|Work|Fax|Internet|Recovery"),
    ("emailType", "Home|Work|Business|Recovery"),
    ("ipEvent", "Login|Registration|Purchase|Upload|Other|Unknown"),
    ("accountType", "Billing|Linked|Business|Creator|Parent/Guardian|Other"),
    ("relevance", "Reported|Supplemental Reported"),
    ("industry", "A1|A2|B1|B2"),
    ("detailsType", "EXIF|HASH"),
    (
        "state",
        "|AK|AL|AR|AZ|CA|CO|CT|DC|DE|FL|GA|GU|HI|IA|ID|IL|IN|KS|KY|LA|MA|MD|ME|MI|MN|MO|MS|MT|NC|ND|NE|NH|NJ|NM|NV|NY|OH|OK|OR|PA|PR|RI|SC|SD|TN|TX|UT|VA|VI|VT|WA|WI|WV|WY",
    ),
    (
        "country",
        "|A1|A2|O1|AD|AE|AF|AG|AI|AL|AM|AN|AO|AP|AQ|AR|AS|AT|AU|AW|AX|AZ|BA|BB|BD|BE|BF|BG|BH|BI|BJ|BL|BM|BN|BO|BQ|BR|BS|BT|BV|BW|BY|BZ|CA|CC|CD|CF|CG|CH|CI|CK|CL|CM|CN|CO|CR|CU|CV|CW|CX|CY|CZ|DE|DJ|DK|DM|DO|DZ|EC|EE|EG|EH|ER|ES|ET|EU|FI|FJ|FK|FM|FO|FR|FX|GA|GB|GD|GE|GF|GG|GH|GI|GL|GM|GN|GP|GQ|GR|GS|GT|GU|GW|GY|HK|HM|HN|HR|HT|HU|ID|IE|IL|IM|IN|IO|IQ|IR|IS|IT|JE|JM|JO|JP|KE|KG|KH|KI|KM|KN|KP|KR|KW|KY|KZ|LA|LB|LC|LI|LK|LR|LS|LT|LU|LV|LY|MA|MC|MD|ME|MF|MG|MH|MK|ML|MM|MN|MO|MP|MQ|MR|MS|MT|MU|MV|MW|MX|MY|MZ|NA|NC|NE|NF|NG|NI|NL|NO|NP|NR|NU|NZ|OM|PA|PE|PF|PG|PH|PK|PL|PM|PN|PR|PS|PT|PW|PY|QA|RE|RO|RS|RU|RW|SA|SB|SC|SD|SE|SG|SH|SI|SJ|SK|SL|SM|SN|SO|SR|SS|ST|SV|SX|SY|SZ|TC|TD|TF|TG|TH|TJ|TK|TL|TM|TN|TO|TR|TT|TV|TW|TZ|UA|UG|UM|US|UY|UZ|VA|VC|VE|VG|VI|VN|VU|WF|WS|XK|YE|YT|ZA|ZM|ZW",
    ),
];

/// The words of an enumeration, if there is one of this name.
pub(crate) fn words(name: &str) -> Option<impl Iterator<Item = &'static str>> {
    ENUMS.iter().find(|(key, _)| *key == name).map(|(_, words)| words.split('|'))
}

/// How children may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// As written.
    Sequence,
    /// Any order.
    Any,
    /// Exactly one of them.
    One,
}

/// One child of a type.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    /// Whether the number is the documentation's, and the schema is laxer.
    pub(crate) documented: bool,
    pub(crate) least: usize,
    pub(crate) most: usize,
}

/// An attribute of a type.
#[derive(Debug)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) required: bool,
}

/// What stands within an element.
#[derive(Debug)]
pub(crate) enum Content {
    Text(&'static str),
    Parts(Order, Vec<Part>),
}

/// The shape of an element.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) content: Content,
}

static SHAPES: LazyLock<HashMap<&'static str, Shape>> = LazyLock::new(|| TABLE.lines().filter_map(line).collect());

/// The shape of a type, unless it is plain text.
pub(crate) fn shape(name: &str) -> Option<&'static Shape> {
    SHAPES.get(name)
}

fn line(line: &'static str) -> Option<(&'static str, Shape)> {
    let (head, body) = line.split_once(" = ")?;
    let mut head = head.split_whitespace();
    let name = head.next()?;
    let attributes = head
        .filter_map(|text| {
            let (name, kind) = text.strip_prefix('@')?.split_once('=')?;
            let required = name.ends_with('!');
            Some(Attribute { name: name.trim_end_matches('!'), kind, required })
        })
        .collect();
    let (order, body) = match (body.strip_prefix("& "), body.strip_prefix("| ")) {
        (Some(rest), _) => (Order::Any, rest),
        (_, Some(rest)) => (Order::One, rest),
        _ => (Order::Sequence, body),
    };
    let content = match body.strip_prefix('#') {
        Some(kind) => Content::Text(kind),
        None => Content::Parts(order, body.split_whitespace().filter_map(part).collect()),
    };
    Some((name, Shape { attributes, content }))
}

fn part(text: &'static str) -> Option<Part> {
    let (name, kind) = text.split_once(':')?;
    let (kind, documented) = kind.strip_suffix('~').map_or((kind, false), |kind| (kind, true));
    let (kind, least, most) = match (kind.strip_suffix('?'), kind.strip_suffix('*'), kind.strip_suffix('+')) {
        (Some(kind), _, _) => (kind, 0, 1),
        (_, Some(kind), _) => (kind, 0, usize::MAX),
        (_, _, Some(kind)) => (kind, 1, usize::MAX),
        _ => (kind, 1, 1),
    };
    Some(Part { name, kind, documented, least, most })
}
