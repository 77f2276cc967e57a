//! Columns without personal data, each with its name for the report of a failure.

use super::dice::Dice;

pub(crate) type Column = (&'static str, fn(&mut Dice, usize) -> String);

const COLOURS: &str = "red|green|blue|dark blue|light grey|black|white|silver|beige|turquoise|navy|olive|teal|crimson|\
ivory|amber|coral|maroon|lavender|mint";
const MONTHS: &str =
    "January|February|March|April|May|June|July|August|September|October|November|December";
const WEEKDAYS: &str = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday";
const GOODS: &str = "Oolong|Rooibos|Sencha|Assam|Darjeeling|Espresso|Cocoa|Lamp|Table|Chair|Shelf|Kettle|Backpack|Router|\
Monitor|Keyboard|Bottle|Blanket|Notebook|Charger";
const KINDS: &str = "Golden|Winter|Royal|Classic|Smart|Ultra|Compact|Organic|Premium|Green|Nordic|Urban|Mini|Deluxe";
const STATES: &str =
    "open|closed|pending|in progress|failed|done|cancelled|shipped|returned|draft|archived|on hold";
const HOSTS: &str = "web|db|cache|mail|api|build|proxy|queue|node|worker";
const DOMAINS: &str =
    "example.com|eu.example.net|internal.example.org|svc.cluster.local|corp.example";
const FOLDERS: &str = "var|log|data|home|srv|assets|images|reports|backup|tmp|2023|2024|export|lib";
const FILES: &str =
    "app|index|report|invoice|photo|main|backup|summary|config|readme|schema|archive";
const ENDINGS: &str = "log|txt|csv|png|json|pdf|html|rs|yaml|tar.gz";
const CURRENCIES: &str =
    "EUR|USD|GBP|JPY|CHF|SEK|NOK|DKK|PLN|CZK|HUF|RON|BRL|INR|CNY|AUD|CAD|ZAR|MXN|KRW";
const LANGUAGES: &str = "en|de|fr|es|it|pt|nl|pl|sv|da|fi|cs|hu|ro|tr|ru|ja|zh|ko|ar";
const LOCALES: &str = "en-US|de-DE|fr-FR|es-ES|it-IT|pt-BR|nl-NL|pl-PL|sv-SE|da-DK|fi-FI|ja-JP|zh-CN|en-GB|de-AT|fr-CA";
const UNITS: &str = "kg|cm|mm|ml|km|g|m|l";
const VERBS: &str = "started|stopped|failed|finished|retried|loaded|skipped|refreshed";
const PARTS: &str = "job|cache|index|import|pipeline|batch|export|queue|snapshot|migration";
const MIME: &str =
    "text/html|application/json|image/png|image/jpeg|text/css|application/pdf|video/mp4|text/plain";
const LEVELS: &str = "DEBUG|INFO|WARN|ERROR|TRACE|FATAL";
const DEPARTMENTS: &str =
    "Sales|Marketing|Finance|Logistics|Engineering|Support|Legal|Purchasing|Quality|Research";
const MATERIALS: &str =
    "cotton|wool|steel|oak|pine|leather|glass|bamboo|linen|brass|marble|granite|plastic";

/// Columns in which nothing is personal, whatever neutral word is their header.
pub(crate) const THINGS: &[Column] = &[
    ("lines of a report", |dice, row| {
        format!(
            "line {} of this long {} report",
            row + 1,
            dice.pick("sales|yearly|short|main")
        )
    }),
    ("sentences with a number", |dice, row| {
        format!(
            "{} items were moved to the next {} of the list",
            row % 40 + 2,
            dice.pick("page|place|part|row")
        )
    }),
    ("headings of chapters", |dice, row| {
        format!(
            "Chapter {} The {} goes on",
            row + 1,
            dice.pick("road|street|lane|way|path")
        )
    }),
    ("numbered questions", |dice, row| {
        format!(
            "{}. How do I change the main {} settings?",
            row + 1,
            dice.pick("screen|street|court|drive")
        )
    }),
    ("what workers do", |dice, row| {
        format!(
            "worker {} of pool {} is {}",
            row + 1,
            dice.pick("main|mail|night"),
            dice.pick("idle|busy|lost")
        )
    }),
    ("month names", |dice, _| dice.pick(MONTHS).into()),
    ("weekday names", |dice, _| dice.pick(WEEKDAYS).into()),
    ("colours", |dice, _| dice.pick(COLOURS).into()),
    ("colour codes", |dice, _| format!("#{}", dice.hex(6))),
    ("numbered products", |dice, row| {
        format!("{} {} {}", dice.pick(KINDS), dice.pick(GOODS), row + 1)
    }),
    ("products", |dice, _| {
        format!("{} {}", dice.pick(KINDS), dice.pick(GOODS))
    }),
    ("products with sizes", |dice, _| {
        format!(
            "{} {} {} {}",
            dice.pick(KINDS),
            dice.pick(GOODS),
            dice.between(1, 900),
            dice.pick(UNITS)
        )
    }),
    ("models", |dice, _| {
        format!(
            "{} {}{}",
            dice.pick(GOODS),
            dice.form("A"),
            dice.between(100, 990)
        )
    }),
    ("versions", |dice, _| {
        format!("{}.{}.{}", dice.roll(9), dice.roll(30), dice.roll(20))
    }),
    ("versions with builds", |dice, _| {
        format!(
            "v{}.{}.{}-rc.{}",
            dice.roll(9),
            dice.roll(30),
            dice.roll(20),
            dice.roll(5)
        )
    }),
    ("hosts", |dice, _| {
        format!(
            "{}-{:02}.{}",
            dice.pick(HOSTS),
            dice.roll(40),
            dice.pick(DOMAINS)
        )
    }),
    ("short hosts", |dice, _| {
        format!("{}{:02}", dice.pick(HOSTS), dice.roll(90))
    }),
    ("paths", |dice, _| {
        format!(
            "/{}/{}/{}.{}",
            dice.pick(FOLDERS),
            dice.pick(FOLDERS),
            dice.pick(FILES),
            dice.pick(ENDINGS)
        )
    }),
    ("windows paths", |dice, _| {
        format!(
            "C:\\{}\\{}\\{}.{}",
            dice.pick(FOLDERS),
            dice.pick(FOLDERS),
            dice.pick(FILES),
            dice.pick(ENDINGS)
        )
    }),
    ("files", |dice, row| {
        format!("{}_{row}.{}", dice.pick(FILES), dice.pick(ENDINGS))
    }),
    ("md5", |dice, _| dice.hex(32)),
    ("sha1, as of commits", |dice, _| dice.hex(40)),
    ("short commits", |dice, _| dice.hex(7)),
    ("sha256", |dice, _| dice.hex(64)),
    ("uuids", |dice, _| {
        format!(
            "{}-{}-4{}-a{}-{}",
            dice.hex(8),
            dice.hex(4),
            dice.hex(3),
            dice.hex(3),
            dice.hex(12)
        )
    }),
    ("timestamps", |dice, _| {
        let (y, m, d) = dice.date(2019, 2025);
        format!(
            "{y}-{m:02}-{d:02}T{:02}:{:02}:{:02}Z",
            dice.roll(24),
            dice.roll(60),
            dice.roll(60)
        )
    }),
    ("timestamps with blanks", |dice, _| {
        let (y, m, d) = dice.date(2019, 2025);
        format!(
            "{y}-{m:02}-{d:02} {:02}:{:02}:{:02}.{:03}",
            dice.roll(24),
            dice.roll(60),
            dice.roll(60),
            dice.roll(1000)
        )
    }),
    ("seconds since 1970", |dice, _| {
        (1_600_000_000 + dice.roll(150_000_000)).to_string()
    }),
    ("milliseconds since 1970", |dice, _| {
        format!(
            "{}{}",
            1_600_000_000 + dice.roll(150_000_000),
            dice.form("999")
        )
    }),
    ("recent dates", |dice, _| {
        let (y, m, d) = dice.date(2021, 2025);
        format!("{y}-{m:02}-{d:02}")
    }),
    ("times", |dice, _| {
        format!("{:02}:{:02}", dice.roll(24), dice.roll(60))
    }),
    ("currencies", |dice, _| dice.pick(CURRENCIES).into()),
    ("languages", |dice, _| dice.pick(LANGUAGES).into()),
    ("locales", |dice, _| dice.pick(LOCALES).into()),
    ("states of work", |dice, _| dice.pick(STATES).into()),
    ("states in capitals", |dice, _| {
        dice.pick(STATES).to_uppercase().replace(' ', "_")
    }),
    ("stock-keeping units", |dice, _| {
        format!(
            "{}-{}-{}",
            dice.form("AAA"),
            dice.form("9999"),
            dice.pick("S|M|L|XL")
        )
    }),
    ("short article codes", |dice, _| dice.form("AA-999")),
    ("article codes with small letters", |dice, _| {
        dice.form("aa99-999")
    }),
    ("part numbers", |dice, _| dice.form("99-9999-99")),
    ("order numbers", |dice, row| {
        (4_100_000 + 7 * row as u64 + dice.roll(7)).to_string()
    }),
    ("long order numbers", |dice, row| {
        format!("20240{}{}", 100_000 + row, dice.form("99"))
    }),
    ("invoice numbers", |dice, row| {
        format!("INV-{}-{:05}", dice.between(2019, 2025), row)
    }),
    ("counts", |dice, _| dice.roll(5000).to_string()),
    ("running numbers", |_, row| (row + 1).to_string()),
    ("prices", |dice, _| {
        format!("{}.{:02}", dice.roll(300), dice.roll(100))
    }),
    ("prices with currency", |dice, _| {
        format!("€ {},{:02}", dice.roll(300), dice.roll(100))
    }),
    ("ratios", |dice, _| format!("0.{}", dice.form("9999"))),
    ("measurements", |dice, _| {
        format!("{}.{} {}", dice.roll(200), dice.roll(10), dice.pick(UNITS))
    }),
    ("measurements in words", |dice, _| {
        format!("{} {}", dice.between(1, 200), dice.pick(UNITS))
    }),
    ("dimensions", |dice, _| {
        format!(
            "{}x{}x{}",
            dice.between(5, 90),
            dice.between(5, 90),
            dice.between(5, 90)
        )
    }),
    ("temperatures", |dice, _| {
        format!("-{}.{}", dice.roll(30), dice.roll(10))
    }),
    ("per cent", |dice, _| format!("{} %", dice.roll(101))),
    ("flags", |dice, _| dice.pick("yes|no").into()),
    ("media types", |dice, _| dice.pick(MIME).into()),
    ("levels", |dice, _| dice.pick(LEVELS).into()),
    ("departments", |dice, _| dice.pick(DEPARTMENTS).into()),
    ("materials", |dice, _| dice.pick(MATERIALS).into()),
    ("messages", |dice, _| {
        format!(
            "{} {} {} after {} ms",
            dice.pick(PARTS),
            dice.roll(900),
            dice.pick(VERBS),
            dice.roll(9000)
        )
    }),
    ("log lines", |dice, _| {
        let (y, m, d) = dice.date(2021, 2025);
        format!(
            "{y}-{m:02}-{d:02} {:02}:{:02}:{:02} {} {}: {} {}",
            dice.roll(24),
            dice.roll(60),
            dice.roll(60),
            dice.pick(LEVELS),
            dice.pick(PARTS),
            dice.pick(PARTS),
            dice.pick(VERBS)
        )
    }),
    ("identifiers in braces", |dice, _| {
        format!(
            "{{{}-{}-{}-{}-{}}}",
            dice.hex(8),
            dice.hex(4),
            dice.hex(4),
            dice.hex(4),
            dice.hex(12)
        )
        .to_uppercase()
    }),
    ("identifiers of objects", |dice, _| dice.hex(24)),
    ("sums of check", |dice, _| dice.hex(8)),
    ("sentences", |dice, _| {
        format!(
            "The {} was {} because the {} did not answer within {} seconds.",
            dice.pick(PARTS),
            dice.pick(VERBS),
            dice.pick(PARTS),
            dice.between(2, 90)
        )
    }),
    ("reviews", |dice, _| {
        format!(
            "The {} {} is {}, and the {} arrived {} days late.",
            dice.pick(COLOURS),
            dice.pick(GOODS).to_lowercase(),
            dice.pick("great|too small|fine|heavy|noisy"),
            dice.pick("box|parcel|order"),
            dice.between(2, 9)
        )
    }),
    ("queries", |dice, _| {
        format!(
            "SELECT {}, count(*) FROM {} WHERE {} > {}",
            dice.pick(PARTS),
            dice.pick(PARTS),
            dice.pick(HOSTS),
            dice.roll(9000)
        )
    }),
    ("settings", |dice, _| {
        format!(
            "{}.{}={}",
            dice.pick(PARTS),
            dice.pick(HOSTS),
            dice.roll(9000)
        )
    }),
    ("ranges", |dice, _| {
        format!("{}-{}", dice.between(1, 90), dice.between(91, 900))
    }),
    ("seats", |dice, _| {
        format!("{}{}", dice.between(1, 40), dice.pick("A|B|C|D|E|F"))
    }),
    ("flights", |dice, _| {
        format!(
            "{}{}",
            dice.pick("LH|BA|AF|KL|UA|DL"),
            dice.between(100, 9999)
        )
    }),
    ("chemical sums", |dice, _| {
        format!(
            "C{}H{}O{}",
            dice.between(1, 30),
            dice.between(1, 60),
            dice.between(1, 9)
        )
    }),
    ("genes", |dice, _| {
        format!("{}{}", dice.form("AAA"), dice.between(1, 30))
    }),
    ("customs codes", |dice, _| dice.form("9999.99.99")),
    ("numbers with thousands", |dice, _| {
        format!("{},{}", dice.between(1, 900), dice.form("999"))
    }),
    ("exponents", |dice, _| {
        format!(
            "{}.{}e-0{}",
            dice.between(1, 9),
            dice.form("999"),
            dice.between(1, 9)
        )
    }),
    ("durations", |dice, _| {
        format!("PT{}H{}M", dice.roll(24), dice.roll(60))
    }),
    ("schedules", |dice, _| {
        format!("{} {} * * {}", dice.roll(60), dice.roll(24), dice.roll(7))
    }),
    ("sizes", |dice, _| dice.pick("XS|S|M|L|XL|XXL").into()),
    ("grades", |dice, _| dice.pick("A|B|C|D|E|F").into()),
    ("book numbers", |dice, _| dice.form("978-3-999-99999-9")),
    ("keys with dots", |dice, _| {
        format!(
            "{}.{}.{}",
            dice.pick(PARTS),
            dice.pick(HOSTS),
            dice.pick(VERBS)
        )
    }),
    ("names of columns", |dice, _| {
        format!(
            "{}_{}",
            dice.pick(PARTS),
            dice.pick("id|count|name|at|size|type")
        )
    }),
    ("topics", |dice, _| {
        format!(
            "How to {} a {}",
            dice.pick("clean|repair|choose|store|move"),
            dice.pick(GOODS).to_lowercase()
        )
    }),
    ("serial numbers", |dice, _| dice.form("AA99AA9999")),
    ("lots", |dice, _| {
        format!("L{}{}", dice.form("9999"), dice.form("A"))
    }),
    ("tokens", |dice, _| dice.form("aA9aaA99AaaA9aAA9aaa")),
    ("shelves", |dice, _| {
        format!("{}{}-{:02}", dice.form("A"), dice.roll(9), dice.roll(60))
    }),
    ("quarters", |dice, _| {
        format!("{}-Q{}", dice.between(2015, 2025), dice.between(1, 4))
    }),
    ("weeks", |dice, _| {
        format!("{}-W{:02}", dice.between(2015, 2025), dice.between(1, 52))
    }),
    ("tasks", |dice, row| {
        format!("{}-{}", dice.pick("CORE|WEB|OPS|DATA"), row + 100)
    }),
    ("rooms", |dice, _| {
        format!(
            "{} {}",
            dice.pick("Room|Hall|Lab|Level|Bay"),
            dice.between(1, 60)
        )
    }),
    ("headings with numbers", |dice, _| {
        format!(
            "{} {}",
            dice.pick("Chapter|Section|Figure|Table|Step|Phase|Lesson"),
            dice.between(1, 60)
        )
    }),
];
