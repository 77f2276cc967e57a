//! Times: seconds since 2015, as the clock on the writer's wall showed it.

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;

/// Where a file was written.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    rules: TimeZone,
    /// What the seconds count from, as an instant.
    epoch: i64,
    /// Seconds from the world's clock to the wall's, where these never change.
    fixed: Option<i64>,
}

impl Zone {
    pub(super) fn utc() -> Self {
        Self::of(TimeZone::UTC)
    }

    /// The zone of that name; one that nobody knows is taken for UTC.
    pub(super) fn named(name: &str) -> Self {
        Self::of(TimeZone::get(name).unwrap_or(TimeZone::UTC))
    }

    fn of(zone: TimeZone) -> Self {
        let epoch = zone.to_timestamp(date(2015, 1, 1).at(0, 0, 0, 0));
        let fixed = zone.to_fixed_offset().ok();
        Self {
            rules: zone,
            epoch: epoch.map_or(0, Timestamp::as_second),
            fixed: fixed.map(|offset| i64::from(offset.seconds())),
        }
    }

    /// Microseconds on the wall since 1970. `nanos` has its zeros at the end left out, and their number in its last bits;
    /// some writers count them backwards from the second that follows, below zero.
    pub(super) fn microseconds(&self, seconds: i64, nanos: i64) -> Option<i64> {
        let zeros = (nanos & 7) as u32;
        let power = if zeros == 0 { 1 } else { 10_i64.pow(zeros + 1) };
        let nanos = (nanos >> 3)
            .checked_mul(power)
            .filter(|nanos| nanos.unsigned_abs() < 1_000_000_000)?;
        let mut instant = self.epoch.checked_add(seconds)?;
        // Before 1970 the seconds were cut towards it.
        if instant < 0 && nanos > 999_999 {
            instant -= 1;
        }
        let offset = self.fixed.unwrap_or_else(|| {
            let moment = Timestamp::from_second(instant).unwrap_or(Timestamp::UNIX_EPOCH);
            i64::from(self.rules.to_offset(moment).seconds())
        });
        let micros = instant.checked_add(offset)?.checked_mul(1_000_000)?;
        micros.checked_add(nanos.div_euclid(1_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_since_2015_become_the_wall_s_time() {
        let utc = Zone::utc();
        assert_eq!(utc.microseconds(0, 0), Some(1_420_070_400_000_000));
        // 5 with seven zeros and one more: half a second... and one microsecond.
        assert_eq!(utc.microseconds(0, 5 << 3 | 7), Some(1_420_070_400_500_000));
        assert_eq!(utc.microseconds(0, 1_000 << 3), Some(1_420_070_400_000_001));
        // A second before 1970, cut towards it: what is left points forward.
        assert_eq!(
            utc.microseconds(-1_420_070_400 - 1, 5 << 3 | 7),
            Some(-1_500_000)
        );
    }

    #[test]
    fn a_part_of_a_second_may_be_below_zero() {
        let utc = Zone::utc();
        // As Arrow writes 1960-01-01T12:00:00.123.
        assert_eq!(
            utc.microseconds(-1_735_646_399, -877 << 3 | 5),
            Some(-315_575_999_877_000)
        );
    }

    #[test]
    fn summer_in_the_writer_s_zone_counts() {
        let berlin = Zone::named("Europe/Berlin");
        assert_eq!(berlin.microseconds(0, 0), Some(1_420_070_400_000_000));
        // Half a year later, to the second, the wall shows one hour more.
        let half = 181 * 86_400;
        let wall = (1_420_070_400 + half + 3_600) * 1_000_000;
        assert_eq!(berlin.microseconds(half, 0), Some(wall));
    }

    #[test]
    fn what_no_clock_shows_is_no_time() {
        let utc = Zone::utc();
        assert_eq!(utc.microseconds(i64::MAX, 0), None);
        assert_eq!(utc.microseconds(0, i64::MAX), None);
        assert_eq!(utc.microseconds(0, i64::MIN), None);
    }
}
