//! Names of months in the languages of the world, as data: what CLDR calls the wide, the stand-alone and the genitive
//! names, of the Gregorian calendar, in the spelling of their language.
//!
//! What a reader gets wrong: a name may be two months (`listopad` is October in Zagreb and November in Prague), so a word
//! is a set of them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::super::folded;

/// Fewest letters of an abbreviation.
const SHORTEST: usize = 3;

/// Longest name, in bytes and folded; longer words are not looked up.
pub(super) const LONGEST: usize = 40;

/// A set of months, one bit each from January on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Months(u16);

impl Months {
    pub(super) const NONE: Self = Self(0);

    /// The number of each, from 1 to 12.
    pub(super) fn each(self) -> impl Iterator<Item = u32> + use<> {
        (0..12)
            .filter(move |place| self.0 >> place & 1 == 1)
            .map(|place| place + 1)
    }

    fn is_one(self) -> bool {
        self.0.is_power_of_two()
    }
}

/// What a folded word means as a month, or one of ASCII in another case: a name of the table, the first letters of a
/// name where these are used so and begin no other month's, or a Roman number.
pub(super) fn months(word: &str) -> Months {
    if word.len() > LONGEST || word.starts_with(|c: char| c.is_ascii_digit()) {
        return Months::NONE;
    }
    let word = if word.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(word.to_ascii_lowercase())
    } else {
        Cow::Borrowed(word)
    };
    if let Some(known) = NAMES.get(word.as_ref()) {
        return *known;
    }
    if word.chars().nth(SHORTEST - 1).is_none() {
        return Months::NONE;
    }
    let begins = |names: &str| names.split(' ').any(|name| name.starts_with(word.as_ref()));
    let places = (0..).zip(CUT).filter(|(_, names)| begins(names));
    let found = places.fold(0, |all, (place, _)| all | 1 << (place % 12));
    Some(Months(found))
        .filter(|found| found.is_one())
        .unwrap_or_default()
}

/// Every whole name, folded.
static NAMES: LazyLock<HashMap<String, Months>> = LazyLock::new(|| {
    let mut all: HashMap<String, Months> = HashMap::new();
    let tables = [CUT, WHOLE, &ROMAN].map(|names| (0..12).cycle().zip(names));
    for (place, names) in tables.into_iter().flatten() {
        for name in names.split(' ') {
            all.entry(folded(name).into_owned()).or_default().0 |= 1 << place;
        }
    }
    all
});

/// `10.II.1971`, as in Hungary, Poland and Russia.
const ROMAN: [&str; 12] = [
    "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii",
];

/// Folded; abbreviated by cutting, so that the first letters are known too. Twelve for each group of languages.
const CUT: &[&str] = &[
    // English, German, French, Spanish, Italian, Portuguese, Dutch
    "january januari januar jannuar janvier enero gennaio janeiro",
    "february februari februar fevrier febrero febbraio fevereiro",
    "march marzo maerz marz mars marco maart mrt",
    "april aprile avril abril",
    "may mai mayo maggio maio mei",
    "june juni juin junio junho giugno",
    "july juli juillet julio julho luglio",
    "august augustus aout agosto",
    "september septembre septiembre settembre setembro",
    "october oktober octobre octubre ottobre outubro",
    "november novembre noviembre novembro",
    "december dezember decembre diciembre dicembre dezembro",
];

/// As written; known as a whole only, with the usual abbreviations. Twelve for each language or group.
const WHOLE: &[&str] = &[
    // Austrian German, Danish, Norwegian, Swedish, Icelandic, Faroese
    "jänner jän janúar",
    "feber febrúar",
    "marts mars",
    "apríl",
    "maj maí",
    "júní",
    "júlí",
    "augusti ágúst",
    "sept",
    "október okt",
    "nóvember",
    "desember des",
    // Catalan, Galician, Basque
    "gener xaneiro urtarrila urtarrilaren",
    "febrer febreiro otsaila otsailaren",
    "març martxoa martxoaren",
    "apirila apirilaren",
    "maig maiatza maiatzaren",
    "juny xuño ekaina ekainaren",
    "juliol xullo uztaila uztailaren",
    "agost abuztua abuztuaren",
    "setembre iraila irailaren",
    "outubro urria urriaren",
    "novembre azaroa azaroaren",
    "desembre decembro abendua abenduaren",
    // Irish, Welsh
    "eanáir ionawr",
    "feabhra chwefror",
    "márta mawrth",
    "aibreán ebrill",
    "bealtaine",
    "meitheamh mehefin",
    "iúil gorffennaf",
    "lúnasa awst",
    "medi",
    "hydref",
    "samhain tachwedd",
    "nollaig rhagfyr",
    // Polish
    "styczeń stycznia sty",
    "luty lutego lut",
    "marzec marca",
    "kwiecień kwietnia kwi",
    "maja",
    "czerwiec czerwca cze",
    "lipiec lipca lip",
    "sierpień sierpnia sie",
    "wrzesień września wrz",
    "październik października paź",
    "listopad listopada lis",
    "grudzień grudnia gru",
    // Czech
    "leden ledna led",
    "únor února úno",
    "březen března bře",
    "duben dubna dub",
    "květen května kvě",
    "červen června čvn",
    "červenec července čvc",
    "srpen srpna srp",
    "září zář",
    "říjen října říj",
    "listopad listopadu",
    "prosinec prosince pro",
    // Slovak, Slovenian
    "január januára januarja",
    "február februára februarja",
    "marec marca",
    "apríl apríla aprila",
    "máj mája maja",
    "jún júna junij junija",
    "júl júla julij julija",
    "august augusta avgust avgusta",
    "septembra",
    "októbra oktobra",
    "novembra",
    "decembra",
    // Croatian
    "siječanj siječnja sij",
    "veljača veljače velj",
    "ožujak ožujka ožu",
    "travanj travnja tra",
    "svibanj svibnja svi",
    "lipanj lipnja lip",
    "srpanj srpnja srp",
    "kolovoz kolovoza kol",
    "rujan rujna ruj",
    "listopad listopada",
    "studeni studenoga studenog stu",
    "prosinac prosinca",
    // Serbian, Bosnian, in both scripts, and Macedonian
    "januara јануар јануара јануари",
    "februara фебруар фебруара февруари",
    "mart marta март марта",
    "aprila април априла",
    "maja мај маја",
    "jun juna јун јуна јуни",
    "jul jula јул јула јули",
    "avgust avgusta август августа",
    "septembar septembra септембар септембра септември",
    "oktobar oktobra октобар октобра октомври",
    "novembar novembra новембар новембра ноември",
    "decembar decembra децембар децембра декември",
    // Russian
    "январь января янв",
    "февраль февраля фев февр",
    "март марта мар",
    "апрель апреля апр",
    "май мая",
    "июнь июня июн",
    "июль июля июл",
    "август августа авг",
    "сентябрь сентября сен сент",
    "октябрь октября окт",
    "ноябрь ноября ноя нояб",
    "декабрь декабря дек",
    // Ukrainian
    "січень січня січ",
    "лютий лютого лют",
    "березень березня бер",
    "квітень квітня квіт кві",
    "травень травня трав тра",
    "червень червня черв чер",
    "липень липня лип",
    "серпень серпня серп сер",
    "вересень вересня вер",
    "жовтень жовтня жовт жов",
    "листопад листопада лист лис",
    "грудень грудня груд гру",
    // Belarusian
    "студзень студзеня",
    "люты лютага",
    "сакавік сакавіка",
    "красавік красавіка",
    "май мая травень траўня",
    "чэрвень чэрвеня",
    "ліпень ліпеня",
    "жнівень жніўня",
    "верасень верасня",
    "кастрычнік кастрычніка",
    "лістапад лістапада",
    "снежань снежня",
    // Bulgarian
    "януари",
    "февруари",
    "март",
    "април",
    "май",
    "юни",
    "юли",
    "август",
    "септември",
    "октомври",
    "ноември",
    "декември",
    // Romanian
    "ianuarie ian",
    "februarie",
    "martie",
    "aprilie",
    "mai",
    "iunie iun",
    "iulie iul",
    "august",
    "septembrie",
    "octombrie",
    "noiembrie noi",
    "decembrie",
    // Hungarian
    "január",
    "február",
    "március márc",
    "április ápr",
    "május máj",
    "június jún",
    "július júl",
    "augusztus",
    "szeptember szept",
    "október",
    "november",
    "december",
    // Finnish, with its partitive, and Estonian
    "tammikuu tammikuuta tammi jaanuar jaanuari",
    "helmikuu helmikuuta helmi veebruar veebruari",
    "maaliskuu maaliskuuta maalis märts märtsi",
    "huhtikuu huhtikuuta huhti aprill aprilli",
    "toukokuu toukokuuta touko mai",
    "kesäkuu kesäkuuta kesä juuni",
    "heinäkuu heinäkuuta heinä juuli",
    "elokuu elokuuta elo",
    "syyskuu syyskuuta syys septembri",
    "lokakuu lokakuuta loka oktoober oktoobri",
    "marraskuu marraskuuta marras novembri",
    "joulukuu joulukuuta joulu detsember detsembri",
    // Latvian
    "janvāris janvārī janv",
    "februāris februārī febr",
    "marts martā",
    "aprīlis aprīlī",
    "maijs maijā",
    "jūnijs jūnijā jūn",
    "jūlijs jūlijā jūl",
    "augusts augustā",
    "septembris septembrī",
    "oktobris oktobrī",
    "novembris novembrī",
    "decembris decembrī",
    // Lithuanian
    "sausis sausio",
    "vasaris vasario",
    "kovas kovo",
    "balandis balandžio",
    "gegužė gegužės",
    "birželis birželio",
    "liepa liepos",
    "rugpjūtis rugpjūčio",
    "rugsėjis rugsėjo",
    "spalis spalio",
    "lapkritis lapkričio",
    "gruodis gruodžio",
    // Greek, with its genitive
    "ιανουάριος ιανουαρίου ιαν",
    "φεβρουάριος φεβρουαρίου φεβ",
    "μάρτιος μαρτίου μαρ",
    "απρίλιος απριλίου απρ",
    "μάιος μαΐου μαΐ μάι",
    "ιούνιος ιουνίου ιουν",
    "ιούλιος ιουλίου ιουλ",
    "αύγουστος αυγούστου αυγ",
    "σεπτέμβριος σεπτεμβρίου σεπ",
    "οκτώβριος οκτωβρίου οκτ",
    "νοέμβριος νοεμβρίου νοε",
    "δεκέμβριος δεκεμβρίου δεκ",
    // Turkish, Azerbaijani
    "ocak oca yanvar",
    "şubat şub fevral",
    "mart",
    "nisan nis aprel",
    "mayıs may",
    "haziran haz iyun",
    "temmuz tem iyul",
    "ağustos ağu avqust",
    "eylül eyl sentyabr",
    "ekim eki oktyabr",
    "kasım kas noyabr",
    "aralık ara dekabr",
    // Albanian
    "janar",
    "shkurt",
    "mars",
    "prill",
    "maj",
    "qershor",
    "korrik",
    "gusht",
    "shtator",
    "tetor",
    "nëntor",
    "dhjetor",
    // Arabic, of Egypt and of the Levant; Persian, Urdu
    "يناير كانون ژانویه جنوری",
    "فبراير شباط فوریه فروری",
    "مارس آذار مارچ",
    "أبريل ابريل نيسان آوریل اپریل",
    "مايو أيار مه مئی",
    "يونيو حزيران ژوئن جون",
    "يوليو تموز ژوئیه جولائی",
    "أغسطس آب اوت اگست",
    "سبتمبر أيلول سپتامبر ستمبر",
    "أكتوبر اكتوبر اکتبر اکتوبر",
    "نوفمبر نوامبر نومبر",
    "ديسمبر دسامبر دسمبر",
    // Hebrew, and with its preposition
    "ינואר בינואר",
    "פברואר בפברואר",
    "מרץ במרץ",
    "אפריל באפריל",
    "מאי במאי",
    "יוני ביוני",
    "יולי ביולי",
    "אוגוסט באוגוסט",
    "ספטמבר בספטמבר",
    "אוקטובר באוקטובר",
    "נובמבר בנובמבר",
    "דצמבר בדצמבר",
    // Hindi, Bengali
    "जनवरी জানুয়ারি জানুয়ারী",
    "फ़रवरी फरवरी ফেব্রুয়ারি ফেব্রুয়ারী",
    "मार्च মার্চ",
    "अप्रैल এপ্রিল",
    "मई মে",
    "जून জুন",
    "जुलाई জুলাই",
    "अगस्त আগস্ট",
    "सितंबर सितम्बर সেপ্টেম্বর",
    "अक्टूबर অক্টোবর",
    "नवंबर नवम्बर নভেম্বর",
    "दिसंबर दिसम्बर ডিসেম্বর",
    // Thai
    "มกราคม",
    "กุมภาพันธ์",
    "มีนาคม",
    "เมษายน",
    "พฤษภาคม",
    "มิถุนายน",
    "กรกฎาคม",
    "สิงหาคม",
    "กันยายน",
    "ตุลาคม",
    "พฤศจิกายน",
    "ธันวาคม",
    // Indonesian, Malay, Swahili
    "januari januari",
    "februari pebruari",
    "maret mac machi",
    "april aprili",
    "mei",
    "juni jun",
    "juli julai",
    "agustus ogos agosti",
    "september septemba",
    "oktober oktoba",
    "november novemba",
    "desember disember desemba",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(word: &str) -> Vec<u32> {
        months(&folded(word)).each().collect()
    }

    #[test]
    fn every_group_of_languages_has_twelve() {
        assert_eq!((CUT.len() % 12, WHOLE.len() % 12), (0, 0));
        for names in CUT {
            assert_eq!(folded(names), *names);
        }
        assert!(NAMES.keys().all(|name| name.len() <= LONGEST));
    }

    #[test]
    fn names_are_known_whole_and_some_cut() {
        for word in ["Mar", "MARCH", "März", "марта", "Mart", "III", "březen"] {
            assert_eq!(of(word), [3], "{word}");
        }
        assert_eq!(of("sept"), [9]);
        assert!(of("jui").is_empty(), "June or July in French");
        assert!(of("ma").is_empty());
        assert!(of("tamm").is_empty(), "cut nowhere");
        assert_eq!(of("listopada"), [10, 11]);
    }
}
