//! What a person reads in a package, in its three languages. The certificate stands in English too, whatever the language.

use jiff::Timestamp;

use super::Language;
use crate::store::PackageId;

/// Everything a package says.
pub struct Words {
    /// The page's title.
    pub title: &'static str,
    /// That no picture is shown on the page.
    pub no_pictures: &'static str,
    /// The case's number.
    pub case: &'static str,
    /// Under which process.
    pub process: &'static str,
    /// When it was made.
    pub made: &'static str,
    /// The files.
    pub files: &'static str,
    /// One file.
    pub file: &'static str,
    /// Its length.
    pub bytes: &'static str,
    /// When it was uploaded.
    pub uploaded: &'static str,
    /// From where.
    pub from: &'static str,
    /// Who saw it.
    pub viewed: &'static str,
    /// Nobody did.
    pub nobody: &'static str,
    /// How many looks, with `{all}` and `{whole}`.
    pub looks: &'static str,
    /// The media is gone.
    pub not_kept: &'static str,
    /// Looks at files.
    pub look_list: &'static str,
    /// Staff number.
    pub staff: &'static str,
    /// What for.
    pub purpose: &'static str,
    /// To decide; to approve another's decision.
    pub purposes: [&'static str; 2],
    /// Whole; blurred.
    pub seen: [&'static str; 2],
    /// The chain of custody.
    pub custody: &'static str,
    /// When, in UTC.
    pub when: &'static str,
    /// What happened.
    pub what: &'static str,
    /// Who did it.
    pub who: &'static str,
    /// Place in the ledger.
    pub position: &'static str,
    /// Reports and receipts.
    pub reports: &'static str,
    /// Holds.
    pub holds: &'static str,
    /// Since when, until when.
    pub since_until: [&'static str; 2],
    /// How to check it.
    pub check: &'static str,
    /// The five steps.
    pub steps: [&'static str; 5],
    /// The certificate's paragraphs, with `{operator}`, `{case}`, `{package}` and `{made}`.
    pub certificate: [&'static str; 5],
    /// Name, function, place and date, signature.
    pub sign: [&'static str; 4],
}

impl Words {
    /// The file that a person opens first.
    pub fn read_me(&self) -> String {
        let steps: Vec<String> = self.steps.iter().zip(1..).map(|(step, n)| format!("{n}. {step}\n")).collect();
        format!("{}\n\n{}\n\n{}\n\n{}", self.title, self.no_pictures, self.check, steps.concat())
    }
}

impl Language {
    /// What a package says in it.
    pub fn package_words(self) -> &'static Words {
        match self {
            Self::En => &EN,
            Self::Fil => &FIL,
            Self::Ar => &AR,
        }
    }
}

/// The certificate of the person who answers for the records (FRE 902(11), (14)), to be completed and signed.
pub(super) fn certificate(words: &Words, package: PackageId, case: i64, operator: &str, made: Timestamp) -> String {
    let mut text = String::new();
    for paragraph in words.certificate {
        let filled = paragraph
            .replace("{operator}", operator)
            .replace("{case}", &case.to_string())
            .replace("{package}", &package.to_string())
            .replace("{made}", &made.to_string());
        text.push_str(&filled);
        text.push_str("\n\n");
    }
    for line in words.sign {
        text.push_str(line);
        text.push_str(": ________________________________\n\n");
    }
    text
}

static EN: Words = Words {
    title: "Evidence of a case",
    no_pictures: "This page shows no pictures. The folder exhibits holds files as they were uploaded; some show the abuse of children. Open them only where the law lets you.",
    case: "Case",
    process: "Given under",
    made: "Made at",
    files: "Files",
    file: "File",
    bytes: "Bytes",
    uploaded: "Uploaded (UTC)",
    from: "From",
    viewed: "Seen by the operator's staff",
    nobody: "by nobody",
    looks: "{all} looks, {whole} of them whole and unblurred",
    not_kept: "the file is not kept any more; its digests are",
    look_list: "Every look",
    staff: "Staff number",
    purpose: "Purpose",
    purposes: ["to decide", "to approve another's decision"],
    seen: ["whole", "blurred"],
    custody: "Chain of custody",
    when: "When (UTC)",
    what: "What",
    who: "Who",
    position: "Place in the ledger",
    reports: "Reports and receipts",
    holds: "What keeps it",
    since_until: ["Since", "Until"],
    check: "How to check this package: five steps, without the program that made it.",
    steps: [
        "Ask the operator by telephone for the passphrase, for the SHA-256 of the package and for the key of its ledger; use a number that you know from elsewhere.",
        "Compare the package's SHA-256 before you open it.",
        "Unpack it with a program that knows AES-256 ZIP, such as 7-Zip (or with age, where it came for your key).",
        "Run: python3 check.py KEY",
        "It says that every file is as it left, and that every entry of the custody record stands under the signed checkpoint.",
    ],
    certificate: [
        "CERTIFICATE OF RECORDS, case {case}, package {package}, made at {made}",
        "I answer for the records of {operator}. The files and records in this package are true copies of what its systems hold.",
        "The records were made at or near the time of what they describe, by the systems or by persons with knowledge, and are kept in the course of regularly conducted activity.",
        "The copies were made by an electronic process. Each file is identified by its SHA-256 digest in the file SHA256SUMS, and the digest of an exhibit is the one that was computed when it was received.",
        "I declare that this is true.",
    ],
    sign: ["Name", "Function", "Place and date", "Signature"],
};

static FIL: Words = Words {
    title: "Ebidensya ng isang kaso",
    no_pictures: "Walang larawang ipinapakita sa pahinang ito. Nasa folder na exhibits ang mga file gaya ng pag-upload; ipinapakita ng ilan ang pang-aabuso sa mga bata. Buksan lamang kung pinahihintulutan ka ng batas.",
    case: "Kaso",
    process: "Ibinigay ayon sa",
    made: "Ginawa noong",
    files: "Mga file",
    file: "File",
    bytes: "Laki sa byte",
    uploaded: "Na-upload (UTC)",
    from: "Mula sa",
    viewed: "Nakita ng kawani ng operator",
    nobody: "ng wala",
    looks: "{all} pagtingin, {whole} rito ay buo at hindi malabo",
    not_kept: "hindi na itinatago ang file; naroon pa ang mga digest nito",
    look_list: "Bawat pagtingin",
    staff: "Numero ng kawani",
    purpose: "Layunin",
    purposes: ["upang magpasiya", "upang aprubahan ang pasiya ng iba"],
    seen: ["buo", "malabo"],
    custody: "Tanikala ng pag-iingat",
    when: "Kailan (UTC)",
    what: "Ano",
    who: "Sino",
    position: "Lugar sa talaan",
    reports: "Mga ulat at resibo",
    holds: "Bakit ito iniingatan",
    since_until: ["Mula", "Hanggang"],
    check: "Paano suriin ang paketeng ito: limang hakbang, nang wala ang programang gumawa nito.",
    steps: [
        "Hingin sa operator sa telepono ang passphrase, ang SHA-256 ng pakete at ang susi ng talaan nito; gumamit ng numerong alam mo mula sa ibang pinagmulan.",
        "Ihambing ang SHA-256 ng pakete bago mo ito buksan.",
        "I-unpack ito gamit ang programang nakakabasa ng AES-256 ZIP, gaya ng 7-Zip (o age, kung para sa susi mo ito).",
        "Patakbuhin: python3 check.py KEY",
        "Sasabihin nito na ang bawat file ay gaya noong umalis, at na ang bawat tala ay nasa ilalim ng nilagdaang checkpoint.",
    ],
    certificate: [
        "SERTIPIKO NG MGA TALA, kaso {case}, package {package}, ginawa noong {made}",
        "Ako ang may pananagutan sa mga tala ng {operator}. Ang mga file at tala sa paketeng ito ay tunay na kopya ng nasa mga sistema nito.",
        "Ginawa ang mga tala sa oras o malapit sa oras ng inilalarawan ng mga ito, ng mga sistema o ng mga taong may kaalaman, at iniingatan sa karaniwang takbo ng gawain.",
        "Ginawa ang mga kopya sa prosesong elektroniko. Kinikilala ang bawat file sa SHA-256 digest nito sa file na SHA256SUMS, at ang digest ng exhibit ay siyang kinalkula noong natanggap ito.",
        "Ipinahahayag kong totoo ito.",
    ],
    sign: ["Pangalan", "Tungkulin", "Lugar at petsa", "Lagda"],
};

static AR: Words = Words {
    title: "أدلة قضية",
    no_pictures: "لا تعرض هذه الصفحة أي صورة. يحتوي المجلد exhibits على الملفات كما رُفعت، وبعضها يُظهر إساءة إلى أطفال. لا تفتحها إلا حيث يسمح لك القانون.",
    case: "القضية",
    process: "سُلِّمت بموجب",
    made: "أُعدّت في",
    files: "الملفات",
    file: "الملف",
    bytes: "الحجم بالبايت",
    uploaded: "وقت الرفع (UTC)",
    from: "من",
    viewed: "ما رآه موظفو المشغّل",
    nobody: "لم يره أحد",
    looks: "عدد النظرات {all}، منها {whole} كاملة وبلا تمويه",
    not_kept: "لم يعد الملف محفوظًا، وبصماته محفوظة",
    look_list: "كل نظرة",
    staff: "رقم الموظف",
    purpose: "الغرض",
    purposes: ["للبتّ في القضية", "للموافقة على قرار شخص آخر"],
    seen: ["كاملة", "مموّهة"],
    custody: "سلسلة الحيازة",
    when: "متى (UTC)",
    what: "ماذا",
    who: "من قام به",
    position: "الموضع في السجل",
    reports: "البلاغات والإيصالات",
    holds: "ما يوجب حفظها",
    since_until: ["منذ", "حتى"],
    check: "كيف تتحقق من هذه الحزمة: خمس خطوات، دون البرنامج الذي أعدّها.",
    steps: [
        "اطلب من المشغّل هاتفيًا عبارة المرور وبصمة SHA-256 للحزمة ومفتاح سجلها، واستعمل رقمًا تعرفه من مصدر آخر.",
        "قارن بصمة SHA-256 للحزمة قبل فتحها.",
        "فكّ الحزمة ببرنامج يعرف ZIP بتشفير AES-256 مثل 7-Zip (أو ببرنامج age إن كانت لمفتاحك).",
        "شغّل: python3 check.py KEY",
        "سيقول إن كل ملف كما خرج، وإن كل قيد في سلسلة الحيازة يقع تحت نقطة التحقق الموقّعة.",
    ],
    certificate: [
        "شهادة سجلات، القضية {case}، التسليم {package}، أُعدّت في {made}",
        "أنا المسؤول عن سجلات {operator}. الملفات والسجلات في هذه الحزمة نسخ مطابقة لما في أنظمته.",
        "أُعدّت السجلات في وقت ما تصفه أو قريبًا منه، على يد الأنظمة أو أشخاص على علم به، وتُحفظ ضمن النشاط المعتاد.",
        "أُعدّت النسخ بعملية إلكترونية. يُعرَّف كل ملف ببصمة SHA-256 في الملف SHA256SUMS، وبصمة كل دليل هي التي حُسبت عند استلامه.",
        "أقرّ بأن هذا صحيح.",
    ],
    sign: ["الاسم", "الصفة", "المكان والتاريخ", "التوقيع"],
};
