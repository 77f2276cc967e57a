//! Addresses and numbers of devices and vehicles, and what looks like them.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::arithmetic::{characters, exactly, luhn, number};

/// IPv4 address that a host can have (RFC 791, RFC 6890): four octets without leading zeros, the first 1 to 239.
pub(super) fn ipv4(text: &str) -> bool {
    let host = text.split(['/', ':']).next().unwrap_or_default();
    host.parse::<Ipv4Addr>()
        .is_ok_and(|address| (1..240).contains(&address.octets()[0]))
}

/// IPv6 address (RFC 4291), with zone or prefix length where written.
pub(super) fn ipv6(text: &str) -> bool {
    let host = text.split(['%', '/']).next().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.parse::<Ipv6Addr>()
        .is_ok_and(|address| !address.is_unspecified())
}

/// Version of software with the small numbers that versions have; an address passes it rarely.
pub(super) fn software_version(text: &str) -> bool {
    let text = text.trim_start_matches(['v', 'V']);
    let core = text.split(['-', '+', ' ']).next().unwrap_or_default();
    let mut parts = core.split('.').map(str::parse::<u32>);
    matches!(parts.next(), Some(Ok(0..=30)))
        && matches!(parts.next(), Some(Ok(0..=60)))
        && matches!(parts.next(), None | Some(Ok(0..=60)))
}

/// IMEI of a mobile device (3GPP TS 23.003; GSMA TS.06): a reporting body that assigns numbers, Luhn's formula.
pub(super) fn imei(text: &str) -> bool {
    exactly::<15>(text).is_some_and(|d| {
        matches!(number(&d[..2]), 1 | 10 | 33 | 35 | 44 | 45 | 49..=54 | 86 | 91 | 97..=99)
            && luhn(&d)
    })
}

/// Vehicle identification number (ISO 3779; 49 CFR 565): no I, O or Q, a check character at place nine as North America
/// and China ask for it.
pub(super) fn vin(text: &str) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let Some(c) = characters::<17>(text) else {
        return false;
    };
    let sum = c.iter().zip(WEIGHTS).try_fold(0, |sum, (&byte, weight)| {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'H' => byte - b'A' + 1,
            b'J'..=b'N' => byte - b'J' + 1,
            b'P' => 7,
            b'R' => 9,
            b'S'..=b'Z' => byte - b'S' + 2,
            _ => return None,
        };
        Some(sum + u32::from(value) * weight)
    });
    vin_shape(text) && sum.is_some_and(|sum| c[8] == b"0123456789X"[sum as usize % 11])
}

/// Vehicle identification number without regard to the check character, which Europe does not ask for: letters and digits
/// mixed, and digits in the last four places.
pub(super) fn vin_shape(text: &str) -> bool {
    characters::<17>(text).is_some_and(|c| {
        !c.iter().any(|byte| b"IOQ".contains(byte))
            && c[..8].iter().any(u8::is_ascii_uppercase)
            && c[13..].iter().all(u8::is_ascii_digit)
    })
}

/// Seconds or milliseconds since 1970 between the years 2010 and 2034, as time stamps are stored.
pub(super) fn epoch(text: &str) -> bool {
    text.parse::<u64>().is_ok_and(|value| {
        let seconds = match text.len() {
            10 => value,
            13 => value / 1_000,
            16 => value / 1_000_000,
            _ => return false,
        };
        (1_262_304_000..2_051_222_400).contains(&seconds)
    })
}

/// Subscriber identity IMSI (ITU-T E.212): a mobile country code and fifteen digits.
pub(super) fn imsi(text: &str) -> bool {
    exactly::<15>(text).is_some_and(|d| matches!(number(&d[..3]), 202..=750 | 901))
}

/// SIM card number ICCID (ITU-T E.118): telecommunications prefix 89, Luhn's formula over 19 or 20 digits.
pub(super) fn iccid(text: &str) -> bool {
    super::arithmetic::digits(text)
        .is_some_and(|d| matches!(d.len(), 19 | 20) && d[..2] == [8, 9] && luhn(&d))
}
