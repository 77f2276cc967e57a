//! The time of day beside a day: a point in time that is exactly midnight is its date.

/// What is left of a text without midnight and zone: what stands before them and what behind, which is the year in
/// `Wed Mar 10 00:00:00 CET 1971`. `None` where the time is another.
pub(super) fn without_midnight(text: &str) -> Option<[&str; 2]> {
    let Some(colon) = text.bytes().position(|byte| byte == b':') else {
        return Some([without_zone(without_basic_time(text)), ""]);
    };
    let before = text.get(..colon)?;
    let day = before.trim_end_matches(|c: char| c.is_ascii_digit());
    let (hour, rest) = text.get(day.len()..)?.split_at(before.len() - day.len());
    // The offset of a day without a time: `1971-03-23+01:00`.
    if let Some(day) = day.strip_suffix(['+', '-'])
        && is_offset(hour, rest)
    {
        return Some([day, ""]);
    }
    let end = rest.find(|c: char| !matches!(c, '0' | ':' | '.'));
    let (minutes, rest) = rest.split_at(end.unwrap_or(rest.len()));
    let is_cut = rest.starts_with(|c: char| c.is_ascii_digit());
    if is_cut || minutes.len() < ":00".len() || hour.is_empty() {
        return None;
    }
    let (rest, is_midnight) = match half(rest) {
        Some((is_morning, rest)) => (
            rest,
            is_morning && (hour == "12" || hour.bytes().all(|byte| byte == b'0')),
        ),
        None => (rest, hour.bytes().all(|byte| byte == b'0')),
    };
    let day = day.strip_suffix(['t', 'T', ' '])?;
    is_midnight
        .then(|| behind_zone(rest))
        .flatten()
        .map(|rest| [day, rest])
}

/// Whether this is `01:00`.
fn is_offset(hours: &str, rest: &str) -> bool {
    matches!((hours.len(), rest.as_bytes()), (2, [b':', a, b]) if a.is_ascii_digit() && b.is_ascii_digit())
}

/// Whether the half of the day is the first, and what stands behind it.
fn half(text: &str) -> Option<(bool, &str)> {
    let (half, rest) = text.trim_start().split_at_checked(2)?;
    let is = |name: &str| half.eq_ignore_ascii_case(name);
    (is("am") || is("pm")).then(|| (is("am"), rest))
}

/// What stands behind a zone: `z`, ` gmt+0100 (central european standard time)`, `+01:00`.
fn behind_zone(text: &str) -> Option<&str> {
    const LONGEST: usize = 5;
    let text = text.trim_start();
    let name = text
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let rest = text.get(name..)?;
    let offset = rest
        .strip_prefix(['+', '-'])
        .map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':'));
    let rest = offset.unwrap_or(rest).trim_start();
    let rest = match rest.split_once(')') {
        Some((_, behind)) if rest.starts_with('(') => behind,
        _ => rest,
    };
    (name <= LONGEST).then_some(rest)
}

/// A day without the letter of its zone: `1971-03-23z`.
fn without_zone(text: &str) -> &str {
    let day = text.strip_suffix(['z', 'Z']);
    day.filter(|day| day.ends_with(|c: char| c.is_ascii_digit()))
        .unwrap_or(text)
}

/// A day in the basic notation of ISO 8601 without its midnight: `19710311t000000z`.
fn without_basic_time(text: &str) -> &str {
    let Some((day, time)) = text.split_at_checked("19710311".len()) else {
        return text;
    };
    let zeros = |time: &str| {
        let rest = time.trim_start_matches('0');
        let rest = rest
            .strip_prefix('.')
            .unwrap_or(rest)
            .trim_start_matches('0');
        time.starts_with("0000") && behind_zone(rest) == Some("")
    };
    let is_day = day.bytes().all(|byte| byte.is_ascii_digit());
    let is_midnight = time.strip_prefix(['t', 'T']).is_some_and(zeros);
    if is_day && is_midnight { day } else { text }
}
