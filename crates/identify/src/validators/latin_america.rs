//! Numbers of South and Central America.

use super::arithmetic::{characters, compact, digits, exactly, luhn, number, values_of, weighted};
use super::calendar::{dmy, two};

/// Check digit of the Brazilian registers: weights from 2 upwards from the right, at most up to `top`, modulo 11; a
/// remainder below 2 gives 0.
fn brazilian(values: &[u8], top: i32) -> u8 {
    let sum: i32 = values
        .iter()
        .rev()
        .zip((2..=top).cycle())
        .map(|(&value, weight)| i32::from(value) * weight)
        .sum();
    match sum % 11 {
        0 | 1 => 0,
        rest => (11 - rest) as u8,
    }
}

/// Whether the numbers is one digit again and again, as typed to fill a form; such numbers pass many sums.
fn repeated(digits: &[u8]) -> bool {
    digits.windows(2).all(|pair| pair[0] == pair[1])
}

/// Brazilian taxpayer number of a person (Receita Federal): two check digits modulo 11.
pub(super) fn br_cpf(text: &str) -> bool {
    exactly::<11>(text).is_some_and(|d| {
        !repeated(&d) && brazilian(&d[..9], 11) == d[9] && brazilian(&d[..10], 11) == d[10]
    })
}

/// Brazilian taxpayer number of a company (Receita Federal, normative instruction 2.229/2024): since 2026 its first twelve
/// places may be letters, which count as their ASCII code less 48.
pub(super) fn br_cnpj(text: &str) -> bool {
    let Some(mut c) = characters::<14>(text) else {
        return false;
    };
    let plain = c[12..].iter().all(u8::is_ascii_digit);
    for byte in &mut c {
        *byte -= b'0';
    }
    plain && !repeated(&c) && brazilian(&c[..12], 9) == c[12] && brazilian(&c[..13], 9) == c[13]
}

/// Brazilian identity card as the state of São Paulo numbers it (RG, Instituto de Identificação Ricardo Gumbleton Daunt):
/// weights 9 to 2, modulo 11, with check character 0-9 or X. Other states have numbers without a check.
pub(super) fn br_rg(text: &str) -> bool {
    let Some(mut c) = characters::<9>(text) else {
        return false;
    };
    let check = match c[8] {
        b'X' => 10,
        digit => i32::from(digit) - i32::from(b'0'),
    };
    super::arithmetic::values(&mut c[..8]).is_some()
        && !repeated(&c[..8])
        && weighted(&c[..8], &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 == check
}

/// Brazilian driving licence (CNH, Denatran): eleven digits with two check digits modulo 11.
pub(super) fn br_cnh(text: &str) -> bool {
    exactly::<11>(text).is_some_and(|d| {
        let first = weighted(&d, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11;
        let second = weighted(&d, &[1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11;
        let carry = if first >= 10 { 2 } else { 0 };
        let second = if second >= 10 {
            0
        } else {
            (second + 11 - carry) % 11
        };
        !repeated(&d)
            && i32::from(d[9]) == if first >= 10 { 0 } else { first }
            && i32::from(d[10]) == second % 10
    })
}

/// Brazilian social number (PIS, PASEP, NIS; Caixa Econômica Federal): weights 3, 2, 9 ... 2 modulo 11.
pub(super) fn br_pis(text: &str) -> bool {
    exactly::<11>(text).is_some_and(|d| !repeated(&d) && brazilian(&d[..10], 9) == d[10])
}

/// Argentine CUIT or CUIL (AFIP): prefix by kind of holder, weights 5 4 3 2 7 6 5 4 3 2 modulo 11; a result of
/// 10 is written 9.
pub(super) fn ar_cuit(text: &str) -> bool {
    cuit(text, &[20, 23, 24, 25, 26, 27])
}

/// The same number of a company: prefix 30, 33 or 34.
pub(super) fn ar_cuit_company(text: &str) -> bool {
    cuit(text, &[30, 33, 34])
}

fn cuit(text: &str, prefixes: &[u32]) -> bool {
    exactly::<11>(text).is_some_and(|d| {
        let rest = weighted(&d, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
        let check = if rest == 1 { 9 } else { (11 - rest) % 11 };
        prefixes.contains(&two(d[0], d[1])) && i32::from(d[10]) == check
    })
}

/// Argentine bank account (CBU, Banco Central): two blocks with check digits of weights 7 1 3 9 and 3 9 7 1.
pub(super) fn ar_cbu(text: &str) -> bool {
    let check = |block: &[u8]| {
        let (last, body) = block.split_last().unwrap_or((&0, &[]));
        let sum: i32 = body
            .iter()
            .rev()
            .zip([3, 1, 7, 9].iter().cycle())
            .map(|(&digit, weight)| i32::from(digit) * weight)
            .sum();
        (10 - sum % 10) % 10 == i32::from(*last)
    };
    exactly::<22>(text).is_some_and(|d| check(&d[..8]) && check(&d[8..]))
}

/// Chilean RUT or RUN (Servicio de Registro Civil): modulo 11 with check character 0-9 or K.
pub(super) fn cl_rut(text: &str) -> bool {
    let Some(c) = compact(text) else {
        return false;
    };
    let Some((&check, body)) = c.split_last() else {
        return false;
    };
    let mut body = body.to_owned();
    if !(6..=8).contains(&body.len()) || super::arithmetic::values(&mut body).is_none() {
        return false;
    }
    let sum: usize = body
        .iter()
        .rev()
        .zip((2..=7).cycle())
        .map(|(&digit, weight)| usize::from(digit) * weight)
        .sum();
    body.first() != Some(&0) && check == b"0K987654321"[sum % 11]
}

/// Colombian NIT (DIAN): weights 3 7 13 17 19 23 29 37 41 43 ... from the right, modulo 11.
pub(super) fn co_nit(text: &str) -> bool {
    const WEIGHTS: [i32; 15] = [3, 7, 13, 17, 19, 23, 29, 37, 41, 43, 47, 53, 59, 67, 71];
    digits(text).is_some_and(|d| {
        let Some((&check, body)) = d.split_last() else {
            return false;
        };
        let sum: i32 = body
            .iter()
            .rev()
            .zip(WEIGHTS)
            .map(|(&digit, weight)| i32::from(digit) * weight)
            .sum();
        let rest = sum % 11;
        (8..=15).contains(&body.len())
            && i32::from(check) == if rest < 2 { rest } else { 11 - rest }
    })
}

/// Ecuadorian identity number (Registro Civil): province 01-24 or 30, third digit at most 6, Luhn's formula.
pub(super) fn ec_ci(text: &str) -> bool {
    exactly::<10>(text)
        .is_some_and(|d| matches!(two(d[0], d[1]), 1..=24 | 30) && d[2] < 7 && luhn(&d))
}

/// Uruguayan identity number (Dirección Nacional de Identificación Civil): weights 2 9 8 7 6 3 4 modulo 10.
pub(super) fn uy_ci(text: &str) -> bool {
    digits(text).is_some_and(|d| {
        let mut padded = [0; 8];
        if !(7..=8).contains(&d.len()) {
            return false;
        }
        padded[8 - d.len()..].copy_from_slice(&d);
        weighted(&padded, &[2, 9, 8, 7, 6, 3, 4, 1]) % 10 == 0 && number(&padded) > 99_999
    })
}

/// Peruvian RUC (SUNAT): prefix 10, 15, 16, 17 for persons; weights 5 4 3 2 7 6 5 4 3 2 modulo 11.
pub(super) fn pe_ruc(text: &str) -> bool {
    ruc(text, &[10, 15, 16, 17])
}

/// The same number of a company: prefix 20.
pub(super) fn pe_ruc_company(text: &str) -> bool {
    ruc(text, &[20])
}

fn ruc(text: &str, prefixes: &[u32]) -> bool {
    exactly::<11>(text).is_some_and(|d| {
        let rest = weighted(&d, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
        prefixes.contains(&two(d[0], d[1])) && i32::from(d[10]) == (11 - rest) % 10
    })
}

/// Dominican identity number (Junta Central Electoral): Luhn's formula over eleven digits.
pub(super) fn do_cedula(text: &str) -> bool {
    exactly::<11>(text).is_some_and(|d| !repeated(&d) && luhn(&d))
}

/// Guatemalan CUI (RENAP): eight digits, a check digit modulo 11, department 01-22 and municipality.
pub(super) fn gt_cui(text: &str) -> bool {
    exactly::<13>(text).is_some_and(|d| {
        let check = weighted(&d, &[2, 3, 4, 5, 6, 7, 8, 9]) % 11;
        i32::from(d[8]) == check
            && matches!(two(d[9], d[10]), 1..=22)
            && matches!(two(d[11], d[12]), 1..=33)
    })
}

/// Venezuelan RIF of a person (SENIAT): V or E, eight digits, check digit modulo 11.
pub(super) fn ve_rif(text: &str) -> bool {
    let Some(c) = characters::<10>(text) else {
        return false;
    };
    let Some(d) = values_of::<9>(&c[1..]) else {
        return false;
    };
    let kind = match c[0] {
        b'V' => 4,
        b'E' => 8,
        _ => return false,
    };
    let rest = (kind + weighted(&d, &[3, 2, 7, 6, 5, 4, 3, 2])) % 11;
    i32::from(d[8]) == if rest < 2 { 0 } else { 11 - rest }
}

/// Salvadoran identity document DUI (Registro Nacional de las Personas Naturales): weights 9 to 2, modulo 10.
pub(super) fn sv_dui(text: &str) -> bool {
    exactly::<9>(text).is_some_and(|d| {
        let sum = weighted(&d, &[9, 8, 7, 6, 5, 4, 3, 2]);
        !repeated(&d) && (10 - sum % 10) % 10 == i32::from(d[8])
    })
}

/// Nicaraguan identity card (Consejo Supremo Electoral): municipality, birth date, serial, and a letter for the remainder
/// modulo 23 of the thirteen digits.
pub(super) fn ni_cedula(text: &str) -> bool {
    let Some(c) = characters::<14>(text) else {
        return false;
    };
    values_of::<13>(&c[..13]).is_some_and(|d| {
        let letters = b"ABCDEFGHJKLMNPQRSTUVWXY";
        dmy(&d[3..]) && letters[(number(&d) % 23) as usize] == c[13]
    })
}

/// Brazilian voter's number (Tribunal Superior Eleitoral, resolution 21.538): serial, state 01-28, two check digits modulo
/// 11; in São Paulo and Minas Gerais a remainder of 0 is written 1.
pub(super) fn br_voter(text: &str) -> bool {
    exactly::<12>(text).is_some_and(|d| {
        let state = two(d[8], d[9]);
        let digit = |sum: i32| match sum % 11 {
            10 => 0,
            0 if state <= 2 => 1,
            rest => rest,
        };
        let first = digit(weighted(&d, &[2, 3, 4, 5, 6, 7, 8, 9]));
        let second = digit(weighted(&d[8..10], &[7, 8]) + 9 * first);
        (1..=28).contains(&state)
            && !repeated(&d[..8])
            && i32::from(d[10]) == first
            && i32::from(d[11]) == second
    })
}

/// Brazilian national health card CNS (Ministério da Saúde): weights 15 to 1 give a multiple of 11; begins with 1 or 2
/// for good, with 7, 8 or 9 for the time being.
pub(super) fn br_cns(text: &str) -> bool {
    const WEIGHTS: [i32; 15] = [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1];
    exactly::<15>(text).is_some_and(|d| {
        matches!(d[0], 1 | 2 | 7..=9) && !repeated(&d) && weighted(&d, &WEIGHTS) % 11 == 0
    })
}
