//! The clock of a request: facts that are stored, deadlines that are computed from them each time.

use std::sync::LazyLock;

use jiff::Timestamp;
use locard_deadline::{
    Deadline, Deadlines, Duty, Error, Event, Kind, Library, Request, Wait, What, Why,
};

use crate::code::{Code, Fault, Result};
use crate::record::ClockFacts;

/// What this program carries. A build whose packs cannot be read passes no test.
static BUILTIN: LazyLock<Result<Library, Error>> = LazyLock::new(Library::builtin);

/// The packs and calendars of this build.
pub(crate) fn builtin() -> Result<Library> {
    Ok(BUILTIN.clone()?)
}

/// Whose law rules, where, and since when.
pub(crate) struct Law<'a> {
    pub(crate) jurisdiction: &'a str,
    pub(crate) region: Option<&'a str>,
    pub(crate) zone: Option<&'a str>,
}

impl ClockFacts {
    /// Starts a clock, pinned to what it is computed with; and what a reader should look at again.
    pub(crate) fn start(
        library: &Library,
        kind: Kind,
        received: Timestamp,
        law: &Law<'_>,
    ) -> Result<(Self, Vec<String>)> {
        let (jurisdiction, warning) = meant(law.jurisdiction.trim())?;
        let request = |region: Option<&str>| Request {
            jurisdiction: jurisdiction.to_owned(),
            kind,
            received,
            zone: law.zone.map(str::to_owned),
            region: region.map(str::to_owned),
            pin: None,
        };
        let started = |region| {
            let clock = library.clock(request(region))?;
            let (pin, deadlines) = (clock.pin(), clock.deadlines()?);
            let request = Request {
                region: deadlines
                    .region
                    .clone()
                    .or_else(|| region.map(str::to_owned)),
                pin: Some(pin),
                ..request(region)
            };
            Ok::<_, Error>((request, deadlines))
        };
        let mut warnings: Vec<String> = warning.into_iter().collect();
        if let Some(zone) = law.zone
            && jiff::tz::TimeZone::get(zone).is_err()
        {
            let what = "there is no such time zone; one such as Europe/Berlin is wanted";
            return Err(Fault::field("timeZone", what));
        }
        let request = match started(law.region) {
            Ok((request, _)) => request,
            // Whose holidays count was not said: those under which the answer is due first, so that no date is too late.
            Err(Error::Region { known, .. }) if law.region.is_none() => {
                let regions = known.iter().filter_map(|region| started(Some(region)).ok());
                let first = regions.min_by_key(|(_, deadlines)| {
                    deadlines
                        .of(Duty::Answer)
                        .map(|answer| answer.statutory.due.until)
                });
                let (request, _) = first.ok_or_else(|| {
                    Fault::field("region", "where the controller must act is wanted")
                })?;
                let region = request.region.as_deref().unwrap_or_default();
                warnings.push(format!(
                    "it was not said where the controller must act, so the public holidays of {region} are taken, \
                    under which the date comes first; name it with --region, or as `region` in the interface, to count those that apply"
                ));
                request
            }
            Err(error) => return Err(error.into()),
        };
        let events = Vec::new();
        Ok((Self { request, events }, warnings))
    }

    /// All deadlines now known.
    pub(crate) fn deadlines(&self, library: &Library) -> Result<Deadlines> {
        self.deadlines_of(library, self.events.iter().cloned())
    }

    /// The deadlines of other events than those that happened.
    pub(crate) fn deadlines_of(
        &self,
        library: &Library,
        events: impl IntoIterator<Item = Event>,
    ) -> Result<Deadlines> {
        let clock = library.clock(self.request.clone())?;
        Ok(clock.with(events).deadlines()?)
    }

    /// Takes down what happened, unless that contradicts what did before, or would extend nothing.
    pub(crate) fn happened(&mut self, library: &Library, event: Event) -> Result<()> {
        let events = self.events.iter().cloned().chain([event.clone()]);
        let deadlines = self.deadlines_of(library, events)?;
        if matches!(event.what, What::Extended { .. }) {
            let each = deadlines.deadlines.iter();
            let mut ignored = each
                .flat_map(|deadline| &deadline.ignored)
                .chain(&deadlines.ignored);
            if let Some(ignored) = ignored.find(|ignored| ignored.event == event) {
                return Err(refused(ignored.why, answer(&deadlines)));
            }
        }
        self.events.push(event);
        Ok(())
    }

    /// Whether that is asked for and not given yet.
    pub(crate) fn is_waiting(&self, wait: Wait) -> bool {
        let mut events: Vec<&Event> = self.events.iter().collect();
        events.sort();
        events
            .into_iter()
            .fold(false, |waiting, event| match event.what {
                What::Asked { wait: asked } if asked == wait => true,
                What::Received { wait: given } if given == wait => false,
                _ => waiting,
            })
    }
}

/// Codes of other systems that are no codes of countries, or another country's: what is taken for them, and what a reader
/// should look at. Where both readings are possible the country is taken, whose period is the shorter one.
fn meant(code: &str) -> Result<(&str, Option<String>)> {
    let warned = |taken, warning: &str| Ok((taken, Some(warning.to_owned())));
    match code {
        "ca" => warned(
            code,
            "the jurisdiction `ca` is taken for Canada; if California is meant, name it `us-ca`",
        ),
        "co" => warned(
            code,
            "the jurisdiction `co` is taken for Colombia; if Colorado is meant, name it `us-co`",
        ),
        "va" => warned(
            "us-va",
            "the jurisdiction `va` is taken for Virginia, `us-va`",
        ),
        "us" | "US" => Err(Fault::new(
            Code::JurisdictionUnmapped,
            "the United States have no one law on requests of persons",
        )
        .hint("name the state, as us-ca, us-co or us-va, or the law, as us-hipaa")),
        "other" => Err(Fault::new(
            Code::JurisdictionUnmapped,
            "`other` names no law, and without one there is no deadline",
        )
        .hint("name the country, or register a policy pack of your own for it")),
        _ => Ok((code, None)),
    }
}

/// The deadline that a request is listed by: that of its answer.
pub(crate) fn answer(deadlines: &Deadlines) -> Option<&Deadline> {
    let by = |duty| deadlines.of(duty);
    by(Duty::Answer)
        .or_else(|| by(Duty::AnswerBriefly))
        .or(deadlines.deadlines.first())
}

/// Why an extension would change nothing.
fn refused(why: Why, answer: Option<&Deadline>) -> Fault {
    let (code, message) = match why {
        Why::NoReason => (
            Code::RationaleMissing,
            "the person must be told why it takes longer, and no reason is given",
        ),
        Why::TooLong => (Code::Invalid, "it is longer than the law allows"),
        Why::NoLength => (Code::Invalid, "the law names no length, so say by how much"),
        Why::OtherUnit => (Code::Invalid, "hours are added to days, or days to hours"),
        Why::Late => (
            Code::TransitionDisallowed,
            "the person was told after the time for it, so the date stays",
        ),
        Why::AfterEnd => (Code::TransitionDisallowed, "the period had ended"),
        Why::AfterDone => (Code::TransitionDisallowed, "the answer was given"),
        Why::NoExtension => (
            Code::TransitionDisallowed,
            "the law knows no extension of it",
        ),
        Why::TooOften => (
            Code::TransitionDisallowed,
            "it was extended as often as the law allows",
        ),
    };
    let fault = Fault::new(code, message);
    match answer.and_then(|answer| answer.extension) {
        Some(most) => fault.hint(format!("the law allows {most} at the most")),
        None => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(jurisdiction: &str, zone: Option<&str>) -> Result<(ClockFacts, Vec<String>)> {
        let law = Law {
            jurisdiction,
            region: None,
            zone,
        };
        let received = "2026-03-02T10:00:00Z".parse().unwrap();
        ClockFacts::start(&builtin().unwrap(), Kind::Access, received, &law)
    }

    #[test]
    fn codes_of_other_systems_are_taken_for_what_they_may_mean_and_that_is_told() {
        for (code, pack, other) in [
            ("ca", "ca", Some("us-ca")),
            ("co", "co", Some("us-co")),
            ("va", "us-va", Some("us-va")),
            ("us-ca", "us-ca", None),
            ("CA", "ca", None),
        ] {
            let (facts, warnings) = started(code, None).unwrap();
            assert_eq!(facts.request.pin.unwrap().pack, pack, "{code}");
            let told = warnings.join(" ");
            assert_eq!(
                other.is_some_and(|other| told.contains(other)),
                other.is_some(),
                "{told}"
            );
        }
        for none in ["us", "other"] {
            let fault = started(none, None).err().unwrap();
            assert_eq!(fault.code, Code::JurisdictionUnmapped);
            assert!(fault.hint.is_some());
        }
    }

    #[test]
    fn a_time_zone_that_does_not_exist_is_told_as_that() {
        for code in ["eu", "us-ca"] {
            let fault = started(code, Some("Mars/Olympus")).err().unwrap();
            assert!(fault.message.contains("time zone"), "{fault:?}");
            assert_eq!(fault.field.as_deref(), Some("timeZone"), "{fault:?}");
        }
    }
}
