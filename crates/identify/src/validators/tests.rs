//! What holds for every validator, and known specimens of each scheme.
//!
//! Specimens are those that authorities print in their own documents, or generated; none belongs to a person.

use proptest::prelude::*;

use super::{ALL, STRUCTURAL, arithmetic, find, has_check_digit};

/// How much a scheme promises about a number with one wrong digit.
#[derive(Clone, Copy, PartialEq)]
enum Promise {
    /// Any one digit changed is refused.
    EveryDigit,
    /// Some changes pass: remainders that share a check character, or no check digit at all.
    Some,
}
use Promise::{EveryDigit, Some as Part};

/// Validator, promise, numbers that pass.
const SPECIMENS: &[(&str, Promise, &[&str])] = &[
    ("adult_birth_date", Part, &["17.05.1980", "5/17/1980"]),
    (
        "ae_eid",
        EveryDigit,
        &["784-1974-6543276-9", "784-2002-9592661-0"],
    ),
    ("age", Part, &["0", "42", "115"]),
    (
        "ar_cbu",
        EveryDigit,
        &["6619960902877875219967", "8936961040969733473832"],
    ),
    ("ar_cuit", Part, &["20335916949", "27340011428"]),
    ("ar_cuit_company", Part, &["30665583984", "30439936742"]),
    ("at_svnr", EveryDigit, &["8969170202", "1834050201"]),
    ("au_abn", EveryDigit, &["30082546589", "30973453052"]),
    ("au_acn", Part, &["137403199", "117817320"]),
    ("au_medicare", Part, &["6944329361", "6782878331"]),
    ("au_tfn", EveryDigit, &["516029645", "211562203"]),
    ("bank_account", Part, &["6677103601", "2568094600"]),
    (
        "base58_wallet",
        EveryDigit,
        &[
            "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
            "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        ],
    ),
    ("be_enterprise", EveryDigit, &["0270569523", "0597803476"]),
    ("be_nrn", Part, &["57061052328", "92122419633"]),
    (
        "bech32_wallet",
        EveryDigit,
        &[
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        ],
    ),
    ("bg_egn", Part, &["7506218984", "5512078297"]),
    ("bic", Part, &["ACCCFRFF", "CCDDGBFF"]),
    (
        "birth_date",
        Part,
        &["1980-05-17", "17/05/1980", "17/05/2523"],
    ),
    ("birth_days", Part, &["29358", "20579.0"]),
    ("birth_digits", Part, &["700723", "310580", "1020115"]),
    (
        "birth_milliseconds",
        Part,
        &["-462326400000", "1066521600000"],
    ),
    ("birth_seconds", Part, &["-462326400", "242352000.0"]),
    ("br_cnh", Part, &["10658691422", "66993820192"]),
    ("br_cnpj", EveryDigit, &["13670004000129", "66931396000107"]),
    ("br_cpf", Part, &["54371420648", "99372479691"]),
    ("br_pis", Part, &["16564647434", "14552899437"]),
    ("br_rg", EveryDigit, &["795422052", "12891614X"]),
    (
        "by_personal",
        EveryDigit,
        &["3020798K631PB1", "4070382E335PB9"],
    ),
    ("ca_business", Part, &["303988828RT0001", "875802886RT0001"]),
    ("ca_sin", EveryDigit, &["223236092", "222791733"]),
    ("ch_ahv", EveryDigit, &["7562757976777", "7561990224607"]),
    ("chinese_name", Part, &["王小明", "陳大文", "欧阳娜"]),
    ("cl_rut", EveryDigit, &["190942759", "229190369"]),
    (
        "cn_ric",
        EveryDigit,
        &["440305198408136486", "31010419911116752X"],
    ),
    ("co_nit", Part, &["9355998245", "8363518240"]),
    (
        "coordinates",
        Part,
        &["52.520008, 13.404954", "(48.8566 2.3522)"],
    ),
    ("cz_ico", Part, &["84573333", "83830715"]),
    ("cz_rc", Part, &["560324/8310", "601224/6680"]),
    (
        "date",
        Part,
        &["2019-07-31", "31.12.1999", "1999年12月31日"],
    ),
    ("de_document", EveryDigit, &["TMJ4ZR1L19", "HGY3C633M6"]),
    ("de_pension", EveryDigit, &["53240881P399", "12050599S539"]),
    ("de_tax_id", EveryDigit, &["92600187535", "42591167839"]),
    ("de_vat", EveryDigit, &["199470359", "653146980"]),
    ("dk_cpr", EveryDigit, &["1410533355", "1203770339"]),
    ("dk_cpr_date", Part, &["0506682902", "3110850726"]),
    ("dk_cvr", EveryDigit, &["88011473", "14667377"]),
    ("do_cedula", EveryDigit, &["40213183581", "40285767832"]),
    ("ec_ci", EveryDigit, &["0941865818", "0912685278"]),
    ("ee_ik", Part, &["49108037480", "45406289075"]),
    ("eg_nid", Part, &["27302190178194", "26912111280603"]),
    (
        "email",
        Part,
        &["jane.roe@example.com", "o'neil+tag@mail.example.co.uk"],
    ),
    ("epoch", Part, &["1700000000", "1700000000123"]),
    ("es_cif", EveryDigit, &["A81001562", "B82170366"]),
    ("es_nie", EveryDigit, &["Y9775032T", "X5689206H"]),
    ("es_nif", EveryDigit, &["05005749Y", "50890807H"]),
    ("fi_business", EveryDigit, &["2367632-9", "3781854-3"]),
    ("fi_hetu", EveryDigit, &["240859-237T", "180665-043L"]),
    (
        "fr_nir",
        EveryDigit,
        &["281087586564333", "177046982679735"],
    ),
    ("fr_plate", Part, &["FG-494-FG", "BD-785-FB"]),
    ("fr_siren", EveryDigit, &["437415292", "932727274"]),
    (
        "fr_siret",
        EveryDigit,
        &["34569266900038", "60866687100082"],
    ),
    ("fr_spi", EveryDigit, &["3900869226492", "3281812174011"]),
    ("gr_afm", Part, &["067356220", "005119104"]),
    ("gr_amka", EveryDigit, &["14077020510", "11089258971"]),
    ("gt_cui", Part, &["6113774700101", "7658942110501"]),
    ("gtin", EveryDigit, &["4573738036994", "4004404623489"]),
    ("hk_id", EveryDigit, &["B819928(6)", "E585880(5)"]),
    ("hr_oib", EveryDigit, &["57093259465", "40743397406"]),
    ("hu_personal", Part, &["16402176051", "15203026402"]),
    ("hu_taj", EveryDigit, &["695835666", "150899767"]),
    ("hu_tax_id", EveryDigit, &["8054407459", "8843829912"]),
    (
        "iban",
        EveryDigit,
        &["DE96370400449294326193", "FR4924643059213135275689514"],
    ),
    (
        "iccid",
        EveryDigit,
        &["8949011146520760776", "8949380346834661677"],
    ),
    ("id_nik", Part, &["3173011507602446", "3173010910953169"]),
    ("ie_ppsn", EveryDigit, &["3990075K", "3809243VA"]),
    ("il_id", EveryDigit, &["155462880", "371871781"]),
    ("imei", EveryDigit, &["359659394757462", "357670769408849"]),
    ("imsi", Part, &["262018724215235", "262015498434728"]),
    ("in_aadhaar", EveryDigit, &["831842717364", "331772075848"]),
    (
        "in_gstin",
        EveryDigit,
        &["29EFRCU7098O1ZI", "29HIDCW7419M1ZZ"],
    ),
    ("in_pan", Part, &["NOEPW7791A", "MKDPP4179G"]),
    ("in_pan_company", Part, &["ETDCW0771V", "YDQCW7653V"]),
    ("in_vehicle", Part, &["DL3CQR7824", "MH12HW9141"]),
    ("in_voter", EveryDigit, &["OKV2664944", "XKW2727634"]),
    ("ipv4", Part, &["192.0.2.17", "203.0.113.254"]),
    ("ipv6", Part, &["2001:db8::8a2e:370:7334", "fe80::1%eth0"]),
    ("ir_national", Part, &["8428498751", "2052566996"]),
    ("is_kennitala", Part, &["110198-3969", "220264-2549"]),
    ("isbn", EveryDigit, &["9780991752201", "9786684329088"]),
    ("isin", EveryDigit, &["US9924872693", "US9898059962"]),
    (
        "it_fiscal_code",
        EveryDigit,
        &["GSRGSR85D61L219V", "RBNLBS63M07F205E"],
    ),
    ("it_vat", EveryDigit, &["34432900586", "73461060011"]),
    ("japanese_name", Part, &["山田太郎", "佐藤 花子"]),
    ("jmbg", Part, &["2503963339673", "0606985334965"]),
    ("jp_corporate", Part, &["1014598950362", "8769834724654"]),
    ("jp_my_number", Part, &["774117437740", "923888781090"]),
    ("korean_name", Part, &["홍길동", "김철수"]),
    ("kr_business", EveryDigit, &["3919990377", "2886358882"]),
    ("kr_rrn", Part, &["670301-2561566", "701111-2620711"]),
    ("kr_rrn_date", Part, &["820726-2895222", "510217-1350053"]),
    ("kw_civil", EveryDigit, &["268090311271", "273051178216"]),
    ("kz_iin", Part, &["610614361136", "871215365680"]),
    ("latitude", Part, &["52.520008", "-33.8688"]),
    (
        "lei",
        EveryDigit,
        &["549300NYFOYOFZPD6691", "549300JG1D63MZWTSC13"],
    ),
    ("letters_and_digits", Part, &["C01X00T47"]),
    ("lk_nic", Part, &["793129056V", "703120623V"]),
    ("longitude", Part, &["13.404954", "-122.419416"]),
    ("lt_ak", Part, &["37001039844", "45906250117"]),
    ("lu_nin", EveryDigit, &["1983103105626", "1964082346376"]),
    ("lv_pk", Part, &["020593-12850", "190959-11608"]),
    ("md_idnp", EveryDigit, &["2506747564152", "2921933628487"]),
    (
        "mx_clabe",
        EveryDigit,
        &["072205290203402161", "072995902490099105"],
    ),
    (
        "mx_curp",
        Part,
        &["GESS620522HNLFDB09", "GART690918HDFFNB05"],
    ),
    ("mx_rfc", EveryDigit, &["MOXR941210A36", "LATT910731B20"]),
    (
        "mx_rfc_company",
        EveryDigit,
        &["CBM880701BA9", "LDC100621B28"],
    ),
    ("my_nric", Part, &["551012-14-6411", "790206-10-9823"]),
    ("nl_bsn", EveryDigit, &["172183947", "170555094"]),
    ("no_fnr", EveryDigit, &["08076431796", "19048116186"]),
    ("no_organisation", EveryDigit, &["896316516", "865691912"]),
    ("nz_ird", Part, &["135072869", "122971953"]),
    ("nz_nhi", Part, &["CWT17ZB", "NQX99TT"]),
    (
        "payment_card",
        EveryDigit,
        &["601108867667441305", "5114646817595764"],
    ),
    ("pe_ruc", Part, &["10882403691", "10449876411"]),
    ("pe_ruc_company", Part, &["20329023061", "20623744893"]),
    (
        "phone_international",
        Part,
        &["+49 30 901820", "+1 (202) 555-0143", "0044 20 7946 0958"],
    ),
    (
        "phone_national",
        Part,
        &["(202) 555-0143", "020 7946 0958", "030/901820"],
    ),
    (
        "phone_north_american",
        Part,
        &["202-555-0143", "12025550143"],
    ),
    (
        "phone_subscriber",
        Part,
        &[
            "501 234 567",
            "22 501 23 45",
            "912 34 567",
            "22 41 23 45",
            "612 34 56 78",
            "55 1234 5678",
            "532 123 45 67",
            "138 0013 8000",
            "48 501 234 567",
            "351 912 345 678",
            "1300 975 707",
            "67 123 456",
        ],
    ),
    ("pk_cnic", Part, &["35202-9133199-5", "42101-6384342-5"]),
    ("pl_id_card", EveryDigit, &["AYR908862", "AUY105587"]),
    ("pl_nip", EveryDigit, &["5656951703", "8204892984"]),
    ("pl_passport", EveryDigit, &["EM6501710", "ED0914647"]),
    ("pl_pesel", EveryDigit, &["96071284971", "88062825351"]),
    ("pl_regon", Part, &["135219604", "752602449"]),
    ("pt_cc", EveryDigit, &["783158781ZZ0", "785463145ZZ3"]),
    ("pt_nif", Part, &["217820280", "127024727"]),
    ("pt_nipc", Part, &["505376970", "503503312"]),
    ("recent_date", Part, &["2019-07-31", "31.12.2020"]),
    ("ro_cnp", Part, &["2960108012058", "1760914125881"]),
    ("ro_cui", Part, &["43131514", "28545130"]),
    ("ru_inn", EveryDigit, &["776370617787", "776392533940"]),
    ("ru_inn_company", Part, &["7753920088", "7712834062"]),
    ("ru_snils", EveryDigit, &["36555619311", "94829097166"]),
    ("sa_id", EveryDigit, &["1757542830", "1526778517"]),
    ("se_organisation", EveryDigit, &["5587631697", "5581493359"]),
    (
        "se_personnummer",
        EveryDigit,
        &["750102-8240", "630421-0427"],
    ),
    ("se_plate", Part, &["DCG 304", "BAE 447"]),
    ("sg_nric", EveryDigit, &["T1444951A", "T8015053E"]),
    ("si_tax", Part, &["31951236", "36583987"]),
    (
        "software_version",
        Part,
        &["2.14.3", "v1.0.0-beta.2", "10.4"],
    ),
    ("th_tnin", Part, &["5645024809918", "5624420383653"]),
    ("tr_tckn", EveryDigit, &["34264120518", "35416602388"]),
    ("tr_vkn", EveryDigit, &["1969755618", "1938869404"]),
    ("tw_id", Part, &["B280879683", "A235244700"]),
    ("ua_rnokpp", Part, &["3032006967", "2537294222"]),
    ("uk_driver", Part, &["FOX99557242T97JZ", "SMITH811115T96YZ"]),
    ("uk_nhs", EveryDigit, &["4299083873", "4161296339"]),
    ("uk_nino", Part, &["PX310193B", "PX033881B"]),
    ("uk_plate", Part, &["BD17 GAG", "EC71 EDA"]),
    ("uk_postcode", Part, &["LS11 4BG", "SW1A 2GE"]),
    ("uk_utr", Part, &["2014111895", "1237978963"]),
    ("uk_vat", Part, &["823903295", "393438859"]),
    ("us_aba", EveryDigit, &["071150387", "122385991"]),
    ("us_dea", Part, &["BF7799236", "FA3918185"]),
    ("us_ein", Part, &["668862305", "337332880"]),
    ("us_itin", Part, &["961818892", "957703212"]),
    ("us_mbi", Part, &["2K27G25XN45", "6M35N92RQ66"]),
    ("us_npi", EveryDigit, &["2131234082", "1689176901"]),
    ("us_ssn", Part, &["422846249", "497682791"]),
    ("uy_ci", Part, &["22552619", "46620608"]),
    ("ve_rif", Part, &["E994626186", "V702340272"]),
    (
        "vin",
        EveryDigit,
        &["JTDX98L07LF903262", "WVWREEMX9DG441118"],
    ),
    (
        "vin_shape",
        Part,
        &["WDB1LXLH1A0214221", "WDBBYDW61A7872603"],
    ),
    ("vn_cccd", Part, &["001019996769", "079015814432"]),
    ("za_id", EveryDigit, &["6210293142088", "5103022740085"]),
];

/// Numbers that a validator must refuse, and why.
const REFUSED: &[(&str, &str, &str)] = &[
    ("us_ssn", "666-12-3456", "area 666 is never assigned"),
    (
        "us_ssn",
        "900-12-3456",
        "areas from 900 are taxpayer numbers",
    ),
    ("us_ssn", "123-00-4567", "group 00"),
    ("us_ssn", "123-45-0000", "serial 0000"),
    ("us_itin", "912-34-5678", "group 34 is not used"),
    ("uk_nino", "GB123456A", "prefix GB is not used"),
    (
        "uk_nino",
        "QQ123456C",
        "Q is not used, which is why it stands in specimens",
    ),
    ("uk_nhs", "0000000000", "nobody has number zero"),
    (
        "de_tax_id",
        "12345678903",
        "no digit occurs twice among the first ten",
    ),
    ("pl_pesel", "44133101459", "month 13 without a century"),
    ("ch_ahv", "7561234567890", "wrong check digit"),
    ("br_cpf", "111.111.111-11", "one digit again and again"),
    ("cz_rc", "710231/4569", "there is no 31 February"),
    ("fr_nir", "955053301234567", "no sex has digit 9"),
    ("payment_card", "4111111111111112", "wrong check digit"),
    ("payment_card", "0000000000000000", "zeros pass Luhn"),
    ("iban", "DE89370400440532013001", "wrong check digits"),
    ("iban", "ZZ89370400440532013000", "no such country"),
    ("iban", "DE8937040044053201300", "one digit short"),
    ("email", "a..b@example.com", "two dots"),
    ("email", "a@b@example", "no dot in the domain"),
    ("email", "report@2x", "a file name of an image"),
    ("ipv4", "999.1.2.3", "octets end at 255"),
    ("ipv4", "010.1.2.3", "leading zeros mean octal somewhere"),
    ("ipv4", "0.1.2.3", "no host is in network 0"),
    ("software_version", "203.0.113.7", "an address"),
    (
        "phone_subscriber",
        "1234 5678 9012",
        "twelve digits, and no country's code before them",
    ),
    (
        "phone_subscriber",
        "101 234 567",
        "no plan without a trunk prefix begins with 10",
    ),
    (
        "phone_subscriber",
        "71 23 45 67 89",
        "pairs of ten digits begin with a zero or a country's code",
    ),
    ("phone_subscriber", "212 34 567", "no Norwegian mobile"),
    ("phone_national", "2024-01-31", "a date"),
    ("phone_national", "31.12.2020", "a date"),
    ("phone_national", "0000000", "one digit again and again"),
    (
        "phone_international",
        "+83 12345678",
        "83 is no calling code",
    ),
    (
        "phone_international",
        "+1 102 555 0143",
        "no area begins with 1",
    ),
    (
        "birth_date",
        "1023-01-01",
        "before anybody in a file was born",
    ),
    ("birth_date", "1980-02-30", "there is no 30 February"),
    ("birth_days", "49999", "a day of 2036"),
    ("birth_digits", "700000", "no month 0"),
    ("birth_seconds", "9999999999", "in the twenty-third century"),
    ("birth_milliseconds", "9999999999", "a number of something"),
    (
        "adult_birth_date",
        "2019-05-17",
        "a date of today's business",
    ),
    ("latitude", "91.5000", "beyond the pole"),
    ("age", "144", "nobody is so old"),
    ("vin", "1HGCM82633A004353", "wrong check character"),
    ("imei", "490154203237517", "wrong check digit"),
    ("bic", "PASSWORD", "WO is no country"),
    ("chinese_name", "上海市", "no family name"),
    ("korean_name", "서울특별시", "five syllables"),
    ("in_pan", "ABCCE1234F", "C is a company"),
    ("in_aadhaar", "123456789012", "does not begin with 0 or 1"),
    ("vn_cccd", "999000000000", "no such province"),
    ("us_dea", "AB1234567", "wrong check digit"),
    ("fi_hetu", "131052-308U", "wrong check character"),
    ("se_personnummer", "811318-9876", "month 13"),
    ("is_kennitala", "120174-3389", "wrong century digit"),
    ("dk_cpr_date", "310260-1234", "there is no 31 February"),
    ("tr_tckn", "01234567890", "does not begin with zero"),
    (
        "it_fiscal_code",
        "RSSMRA85F10A562S",
        "month letter T wrong check",
    ),
    ("my_nric", "991332-10-1234", "month 13"),
    ("id_nik", "0001014107700001", "no province 00"),
    ("cn_ric", "990101199001011234", "no division 99"),
    ("epoch", "0123456789", "1973"),
    (
        "base58_wallet",
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
        "wrong checksum",
    ),
    (
        "bech32_wallet",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
        "wrong checksum",
    ),
    ("uk_postcode", "QX1 1AA", "no area begins with Q"),
];

#[test]
fn validators_are_sorted_and_unique() {
    assert!(ALL.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

#[test]
fn what_has_no_check_digit_is_known_and_promises_nothing() {
    assert!(STRUCTURAL.is_sorted());
    assert!(STRUCTURAL.iter().all(|name| find(name).is_some()));
    let promised = SPECIMENS
        .iter()
        .filter(|(_, promise, _)| *promise == EveryDigit);
    assert!(promised.clone().count() > 50);
    assert!(promised.into_iter().all(|(name, ..)| has_check_digit(name)));
}

#[test]
fn every_validator_has_a_specimen() {
    let missing: Vec<_> = ALL
        .iter()
        .map(|(name, _)| name)
        .filter(|name| !SPECIMENS.iter().any(|(known, ..)| known == *name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn specimens_pass() {
    for (name, _, numbers) in SPECIMENS {
        let valid = find(name).unwrap();
        for number in *numbers {
            assert!(valid(number), "{name} refuses {number}");
        }
    }
}

#[test]
fn specimens_pass_in_lower_case_too() {
    for (name, _, numbers) in SPECIMENS
        .iter()
        .filter(|(name, ..)| !name.ends_with("wallet"))
    {
        let valid = find(name).unwrap();
        for number in *numbers {
            let lower = number.to_lowercase();
            assert!(valid(&lower), "{name} refuses {lower}");
        }
    }
}

#[test]
fn what_is_never_issued_is_refused() {
    for (name, number, why) in REFUSED {
        assert!(
            !find(name).unwrap()(number),
            "{name} accepts {number}: {why}"
        );
    }
}

#[test]
fn a_single_wrong_digit_is_refused_where_the_scheme_promises_it() {
    for (name, promise, numbers) in SPECIMENS {
        if *promise != EveryDigit {
            continue;
        }
        let valid = find(name).unwrap();
        for number in *numbers {
            for wrong in with_one_wrong_digit(number) {
                assert!(!valid(&wrong), "{name} accepts {wrong}, made of {number}");
            }
        }
    }
}

/// Every text that differs from this one in one decimal digit.
fn with_one_wrong_digit(number: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (place, old) in number.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        for new in ('0'..='9').filter(|new| *new != old) {
            out.push(format!("{}{new}{}", &number[..place], &number[place + 1..]));
        }
    }
    out
}

type System = fn(&[u8]) -> bool;

/// Check-digit systems over plain digits that promise to refuse every single wrong digit.
const SYSTEMS: [(&str, System); 4] = [
    ("luhn", arithmetic::luhn),
    ("mod 11,10", arithmetic::mod_11_10),
    ("verhoeff", arithmetic::verhoeff),
    ("gs1", arithmetic::gs1),
];

proptest! {
    #[test]
    fn one_check_digit_completes_a_number_and_no_other_does(body in prop::collection::vec(0_u8..10, 1..20)) {
        for (name, valid) in SYSTEMS {
            let completions = (0..10)
                .filter(|&digit| valid(&[&body[..], &[digit]].concat()))
                .count();
            prop_assert_eq!(completions, 1, "{}", name);
        }
    }

    #[test]
    fn a_single_wrong_digit_is_always_refused(
        body in prop::collection::vec(0_u8..10, 2..20),
        place in any::<prop::sample::Index>(),
        change in 1_u8..10,
    ) {
        for (name, valid) in SYSTEMS {
            let Some(check) = (0..10).find(|&digit| valid(&[&body[..], &[digit]].concat())) else {
                continue;
            };
            let mut number = [&body[..], &[check]].concat();
            let place = place.index(number.len());
            number[place] = (number[place] + change) % 10;
            prop_assert!(!valid(&number), "{} accepts {:?}", name, number);
        }
    }

    #[test]
    fn no_validator_panics_on_any_text(text in "\\PC{0,40}") {
        for (_, valid) in ALL {
            valid(&text);
        }
    }

    #[test]
    fn no_validator_panics_on_numbers_of_any_length(text in "[0-9A-Za-z ./@:+-]{0,110}") {
        for (_, valid) in ALL {
            valid(&text);
        }
    }
}

proptest! {
    #[test]
    fn kinds_of_characters_are_those_of_what_is_left_of_them(text in "\\PC{0,9}|[A-Za-z0-9 .-]{0,20}|[a9]{94,98}") {
        let any = |characters: &[u8], is: fn(&u8) -> bool| characters.iter().any(is);
        let expected = arithmetic::compact(&text)
            .map(|left| (any(&left, u8::is_ascii_uppercase), any(&left, u8::is_ascii_digit)));
        prop_assert_eq!(arithmetic::kinds(&text), expected);
    }
}
