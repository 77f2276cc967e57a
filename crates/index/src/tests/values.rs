//! Numbers, ids, addresses and dates, in any notation.

use super::*;

#[test]
fn a_telephone_number_is_found_in_any_format() {
    let phone = [("PHONE_NUMBER", "+49 30 12345678")];
    found(
        &phone,
        &[
            "+493012345678",
            "0049 30 12345678",
            "030/123 456 78",
            "(030) 12345678",
            "+49 (0)30 1234-5678",
            "493012345678.0",
            "Tel. 030 12345678, abends",
            "tel:+493012345678",
            "call 030 12345678x12 now",
            "３０１２３４５６７８",
        ],
    );
    strangers(
        &phone,
        &[
            "+33 1 12345678",
            "030 12345679",
            "2012345678",
            "Tel. 089 12345678",
        ],
    );
}

#[test]
fn ids_are_found_with_and_without_their_separators() {
    found(
        &[("US_SSN", "118-29-3122")],
        &[
            "118293122",
            "118 29 3122",
            "SSN: 118-29-3122.",
            "ssn=118293122",
            "id 118 29 3122",
        ],
    );
    found(&[("US_SSN", "012345678")], &["012-34-5678", "12345678"]);
    found(
        &[("IBAN_CODE", "DE44500105175407324931")],
        &[
            "DE44 5001 0517 5407 3249 31",
            "de44500105175407324931",
            "pay to DE44 5001 0517 5407 3249 31 please",
            "IBAN:DE44500105175407324931",
        ],
    );
    found(
        &[("CH_AHV", "756.7584.0208.22")],
        &["7567584020822", "756.7584.0208.22"],
    );
    found(&[("UK_NINO", "AB123456C")], &["AB 12 34 56 C", "ab123456c"]);
    strangers(
        &[("US_SSN", "118-29-3122")],
        &["118-29-3123", "1182931220", "x118293122y"],
    );
}

#[test]
fn an_e_mail_address_is_found_inside_text() {
    found(
        &[("EMAIL_ADDRESS", "B.Frank@Example.org")],
        &[
            "b.frank@example.org",
            "Brian <b.frank@example.org>;",
            "mailto:b.frank@example.org",
            "see b.frank@example.org.",
            "?mail=b.frank@example.org&x=1",
        ],
    );
    strangers(
        &[("EMAIL_ADDRESS", "frank@example.org")],
        &[
            "b.frank@example.org",
            "frank@example.org.uk",
            "frankexampleorg",
        ],
    );
}

#[test]
fn a_date_is_found_in_any_notation() {
    found(
        &[("DATE_OF_BIRTH", "1980-05-04")],
        &[
            "1980-05-04",
            "04.05.1980",
            "5/4/1980",
            "4 May 1980",
            "1980-05-04T00:00:00",
            "19800504",
            "born 04.05.1980 in Rome",
        ],
    );
    strangers(
        &[("DATE_OF_BIRTH", "1980-05-04")],
        &["1980-05-05", "1980-05-04T10:00:00"],
    );
}

#[test]
fn a_short_id_needs_a_column_that_is_called_like_it() {
    let query = compile(&[("CUSTOMER_ID", "42")]);
    assert_eq!(check(&query, &[("quantity", "42")]), []);
    assert_eq!(check(&query, &[("customer_id", "42")]).len(), 1);
    assert_eq!(check(&query, &[("CustomerNo", "0042")]).len(), 1);
    assert!(ask(&query, &[("quantity", &["42"])]).is_empty());
    assert_eq!(
        check(
            &compile(&[("CUSTOMER_ID", "C-10042")]),
            &[("ref", "c10042")]
        )
        .len(),
        1
    );
}

#[test]
fn two_short_ids_of_one_value_are_each_looked_for_under_their_own_name() {
    let query = compile(&[("CUSTOMER_ID", "4711"), ("EMPLOYEE_ID", "4711")]);
    for (column, attribute) in [("customer_id", 0), ("employee_id", 1)] {
        let candidates = ask(&query, &[(column, &["4711"])]);
        assert_eq!(candidates.len(), 1, "{column}");
        assert_eq!(candidates[0].attributes, [attribute], "{column}");
        let hits = check(&query, &[(column, "4711")]);
        let agreed: Vec<_> = hits.into_iter().map(|hit| hit.attributes).collect();
        assert_eq!(agreed, [[attribute]], "{column}");
    }
}
