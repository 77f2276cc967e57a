//! Clean columns of the common identifiers. The names are combined at random; nobody is meant.

use super::dice::{Dice, iban, luhn_digit};

pub(crate) type Column = (&'static str, &'static str, fn(&mut Dice) -> String);

const GIVEN: &str = "James|Mary|Robert|Linda|Thomas|Susan|Daniel|Karen|Kevin|Laura|Hans|Ursula|Jürgen|Sabine|Wolfgang|Heike|\
Pierre|Nathalie|Jean|Monique|Carlos|Lucía|Javier|Carmen|Giulia|Marco|Paolo|Chiara|Agnieszka|Piotr|Olga|Dmitri|Fatima|Ahmed|\
Yuki|Hiroshi|Priya|Rahul|Ingrid|Lars";
const FAMILY: &str = "Smith|Johnson|Williams|Brown|Miller|Davis|Wilson|Anderson|Taylor|Moore|Müller|Schmidt|Schneider|Fischer|\
Weber|Wagner|Dupont|Martin|Lefebvre|Moreau|García|Fernández|López|Martínez|Rossi|Russo|Ferrari|Bianchi|Kowalski|Nowak|Ivanov|\
Petrov|Hassan|Khan|Tanaka|Suzuki|Sharma|Patel|Johansson|Hansen";
const HOSTS: &str = "example.com|example.org|mail.example.net|example.de|example.co.uk|example.fr";
const THAI_GIVEN: &str = "สมชาย|สมหญิง|ประเสริฐ|วิชัย|สุดา|มาลี|อนุชา|กมล|ปรีชา|วันดี|สมศักดิ์|อรุณ";
const THAI_FAMILY: &str = "ใจดี|แสงทอง|ศรีสุข|บุญมี|ทองดี|สุขใจ|วงศ์สวัสดิ์|มีสุข|รักไทย|ชัยมงคล";
const HINDI_GIVEN: &str = "राहुल|प्रिया|अमित|सुनीता|विजय|अनीता|राजेश|पूजा|संजय|कविता|सुनील|रेखा";
const HINDI_FAMILY: &str = "शर्मा|वर्मा|गुप्ता|सिंह|कुमार|मिश्रा|यादव|पटेल|जोशी|चौधरी";

fn plain(text: &str) -> String {
    text.to_lowercase()
        .chars()
        .map(|c| match c {
            'ü' => 'u',
            'í' => 'i',
            'á' => 'a',
            'ó' => 'o',
            other => other,
        })
        .collect()
}

fn card(dice: &mut Dice, pattern: &str) -> String {
    let digits = dice.form(pattern);
    let check = luhn_digit(&digits);
    format!("{digits}{check}")
}

/// What is told from its values alone.
pub(crate) const PERSONS: &[Column] = &[
    ("e-mail addresses", "EMAIL_ADDRESS", |dice| {
        format!(
            "{}.{}@{}",
            plain(dice.pick(GIVEN)),
            plain(dice.pick(FAMILY)),
            dice.pick(HOSTS)
        )
    }),
    ("phones as in E.164", "PHONE_NUMBER", |dice| {
        let country = dice.pick("+49|+44|+33|+39|+34|+81|+61|+55");
        format!("{country}{}", dice.form("2099999999"))
    }),
    ("phones with blanks", "PHONE_NUMBER", |dice| {
        dice.form("+49 30 9999999")
    }),
    ("phones of the United States", "PHONE_NUMBER", |dice| {
        dice.form("(202) 555-0199")
            .replace("0199", &dice.form("9999"))
    }),
    ("phones with hyphens", "PHONE_NUMBER", |dice| {
        format!("{}-555-{}", dice.pick("212|415|303|617"), dice.form("9999"))
    }),
    ("phones of Germany", "PHONE_NUMBER", |dice| {
        format!(
            "0{} {}",
            dice.pick("30|40|89|221|711"),
            dice.form("5999999")
        )
    }),
    ("phones of France", "PHONE_NUMBER", |dice| {
        dice.form("06 99 99 99 99")
    }),
    ("phones of Britain", "PHONE_NUMBER", |dice| {
        dice.form("020 7999 9999")
    }),
    ("phones of Spain", "PHONE_NUMBER", |dice| {
        dice.form("+34 699 999 999")
    }),
    ("accounts of Germany", "IBAN_CODE", |dice| {
        iban("DE", &dice.form("999999999999999999"))
    }),
    ("accounts with blanks", "IBAN_CODE", |dice| {
        let bare = iban("AT", &dice.form("9999999999999999"));
        bare.as_bytes()
            .chunks(4)
            .map(String::from_utf8_lossy)
            .collect::<Vec<_>>()
            .join(" ")
    }),
    ("cards", "CREDIT_CARD", |dice| card(dice, "455699999999999")),
    ("cards of several brands", "CREDIT_CARD", |dice| {
        let pattern = dice.pick("455699999999999|521399999999999|37829999999999|601199999999999");
        card(dice, pattern)
    }),
    ("full names", "PERSON", |dice| {
        format!("{} {}", dice.pick(GIVEN), dice.pick(FAMILY))
    }),
    ("family name first", "PERSON", |dice| {
        format!("{}, {}", dice.pick(FAMILY), dice.pick(GIVEN))
    }),
    ("names in Thai", "PERSON", |dice| {
        format!("{} {}", dice.pick(THAI_GIVEN), dice.pick(THAI_FAMILY))
    }),
    ("names in Hindi", "PERSON", |dice| {
        format!("{} {}", dice.pick(HINDI_GIVEN), dice.pick(HINDI_FAMILY))
    }),
    ("given names", "FIRST_NAME", |dice| dice.pick(GIVEN).into()),
    ("family names", "LAST_NAME", |dice| dice.pick(FAMILY).into()),
    ("streets in English", "STREET_ADDRESS", |dice| {
        format!(
            "{} {} {}",
            dice.between(1, 400),
            dice.pick("High|Oak|Mill|Station|Church|Lake|Park|King"),
            dice.pick("Street|Road|Lane|Avenue|Drive")
        )
    }),
    ("streets in German", "STREET_ADDRESS", |dice| {
        format!(
            "{}{} {}",
            dice.pick("Linden|Garten|Schiller|Haupt|Bahnhof|Kirch|Berg|Rosen"),
            dice.pick("straße|weg|platz|allee|gasse"),
            dice.between(1, 140)
        )
    }),
    ("streets in French", "STREET_ADDRESS", |dice| {
        format!(
            "{} {} {}",
            dice.between(1, 140),
            dice.pick("rue|avenue|boulevard|chemin|place"),
            dice.pick("des Lilas|Victor Hugo|de la Gare|du Moulin|de Paris|Pasteur")
        )
    }),
    ("streets in Spanish", "STREET_ADDRESS", |dice| {
        format!(
            "{} {} {}",
            dice.pick("Calle|Avenida|Plaza|Paseo"),
            dice.pick("Mayor|de la Paz|del Sol|San Juan|Colón|Real|Cervantes"),
            dice.between(1, 140)
        )
    }),
    ("streets in Italian", "STREET_ADDRESS", |dice| {
        format!(
            "{} {} {}",
            dice.pick("Via|Viale|Piazza|Corso"),
            dice.pick("Garibaldi|Roma|Dante|Mazzini|Verdi|Cavour|Manzoni"),
            dice.between(1, 140)
        )
    }),
    ("streets in Dutch", "STREET_ADDRESS", |dice| {
        format!(
            "{}{} {}",
            dice.pick("Kerk|Molen|Dorps|School|Linden|Beatrix"),
            dice.pick("straat|laan|plein|weg"),
            dice.between(1, 140)
        )
    }),
    ("addresses of devices", "IP_ADDRESS", |dice| {
        format!(
            "{}.{}.{}.{}",
            dice.between(60, 220),
            dice.roll(256),
            dice.roll(256),
            dice.roll(256)
        )
    }),
    ("addresses of cards in devices", "MAC_ADDRESS", |dice| {
        dice.form("xx:xx:xx:xx:xx:xx")
    }),
    ("social security numbers", "US_SSN", |dice| {
        format!(
            "{:03}-{:02}-{:04}",
            dice.between(100, 660),
            dice.between(1, 99),
            dice.between(1, 9999)
        )
    }),
];
