//! Cards, accounts, wallets and securities.

use sha2::{Digest, Sha256};

use super::arithmetic::{characters, compact, digits, exactly, gs1, listed, luhn, mod_97, number};

/// Payment card number (ISO/IEC 7812): Luhn's formula, and an issuer range with its length as the networks publish them.
pub(super) fn payment_card(text: &str) -> bool {
    digits(text).is_some_and(|d| {
        if !(12..=19).contains(&d.len()) || d[1..].iter().all(|&digit| digit == d[0]) {
            return false;
        }
        let prefix = number(&d[..6]);
        let lengths = match prefix {
            400_000..=499_999 => &[13, 16, 18, 19][..],
            510_000..=559_999 | 222_100..=272_099 | 220_000..=220_499 | 979_200..=979_299 => &[16],
            340_000..=349_999 | 370_000..=379_999 => &[15],
            300_000..=305_999 | 309_500..=309_599 | 360_000..=369_999 | 380_000..=399_999 => {
                &[14, 15, 16, 17, 18, 19]
            }
            352_800..=358_999 | 600_000..=669_999 | 810_000..=829_999 => &[16, 17, 18, 19],
            500_000..=509_999 | 560_000..=589_999 | 670_000..=679_999 => {
                &[12, 13, 14, 15, 16, 17, 18, 19]
            }
            _ => &[],
        };
        lengths.contains(&d.len()) && luhn(&d)
    })
}

/// Lengths of the IBANs of the countries in SWIFT's IBAN registry, sorted by country.
#[rustfmt::skip]
const IBAN_LENGTHS: [(&[u8; 2], usize); 89] = [
    (b"AD", 24), (b"AE", 23), (b"AL", 28), (b"AT", 20), (b"AZ", 28), (b"BA", 20), (b"BE", 16),
    (b"BG", 22), (b"BH", 22), (b"BI", 27), (b"BR", 29), (b"BY", 28), (b"CH", 21), (b"CR", 22),
    (b"CY", 28), (b"CZ", 24), (b"DE", 22), (b"DJ", 27), (b"DK", 18), (b"DO", 28), (b"EE", 20),
    (b"EG", 29), (b"ES", 24), (b"FI", 18), (b"FK", 18), (b"FO", 18), (b"FR", 27), (b"GB", 22),
    (b"GE", 22), (b"GI", 23), (b"GL", 18), (b"GR", 27), (b"GT", 28), (b"HN", 28), (b"HR", 21),
    (b"HU", 28), (b"IE", 22), (b"IL", 23), (b"IQ", 23), (b"IS", 26), (b"IT", 27), (b"JO", 30),
    (b"KW", 30), (b"KZ", 20), (b"LB", 28), (b"LC", 32), (b"LI", 21), (b"LT", 20), (b"LU", 20),
    (b"LV", 21), (b"LY", 25), (b"MC", 27), (b"MD", 24), (b"ME", 22), (b"MK", 19), (b"MN", 20),
    (b"MR", 27), (b"MT", 31), (b"MU", 30), (b"NI", 28), (b"NL", 18), (b"NO", 15), (b"OM", 23),
    (b"PK", 24), (b"PL", 28), (b"PS", 29), (b"PT", 25), (b"QA", 29), (b"RO", 24), (b"RS", 22),
    (b"RU", 33), (b"SA", 24), (b"SC", 31), (b"SD", 18), (b"SE", 24), (b"SI", 19), (b"SK", 24),
    (b"SM", 27), (b"SO", 23), (b"ST", 25), (b"SV", 28), (b"TL", 23), (b"TN", 24), (b"TR", 26),
    (b"UA", 29), (b"VA", 22), (b"VG", 24), (b"XK", 20), (b"YE", 30),
];

/// International bank account number (ISO 13616): the country's length, ISO 7064 MOD 97-10 with the first four characters
/// moved to the end.
pub(super) fn iban(text: &str) -> bool {
    compact(text).is_some_and(|c| {
        let (Some(country), Some(body)) = (c.get(..2), c.get(4..)) else {
            return false;
        };
        let length = IBAN_LENGTHS
            .binary_search_by(|(known, _)| known[..].cmp(country))
            .map(|at| IBAN_LENGTHS[at].1);
        length == Ok(c.len()) && mod_97(body.iter().chain(&c[..4]).copied()) == Some(1)
    })
}

/// Country codes of ISO 3166-1 and XK, two letters each, sorted.
const COUNTRIES: &[u8] = b"ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW";

fn country(code: &[u8]) -> bool {
    COUNTRIES
        .as_chunks::<2>()
        .0
        .iter()
        .any(|known| known == code)
}

/// Business identifier code (ISO 9362): institution, country, location (which ends with neither O nor a test's 0), branch.
pub(super) fn bic(text: &str) -> bool {
    compact(text).is_some_and(|c| {
        matches!(c.len(), 8 | 11)
            && c[..6].iter().all(u8::is_ascii_uppercase)
            && country(&c[4..6])
            && c[7] != b'O'
            && !matches!(c[6], b'0' | b'1')
    })
}

/// Order of the characters in base 58, as Bitcoin writes it.
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// The same in Ripple's order.
const RIPPLE: &[u8; 58] = b"rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";

/// Wallet address in base 58 with the first four bytes of a double SHA-256 at its end (Bitcoin, Litecoin, Dogecoin, Dash,
/// Zcash, Tron), or the same in Ripple's order.
pub(super) fn base58_wallet(text: &str) -> bool {
    // Version bytes: Bitcoin 0 and 5, Dogecoin 30 and 22, Litecoin 48 and 50, Dash 76 and 16, Tron 65, test nets 111, 196.
    const VERSIONS: [u8; 11] = [0, 5, 16, 22, 30, 48, 50, 65, 76, 111, 196];
    let checked = |order| base58(text, order).filter(sealed);
    checked(BASE58).is_some_and(|bytes| listed(&VERSIONS, &bytes[0]))
        || checked(RIPPLE).is_some_and(|bytes| bytes[0] == 0)
}

/// The 25 bytes of an address.
fn base58(text: &str, order: &[u8; 58]) -> Option<[u8; 25]> {
    let mut bytes = [0_u8; 25];
    for character in text.bytes() {
        let mut carry = order.iter().position(|&known| known == character)? as u32;
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
        if carry > 0 {
            return None;
        }
    }
    Some(bytes)
}

fn sealed(bytes: &[u8; 25]) -> bool {
    let once = Sha256::digest(&bytes[..21]);
    let twice = Sha256::digest(once);
    twice[..4] == bytes[21..]
}

/// Wallet address in Bech32 or Bech32m (BIP 173 and 350): a BCH code over the prefix and the data part.
pub(super) fn bech32_wallet(text: &str) -> bool {
    const ORDER: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let lower = text.to_ascii_lowercase();
    if lower != text && text.to_ascii_uppercase() != text {
        return false;
    }
    let Some((prefix, data)) = lower.rsplit_once('1') else {
        return false;
    };
    let step = |sum: u32, value: u32| {
        let top = sum >> 25;
        [
            0x3b6a_57b2,
            0x2650_8e6d,
            0x1ea1_19fa,
            0x3d42_33dd,
            0x2a14_62b3,
        ]
        .iter()
        .enumerate()
        .filter(|(bit, _)| top >> bit & 1 == 1)
        .fold((sum & 0x01ff_ffff) << 5 ^ value, |sum, (_, generator)| {
            sum ^ generator
        })
    };
    let high = prefix.bytes().map(|byte| u32::from(byte >> 5));
    let low = prefix.bytes().map(|byte| u32::from(byte & 31));
    let body: Option<Vec<u32>> = data
        .bytes()
        .map(|byte| {
            ORDER
                .iter()
                .position(|&known| known == byte)
                .map(|at| at as u32)
        })
        .collect();
    let Some(body) = body else {
        return false;
    };
    let sum = high.chain([0]).chain(low).chain(body).fold(1, step);
    matches!(prefix, "bc" | "tb" | "ltc") && matches!(sum, 1 | 0x2bc8_30a3)
}

/// International securities identification number (ISO 6166): country, nine characters, Luhn's formula over the digits
/// that letters spell.
pub(super) fn isin(text: &str) -> bool {
    let Some(c) = characters::<12>(text) else {
        return false;
    };
    let mut spelt = Vec::with_capacity(24);
    for value in c.iter().filter_map(|&byte| char::from(byte).to_digit(36)) {
        if value > 9 {
            spelt.push((value / 10) as u8);
        }
        spelt.push((value % 10) as u8);
    }
    (country(&c[..2]) || matches!(&c[..2], b"XS" | b"EU" | b"XA" | b"XB" | b"XC" | b"XD"))
        && c[11].is_ascii_digit()
        && luhn(&spelt)
}

/// Legal entity identifier (ISO 17442): ISO 7064 MOD 97-10 over twenty characters.
pub(super) fn lei(text: &str) -> bool {
    characters::<20>(text).is_some_and(|c| {
        c[18..].iter().all(u8::is_ascii_digit) && mod_97(c.iter().copied()) == Some(1)
    })
}

/// Trade item number (GS1 general specifications: GTIN-8, -12, -13, -14).
pub(super) fn gtin(text: &str) -> bool {
    digits(text).is_some_and(|d| matches!(d.len(), 8 | 12 | 13 | 14) && number(&d) > 9 && gs1(&d))
}

/// Book number (ISO 2108): thirteen digits after 978 or 979 as in EAN-13, or ten with weights 10 to 1 modulo 11.
pub(super) fn isbn(text: &str) -> bool {
    let Some(c) = compact(text) else {
        return false;
    };
    if c.len() == 10 {
        let sum = c.iter().enumerate().try_fold(0, |sum, (place, &byte)| {
            let value = match byte {
                b'X' if place == 9 => 10,
                byte => char::from(byte).to_digit(10)?,
            };
            Some(sum + value * (10 - place as u32))
        });
        return sum.is_some_and(|sum| sum > 0 && sum % 11 == 0);
    }
    exactly::<13>(text).is_some_and(|d| d[..2] == [9, 7] && d[2] > 7 && gs1(&d))
}
