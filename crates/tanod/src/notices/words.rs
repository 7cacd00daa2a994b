//! What the public form says, in its three languages.

use super::{Kind, Reason, Status, Support};

/// A language of the form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Filipino.
    Fil,
    /// Arabic.
    Ar,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::En, Self::Fil, Self::Ar];

    /// By its tag; English where it is none of ours.
    pub fn of(tag: &str) -> Self {
        Self::ALL.into_iter().find(|language| language.tag() == tag).unwrap_or_default()
    }

    /// As HTML names it (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fil => "fil",
            Self::Ar => "ar",
        }
    }

    /// Which way it is written.
    pub fn direction(self) -> &'static str {
        if self == Self::Ar { "rtl" } else { "ltr" }
    }

    /// Its own name.
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Fil => "Filipino",
            Self::Ar => "العربية",
        }
    }

    /// What the form says in it.
    pub fn words(self) -> &'static Words {
        match self {
            Self::En => &EN,
            Self::Fil => &FIL,
            Self::Ar => &AR,
        }
    }

    /// The operator's words of support in it, or in English.
    pub fn support(self, support: &Support) -> &str {
        let own = match self {
            Self::En => &support.en,
            Self::Fil => &support.fil,
            Self::Ar => &support.ar,
        };
        if own.is_empty() { &support.en } else { own }
    }
}

/// Everything the form says.
pub struct Words {
    /// The page's title.
    pub title: &'static str,
    /// What it is for.
    pub intro: &'static str,
    /// Where a child is in danger this minute.
    pub urgent: &'static str,
    /// Not to send pictures.
    pub no_pictures: &'static str,
    /// Files, where the form takes them.
    pub media: &'static str,
    /// When to attach one, and that it may be an offence.
    pub media_hint: &'static str,
    /// The files are too large.
    pub too_large: &'static str,
    /// Too much at this moment.
    pub busy: &'static str,
    /// Who are you.
    pub who: &'static str,
    /// The three that may be chosen: user, depicted, representative.
    pub kinds: [&'static str; 3],
    /// What is it about.
    pub reason: &'static str,
    /// One for each reason.
    pub reasons: [&'static str; 8],
    /// Is a child in danger now.
    pub danger: &'static str,
    /// Addresses.
    pub urls: &'static str,
    /// The account.
    pub account: &'static str,
    /// What happened.
    pub told: &'static str,
    /// How to reach you.
    pub contact: &'static str,
    /// That it may be left out.
    pub optional: &'static str,
    /// The field that must stay empty.
    pub trap: &'static str,
    /// What to do when it was not.
    pub trapped: &'static str,
    /// The button.
    pub send: &'static str,
    /// Too many from here.
    pub too_many: &'static str,
    /// Something does not fit.
    pub fault: &'static str,
    /// It has arrived.
    pub thanks: &'static str,
    /// Keep this link.
    pub keep_link: &'static str,
    /// How it stands.
    pub status: &'static str,
    /// One for each state.
    pub states: [&'static str; 3],
    /// There is no such notice.
    pub unknown: &'static str,
    /// To a person depicted.
    pub not_your_fault: &'static str,
    /// Another language.
    pub languages: &'static str,
}

impl Words {
    /// The form's name of a kind.
    pub fn kind(&self, kind: Kind) -> &'static str {
        let [user, depicted, representative] = self.kinds;
        match kind {
            Kind::Depicted => depicted,
            Kind::Representative => representative,
            _ => user,
        }
    }

    /// Reasons with their names, in order.
    pub fn reasons(&self) -> impl Iterator<Item = (Reason, &'static str)> {
        Reason::ALL.into_iter().zip(self.reasons)
    }

    /// How a state is said.
    pub fn state(&self, status: Status) -> &'static str {
        let [received, looked_at, done] = self.states;
        match status {
            Status::Received => received,
            Status::LookedAt => looked_at,
            Status::Done => done,
        }
    }
}

static EN: Words = Words {
    title: "Report harm to a child",
    intro: "Tell us about sexual abuse or exploitation of a child on this service. You need not say who you are.",
    urgent: "If a child is in danger at this moment, call your emergency number or the police first. Then tell us here.",
    no_pictures: "Please do not copy or send pictures. The address is enough.",
    media: "Pictures or films, if there is no address",
    media_hint: "Attach a file only if it cannot be shown by an address, up to ten. In many countries passing on such pictures is an offence, also to report them; screenshots of words are welcome.",
    too_large: "The files are too large, so nothing was sent. Please send fewer or smaller ones.",
    busy: "Too much is arriving at this moment, so nothing was sent. Please send it again in a minute.",
    who: "Who are you?",
    kinds: ["I saw this, or was told of it", "I am the person in the picture", "I speak for the person in the picture"],
    reason: "What is it about?",
    reasons: [
        "Pictures or films of a child's sexual abuse",
        "Abuse that is shown live, or ordered",
        "Somebody asks a child for pictures, or to meet",
        "Somebody threatens to pass pictures on",
        "An adult who may be hurting a child",
        "A picture of me, made before I was 18",
        "An adult's private picture, passed on without consent",
        "Something else",
    ],
    danger: "A child may be in danger now",
    urls: "Where is it? One address on each line",
    account: "Which account is it about?",
    told: "What happened?",
    contact: "How can we reach you?",
    optional: "may be left empty",
    trap: "Leave this field empty",
    trapped: "One field must stay empty, so that we know that a person writes. Please empty the last field and send again.",
    send: "Send",
    too_many: "Many reports came from your network in the last hour, so this one was not taken. Please send it again later. If a \
               child is in danger, call your emergency number or the police now.",
    fault: "Please look at this again:",
    thanks: "Thank you. Your report has arrived, and a person will look at it.",
    keep_link: "Keep this link. It shows how your report stands:",
    status: "How your report stands",
    states: ["Received", "Being looked at", "Done"],
    unknown: "This link leads to no report.",
    not_your_fault: "What was done to you is not your fault, and nothing will be done to your account for telling us.",
    languages: "Language",
};

static FIL: Words = Words {
    title: "Mag-ulat ng pananakit sa bata",
    intro: "Sabihin sa amin ang tungkol sa seksuwal na pang-aabuso o pagsasamantala sa bata sa serbisyong ito. Hindi mo kailangang magpakilala.",
    urgent: "Kung may batang nasa panganib sa sandaling ito, tumawag muna sa emergency number o sa pulis. Pagkatapos, sabihin sa amin dito.",
    no_pictures: "Huwag kumopya o magpadala ng mga larawan. Sapat na ang address nito.",
    media: "Mga larawan o video, kung walang address",
    media_hint: "Maglakip lamang kung hindi ito maipapakita ng isang address, hanggang sampu. Sa maraming bansa, krimen ang pagpapasa ng ganitong mga larawan kahit para mag-ulat; malugod na tinatanggap ang screenshot ng mga mensahe.",
    too_large: "Masyadong malaki ang mga file, kaya walang naipadala. Pakipadala ng mas kaunti o mas maliit.",
    busy: "Napakarami ng dumarating sa sandaling ito, kaya walang naipadala. Pakipadala muli pagkalipas ng isang minuto.",
    who: "Sino ka?",
    kinds: ["Nakita ko ito, o sinabi sa akin", "Ako ang nasa larawan", "Nagsasalita ako para sa nasa larawan"],
    reason: "Tungkol saan ito?",
    reasons: [
        "Mga larawan o video ng seksuwal na pang-aabuso sa bata",
        "Pang-aabusong ipinapakita nang live, o ipinagagawa",
        "May humihingi ng larawan sa bata, o gustong makipagkita",
        "May nagbabantang magkalat ng mga larawan",
        "Isang nasa hustong gulang na maaaring nananakit ng bata",
        "Larawan ko, na kinuha bago ako mag-18",
        "Pribadong larawan ng nasa hustong gulang, na ikinalat nang walang pahintulot",
        "Iba pa",
    ],
    danger: "Maaaring may batang nasa panganib ngayon",
    urls: "Nasaan ito? Isang address sa bawat linya",
    account: "Aling account ang tinutukoy?",
    told: "Ano ang nangyari?",
    contact: "Paano ka namin makokontak?",
    optional: "maaaring iwang blangko",
    trap: "Iwang blangko ang bahaging ito",
    trapped: "May isang bahaging dapat manatiling blangko, para malaman naming tao ang sumusulat. Burahin ang laman ng huling bahagi at ipadala muli.",
    send: "Ipadala",
    too_many: "Maraming ulat ang dumating mula sa inyong network sa nakaraang oras, kaya hindi natanggap ang isang ito. Pakipadala muli mamaya. Kung may batang nasa panganib, tumawag na ngayon sa emergency number o sa pulis.",
    fault: "Pakitingnan muli ito:",
    thanks: "Salamat. Dumating na ang iyong ulat, at may taong titingin dito.",
    keep_link: "Itago ang link na ito. Ipinapakita nito ang kalagayan ng iyong ulat:",
    status: "Kalagayan ng iyong ulat",
    states: ["Natanggap", "Tinitingnan", "Tapos na"],
    unknown: "Walang ulat sa link na ito.",
    not_your_fault: "Hindi mo kasalanan ang ginawa sa iyo, at walang gagawin sa account mo dahil sa pagsasabi sa amin.",
    languages: "Wika",
};

static AR: Words = Words {
    title: "الإبلاغ عن أذى لحق بطفل",
    intro: "أخبرنا عن أي اعتداء أو استغلال جنسي لطفل على هذه الخدمة. لست مضطرًا إلى ذكر هويتك.",
    urgent: "إذا كان طفل في خطر الآن، فاتصل أولًا برقم الطوارئ أو بالشرطة، ثم أخبرنا هنا.",
    no_pictures: "يرجى عدم نسخ الصور أو إرسالها. يكفي عنوانها.",
    media: "صور أو أفلام، إن لم يكن لها عنوان",
    media_hint: "أرفق ملفًا فقط إذا تعذّر بيان مكانه بعنوان، وبحد أقصى عشرة ملفات. في بلدان كثيرة يُعد تمرير مثل هذه الصور جريمة حتى عند الإبلاغ؛ ونرحب بصور الشاشة للرسائل.",
    too_large: "الملفات كبيرة جدًا، لذلك لم يُرسل شيء. يرجى إرسال ملفات أقل أو أصغر.",
    busy: "يصل الكثير في هذه اللحظة، لذلك لم يُرسل شيء. يرجى إعادة الإرسال بعد دقيقة.",
    who: "من أنت؟",
    kinds: ["رأيت هذا أو سمعت به", "أنا الشخص الظاهر في الصورة", "أتحدث باسم الشخص الظاهر في الصورة"],
    reason: "ما موضوع البلاغ؟",
    reasons: [
        "صور أو أفلام لاعتداء جنسي على طفل",
        "اعتداء يُعرض مباشرة أو يُطلب",
        "شخص يطلب من طفل صورًا أو لقاءً",
        "شخص يهدد بنشر صور",
        "بالغ قد يكون يؤذي طفلًا",
        "صورة لي التُقطت قبل أن أبلغ 18 عامًا",
        "صورة خاصة لبالغ نُشرت دون موافقته",
        "أمر آخر",
    ],
    danger: "قد يكون طفل في خطر الآن",
    urls: "أين يوجد؟ عنوان واحد في كل سطر",
    account: "عن أي حساب يدور البلاغ؟",
    told: "ماذا حدث؟",
    contact: "كيف يمكننا الاتصال بك؟",
    optional: "يمكن تركه فارغًا",
    trap: "اترك هذا الحقل فارغًا",
    trapped: "يجب أن يبقى أحد الحقول فارغًا لنعرف أن من يكتب إنسان. يرجى إفراغ الحقل الأخير ثم الإرسال مرة أخرى.",
    send: "إرسال",
    too_many: "وصلت بلاغات كثيرة من شبكتك خلال الساعة الماضية، لذلك لم يُستلم هذا البلاغ. يرجى إرساله لاحقًا. إذا كان طفل في خطر، فاتصل برقم الطوارئ أو بالشرطة الآن.",
    fault: "يرجى مراجعة ما يلي:",
    thanks: "شكرًا لك. وصل بلاغك، وسينظر فيه شخص.",
    keep_link: "احتفظ بهذا الرابط، فهو يبيّن حالة بلاغك:",
    status: "حالة بلاغك",
    states: ["استُلم", "قيد النظر", "انتهى"],
    unknown: "لا يوجد بلاغ بهذا الرابط.",
    not_your_fault: "ما حدث لك ليس ذنبك، ولن يُتخذ أي إجراء ضد حسابك لأنك أخبرتنا.",
    languages: "اللغة",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_says_everything_and_names_no_two_reasons_alike() {
        for language in Language::ALL {
            let words = language.words();
            let mut reasons: Vec<_> = words.reasons().map(|(_, name)| name).collect();
            reasons.sort_unstable();
            reasons.dedup();
            assert_eq!(reasons.len(), 8);
            for text in [
                words.title,
                words.urgent,
                words.danger,
                words.thanks,
                words.too_many,
                words.not_your_fault,
                words.media,
                words.media_hint,
            ] {
                assert!(text.chars().count() > 8, "{text}");
            }
            assert_eq!(Language::of(language.tag()), language);
        }
        assert_eq!(Language::of("xx"), Language::En);
        assert_eq!(Language::Ar.direction(), "rtl");
    }
}
